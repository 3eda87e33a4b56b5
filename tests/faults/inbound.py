"""Texts from people: five copies at once, forged ones, and those that came while we were down."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
from sqlmodel import col, select, text

from schedules.jobs import run_all
from service.inbox.tables import Inbound
from service.outbox.tables import Delivery
from service.people.tables import Consent, Person
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader
from tests.faults import tweaks
from tests.faults.grounds import Grounds, Stage
from tests.faults.judge import drain
from tests.faults.parts import until
from tests.faults.people import number, seed
from tests.faults.report import Found, Trial, fault
from tests.faults.seats import sign, signed_form

COPIES = 5
OUTAGE = timedelta(minutes=15)


@fault("an inbound text, five copies at once", short=("postgresql",))
def five_copies(grounds: Grounds, trial: Trial) -> Found:
    people = trial.size(20, 300)
    with grounds.stage(trial.database) as stage:
        seed(stage.wiring, people)
        stage.parts.start("web")
        return _send_copies(stage, people)


@fault("the same, message ids not unique", databases=("postgresql",), is_control=True)
def five_copies_without_index(grounds: Grounds, trial: Trial) -> Found:
    people = trial.size(20, 300)
    with grounds.stage(trial.database) as stage:
        seed(stage.wiring, people)
        with stage.wiring.database.write() as session:
            session.execute(text("alter table inbound drop constraint uq_inbound_message_sid"))
        stage.parts.start("web")
        return _send_copies(stage, people)


def _send_copies(stage: Stage, people: int) -> Found:
    url = f"{stage.environment['ACOMPANA_PUBLIC_URL']}/webhooks/twilio/inbound"
    with (
        httpx.Client(timeout=60, trust_env=False) as http,
        ThreadPoolExecutor(COPIES) as pool,
    ):
        for place in range(people):
            form = signed_form(number(place), "AREA 01103")
            headers = {"X-Twilio-Signature": sign(url, form)}

            def post(_: int, form: dict[str, str] = form, headers: dict[str, str] = headers) -> int:
                return http.post(url, data=form, headers=headers).status_code

            statuses = list(pool.map(post, range(COPIES)))
            assert set(statuses) == {200}, statuses
    found = _count_effects(stage, {number(place): 1 for place in range(people)})
    found.trials = people
    return found


def _count_effects(stage: Stage, texts: dict[str, int]) -> Found:
    """Each text has one row and, unless it was the carrier's to answer, one answer."""
    reader = Reader(stage.wiring.keyring, SYSTEM)
    with stage.wiring.database.read() as session:
        rows = session.exec(
            select(Person, Inbound).join(Inbound, col(Inbound.person_id) == Person.id)
        ).all()
        answers = session.exec(
            select(Person, Delivery)
            .join(Delivery, col(Delivery.person_id) == Person.id)
            .where(col(Delivery.once_key).startswith("answer:"))
        ).all()
    came = Counter(reader.show(person.sealed_phone()) for person, _ in rows)
    answered = Counter(reader.show(person.sealed_phone()) for person, _ in answers)
    found = Found(sum(texts.values()))
    for phone, wanted in texts.items():
        for what, count in (("rows", came[phone]), ("answers", answered[phone])):
            found.lost += max(0, wanted - count)
            found.twice += max(0, count - wanted)
            if count != wanted:
                found.problems.append(f"{phone}: {count} {what}, {wanted} expected")
    return found


@fault("webhooks that the carrier has not signed", short=("sqlite",))
def forged(grounds: Grounds, trial: Trial) -> Found:
    return _forge(grounds, trial, is_checked=True)


@fault("the same, signatures not checked", databases=("sqlite",), is_control=True)
def forged_unchecked(grounds: Grounds, trial: Trial) -> Found:
    return _forge(grounds, trial, is_checked=False)


def _forge(grounds: Grounds, trial: Trial, *, is_checked: bool) -> Found:
    """Somebody who knows our address opts everybody out, or tries to. Lost: consents."""
    people = trial.size(10, 100)
    with grounds.stage(trial.database) as stage:
        seed(stage.wiring, people)
        stage.parts.start("web", None if is_checked else tweaks.no_signatures)
        url = f"{stage.environment['ACOMPANA_PUBLIC_URL']}/webhooks/twilio/inbound"
        with httpx.Client(timeout=60, trust_env=False) as http:
            for place in range(people):
                form = signed_form(number(place), "STOP")
                forged_ = sign(url.replace("http", "https"), form)
                http.post(url, data=form, headers={"X-Twilio-Signature": forged_})
        with stage.wiring.database.read() as session:
            gone = session.exec(select(Person).where(Person.consent == Consent.OPTED_OUT)).all()
    return Found(people, lost=len(gone))


@fault("down for 15 minutes while people text in", short=("sqlite",))
def recovered(grounds: Grounds, trial: Trial) -> Found:
    """Nobody hears the webhooks; afterwards each text is found once, in each person's order."""
    texts, people = trial.size(50, 500), trial.size(10, 100)
    dice = trial.dice()
    with grounds.stage(trial.database) as stage:
        seed(stage.wiring, people)
        _mark_cursor(stage)
        wanted: Counter[str] = Counter()
        said: dict[str, list[str]] = {}
        for turn in range(texts):
            phone = number(dice.randrange(people))
            body = f"AREA {dice.randrange(10000, 99999)}"
            stage.sandbox.advance(OUTAGE.total_seconds() / texts)
            assert stage.sandbox.text(phone, body)["webhook"] != 200, turn
            wanted[phone] += 1
            said.setdefault(phone, []).append(body.split()[1])
        stage.sandbox.advance(60)
        stage.parts.start("run")
        for _ in until("all missed texts are taken in", seconds=300):
            if _rows(stage) >= texts:
                break
        drain(stage, moves_clock=False)
        found = _count_effects(stage, dict(wanted))
        _check_order(stage, said, found)
    return found


def _mark_cursor(stage: Stage) -> None:
    """Note that the carrier's record was read until now, as the clock does every half minute."""
    run_all(stage.wiring, now=stage.wiring.clock.now())


def _rows(stage: Stage) -> int:
    with stage.wiring.database.read() as session:
        done = select(Inbound.id).where(col(Inbound.done_at).is_not(None))
        return len(session.exec(done).all())


def _check_order(stage: Stage, said: dict[str, list[str]], found: Found) -> None:
    """What somebody said last is what holds."""
    reader = Reader(stage.wiring.keyring, SYSTEM)
    with stage.wiring.database.read() as session:
        for person in session.exec(select(Person)).all():
            words = said.get(reader.show(person.sealed_phone()))
            if words and person.area != words[-1]:
                found.lost += 1
                found.problems.append(f"area is {person.area}, last said {words[-1]}")
