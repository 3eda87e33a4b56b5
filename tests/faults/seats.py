"""The last seat: many say yes at once, over the same sockets as the carrier's webhooks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import httpx
from sqlmodel import select
from twilio.request_validator import RequestValidator

from service.chapters.tables import Chapter
from service.checkins.approve import Approval, approve
from service.checkins.register import Registration, register
from service.db import new_id
from service.people.register import Card
from service.privacy.policy import SYSTEM
from service.rsvps.ask import open_asks
from service.rsvps.close import close_event
from service.rsvps.tables import Rsvp, RsvpState, Seat, SeatRole
from tests.factories import make_office
from tests.faults import tweaks
from tests.faults.grounds import Grounds, Stage
from tests.faults.parts import Tweak
from tests.faults.people import add_people, number, seed
from tests.faults.report import Found, Trial, fault
from tests.sandbox.driver import ACCOUNT, OURS, TOKEN

FAMILY = 60_000  # the place of the family's number
AT_ONCE = 50


@fault("the last seat, everybody at once", short=("postgresql",))
def last_seat(grounds: Grounds, trial: Trial) -> Found:
    return _last_seat(grounds, trial, None)


@fault("the same, looked at and then taken", databases=("postgresql",), is_control=True)
def last_seat_looked_at(grounds: Grounds, trial: Trial) -> Found:
    return _last_seat(grounds, trial, tweaks.look_then_take)


def _last_seat(grounds: Grounds, trial: Trial, tweak: Tweak | None) -> Found:
    people, rounds = trial.size(60, 200), trial.size(2, 100)
    found = Found(0)
    with grounds.stage(trial.database) as stage:
        chapter = seed(stage.wiring, 0)
        asked = add_people(stage.wiring, chapter, people)
        stage.parts.start("web", tweak)
        for place in range(rounds):
            subject = one_seat(stage, chapter, place)
            ask(stage, asked, subject)
            say_at_once(stage, people, "Y")
            _judge(stage, subject, people, found)
            close(stage, subject)
    return found


def one_seat(stage: Stage, chapter: Chapter, place: int) -> str:
    """Make a check-in with one place and return its subject."""
    now = stage.wiring.clock.now()
    with stage.wiring.database.write() as session:
        office = make_office(session, chapter, name=f"Office {place}")
        told = Registration(
            Card(number(FAMILY + place), "Azucena", "es"), office.id, now + timedelta(days=9), "web"
        )
        made = register(session, stage.wiring.outbox, chapter, told, now=now)
        approval = Approval({SeatRole.ACCOMPANIER: 1}, agreed_to_texts=True)
        approve(session, stage.wiring.outbox, made, approval, by=SYSTEM, now=now)
        return made.subject


def ask(stage: Stage, people: list[UUID], subject: str) -> None:
    """Ask these people to come; the asks are open, whatever became of the texts."""
    now = stage.wiring.clock.now()
    with stage.wiring.database.write() as session:
        open_asks(session, people, subject, now=now, expires_at=now + timedelta(days=8))


def close(stage: Stage, subject: str) -> None:
    """Close the asks, so that the next round's is the only one."""
    with stage.wiring.database.write() as session:
        close_event(session, subject, reason="over", now=stage.wiring.clock.now())


def say_at_once(stage: Stage, people: int, body: str) -> list[int]:
    """Let the first `people` text us the same words at once; return the answers' statuses."""
    url = f"{stage.environment['ACOMPANA_PUBLIC_URL']}/webhooks/twilio/inbound"
    limits = httpx.Limits(max_connections=people)
    with httpx.Client(timeout=120, limits=limits, trust_env=False) as http:

        def say(place: int) -> int:
            form = signed_form(number(place), body)
            headers = {"X-Twilio-Signature": sign(url, form)}
            return http.post(url, data=form, headers=headers).status_code

        with ThreadPoolExecutor(min(people, AT_ONCE)) as pool:
            return list(pool.map(say, range(people)))


def signed_form(sender: str, body: str, sid: str | None = None) -> dict[str, str]:
    """Return the form of an inbound text."""
    return {
        "AccountSid": ACCOUNT, "MessageSid": sid or f"SM{new_id().hex}", "From": sender,
        "To": OURS, "Body": body, "NumMedia": "0",
    }  # fmt: skip


def sign(url: str, form: dict[str, str]) -> str:
    """Return the carrier's signature of a form."""
    return str(RequestValidator(TOKEN).compute_signature(url, form))


def _judge(stage: Stage, subject: str, people: int, found: Found) -> None:
    """Exactly one yes, everybody else on the waiting list, and the seat says so."""
    with stage.wiring.database.read() as session:
        states = session.exec(select(Rsvp.state).where(Rsvp.subject == subject)).all()
        taken = session.exec(select(Seat.taken).where(Seat.subject == subject)).one()
    yes, standby = states.count(RsvpState.YES), states.count(RsvpState.STANDBY)
    found.trials += 1
    found.twice += max(0, yes - 1)
    found.lost += people - yes - standby + (1 - min(1, yes))
    if (yes, standby, taken) != (1, people - 1, 1):
        found.problems.append(f"{yes} yes, {standby} standby, {taken} taken of 1")
