"""STOP at any instant of a message: once it is confirmed, no request to that person begins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial

from sqlmodel import func, select

from service.outbox.tables import Delivery, State
from tests.faults import tweaks
from tests.faults.grounds import Grounds, Stage
from tests.faults.judge import drain, judge
from tests.faults.parts import Tweak, until
from tests.faults.people import blast, number, seed
from tests.faults.report import Found, Trial, fault

WORDS = ("STOP", "ya no me manden mensajes")  # the carrier's own, and one that it doesn't know
TEXTING_AT_ONCE = 8
SCALE = 0.8  # of the protocol's delays: a claim is written within 1.6 s
LINGERS_SECONDS = 0.6  # long enough for an opt-out to be answered meanwhile


@fault("STOP at any instant of a message", short=("postgresql",))
def stop_any_time(grounds: Grounds, trial: Trial) -> Found:
    return _try(grounds, trial)


@fault("the same, confirmed without waiting", databases=("sqlite",), is_control=True)
def stop_without_waiting(grounds: Grounds, trial: Trial) -> Found:
    return _try(grounds, trial, web=tweaks.no_waiting_before_the_answer)


@fault("the same, consent not looked at again", databases=("sqlite",), is_control=True, short=())
def stop_without_second_look(grounds: Grounds, trial: Trial) -> Found:
    return _try(grounds, trial, web=tweaks.no_withdrawal, worker=tweaks.no_second_look_at_consent)


def _try(
    grounds: Grounds, trial: Trial, *, web: Tweak | None = None, worker: Tweak | None = None
) -> Found:
    people, leave = trial.size(160, 10_000), trial.size(24, 3_333)
    dice = trial.dice()
    slow = partial(tweaks.dawdle, LINGERS_SECONDS)
    with grounds.stage(trial.database, ACOMPANA_PROTOCOL_SCALE=str(SCALE)) as stage:
        chapter = seed(stage.wiring, people)
        stage.parts.start("web", web)
        blast(stage.wiring, chapter, "first call")
        for _ in range(1 if trial.database == "sqlite" else 2):
            stage.parts.start("worker", partial(tweaks.both, slow, worker) if worker else slow)
        leaving = sorted(dice.sample(range(people), leave))
        with ThreadPoolExecutor(TEXTING_AT_ONCE) as pool:
            said = []
            for place in leaving:
                _wait_for_turn(stage, place - dice.randint(-5, 45))
                said.append(pool.submit(_leave, stage, place))
            for one in said:
                one.result()
        drain(stage)
        gone = frozenset(number(place) for place in leaving)
        verdict = judge(stage, excused=gone)
        late = _begun_after(stage, gone)
    found = Found.by(verdict, len(leaving))
    found.twice += len(late)
    found.problems += late[:5]
    return found


def _wait_for_turn(stage: Stage, place: int) -> None:
    """Wait until the message is through with about so many people: the next to go is this one's."""
    for _ in until("the message gets that far", pause=0.02):
        with stage.wiring.database.read() as session:
            through = session.exec(
                select(func.count()).select_from(Delivery).where(Delivery.state != State.PLANNED)
            ).one()
            waiting = session.exec(
                select(Delivery.id).where(Delivery.state == State.PLANNED).limit(1)
            ).first()
        if through >= place or waiting is None:
            return


def _leave(stage: Stage, place: int) -> None:
    answer = stage.sandbox.text(number(place), WORDS[place % 2])
    if answer["webhook"] != 200:
        raise AssertionError(answer)


def _begun_after(stage: Stage, gone: frozenset[str]) -> list[str]:
    """Return the requests of the message to people who had been told that they get no more."""
    told: dict[str, datetime] = {}
    for entry in stage.sandbox.ledger("inbound-posted"):
        told[entry["from"]] = datetime.fromisoformat(entry["at"])
    late = []
    for entry in stage.sandbox.ledger("created,refused"):
        began = datetime.fromisoformat(entry["arrived_at"])
        if entry["to"] in gone and "first call" in entry["body"] and began > told[entry["to"]]:
            late.append(f"{entry['to']}: a request {(began - told[entry['to']])} after the 200")
    return late
