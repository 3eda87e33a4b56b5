"""The carrier in trouble: too fast, says 500, or answers late, for 30 % of what it is asked."""

from __future__ import annotations

import asyncio
import dataclasses
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import select

from service.chapters.tables import Chapter, Sender
from service.db import new_id
from service.outbox import pace
from service.outbox.deliver import Worker
from service.outbox.tables import Delivery, Pace, State
from service.sms.carrier import Accepted, Carrier, Outcome, OutgoingText, TooFast
from service.wiring import make_parts
from tests.factories import StillClock
from tests.faults import tweaks
from tests.faults.grounds import SCALE, STARTS, Grounds, Stage
from tests.faults.judge import drain, judge
from tests.faults.parts import Tweak
from tests.faults.people import blast, seed
from tests.faults.report import Found, Trial, fault

SHARE = 0.3
RATE = 10.0  # segments a second
TURN_SECONDS = 0.05
LEAST_SHARE = 0.8
LEAST_SHARE_SHORT = 0.6  # of half a minute, in which chance weighs more
RECOVERED_WITHIN_SECONDS = 180


@fault("30 % of requests answered 429; the pace recovers", short=("sqlite",))
def too_fast(grounds: Grounds, trial: Trial) -> Found:
    return _pace(grounds, trial, believes=False)


@fault("the same, 429 taken for accepted", databases=("sqlite",), is_control=True)
def too_fast_believed(grounds: Grounds, trial: Trial) -> Found:
    return _pace(grounds, trial, believes=True)


def _pace(grounds: Grounds, trial: Trial, *, believes: bool) -> Found:
    """One worker, turn by turn on a clock of its own; the requests and their answers are real.

    Told: which share of what the sender is allowed was accepted while the carrier complained, and
    how long the full rate took to come back once it did not.
    """
    seconds = trial.size(30, 20 * 60)
    with grounds.stage(trial.database) as stage:
        chapter = seed(stage.wiring, int(seconds * RATE), rate=RATE)
        blast(stage.wiring, chapter, "first call")
        stage.faults(trial.seed, {"fault": "429", "share": SHARE})
        paced = asyncio.run(_send(stage, chapter, seconds, believes=believes))
        found = Found.by(judge(stage), paced.complaints)
    used = (paced.asked - paced.complaints) / (paced.seconds * RATE)
    found.notes.append(
        f"{used:.0%} of the full rate was accepted meanwhile; back at the full rate after "
        f"{paced.recovered_in:.0f} s"
    )
    least = LEAST_SHARE if trial.whole else LEAST_SHARE_SHORT
    if not believes and used < least:
        found.lose(f"only {used:.0%} of what the sender is allowed was accepted")
    if not believes and paced.recovered_in > RECOVERED_WITHIN_SECONDS:
        found.lose(f"not at the full rate again after {paced.recovered_in:.0f} s")
    return found


@dataclass
class Paced:
    """How a worker used its allowance. Segments; each text is one."""

    complaints: int = 0
    asked: int = 0
    seconds: float = 0.0
    recovered_in: float = 0.0


class Counting:
    """A carrier line that counts, and that may take "too fast" for "accepted"."""

    def __init__(self, inner: Carrier, paced: Paced, *, believes: bool) -> None:
        self._inner, self._paced, self._believes = inner, paced, believes

    async def send(self, text: OutgoingText, *, deadline: float) -> Outcome:
        outcome = await self._inner.send(text, deadline=deadline)
        self._paced.asked += 1
        if isinstance(outcome, TooFast):
            self._paced.complaints += 1
            if self._believes:
                return Accepted(f"SM{new_id().hex}")
        return outcome

    async def close(self) -> None:
        await self._inner.close()


async def _send(stage: Stage, chapter: Chapter, seconds: int, *, believes: bool) -> Paced:
    clock, paced = StillClock(STARTS), Paced()
    parts = make_parts(stage.wiring)
    line = Counting(parts.carrier, paced, believes=believes)
    worker = Worker(dataclasses.replace(parts, clock=clock, carrier=line))
    try:
        ends_at = clock.tick(seconds=seconds)
        clock.at = STARTS
        while clock.at < ends_at and _is_waiting(stage):
            await worker.drain_once()
            clock.tick(seconds=TURN_SECONDS)
        paced.seconds = (clock.at - STARTS).total_seconds()
        stage.faults(0)
        counted = paced.asked
        await _recover(stage, chapter, worker, clock, paced)
        paced.asked = counted
    finally:
        await line.close()
    return paced


async def _recover(
    stage: Stage, chapter: Chapter, worker: Worker, clock: StillClock, paced: Paced
) -> None:
    """Send on until the pace is whole again; then send the rest at once."""
    healed_at = clock.at
    while _rate(stage, chapter, clock.at) < RATE:
        await worker.drain_once()
        clock.tick(seconds=1)
    paced.recovered_in = (clock.at - healed_at).total_seconds()
    with stage.wiring.database.write() as session:
        for sender in session.exec(select(Sender)).all():
            sender.segments_per_second = 0
            session.add(sender)
    while _is_waiting(stage):
        await worker.drain_once()
        clock.tick(seconds=20)


def _is_waiting(stage: Stage) -> bool:
    with stage.wiring.database.read() as session:
        waiting = select(Delivery.id).where(Delivery.state == State.PLANNED).limit(1)
        return session.exec(waiting).first() is not None


def _rate(stage: Stage, chapter: Chapter, now: datetime) -> float:
    """Return what the sender is allowed now, in segments a second."""
    with stage.wiring.database.read() as session:
        sender = session.exec(select(Sender).where(Sender.chapter_id == chapter.id)).one()
        row = session.get(Pace, sender.id)
        return RATE if row is None else pace._rate(row, sender, now)


# --- 500 and late answers ------------------------------------------------------------------------

TROUBLES: dict[str, tuple[dict[str, object], ...]] = {
    "500": (
        {"fault": "refuse-then-500", "share": SHARE / 2},
        {"fault": "accept-then-500", "share": SHARE / 2},
    ),
    "slow": (
        {"fault": "slow-then-accept", "share": SHARE, "seconds": 1, "seconds_to": 20 * SCALE},
    ),
}


@fault("30 % of requests answered 500", short=("postgresql",))
def server_errors(grounds: Grounds, trial: Trial) -> Found:
    return _trouble(grounds, trial, "500")


@fault("the same, sent again blindly", databases=("sqlite",), is_control=True)
def server_errors_resent(grounds: Grounds, trial: Trial) -> Found:
    return _trouble(grounds, trial, "500", tweaks.blind_retry)


@fault("30 % of requests answered late, or too late", short=("sqlite",))
def slow_answers(grounds: Grounds, trial: Trial) -> Found:
    return _trouble(grounds, trial, "slow")


@fault("the same, late ones sent again blindly", databases=("sqlite",), is_control=True, short=())
def slow_answers_resent(grounds: Grounds, trial: Trial) -> Found:
    return _trouble(grounds, trial, "slow", tweaks.blind_retry)


def _trouble(grounds: Grounds, trial: Trial, kind: str, tweak: Tweak | None = None) -> Found:
    """A message a minute of the clock, 20 of them when whole."""
    people, minutes = trial.size(40, 150), trial.size(1, 20)
    with grounds.stage(trial.database) as stage:
        chapter = seed(stage.wiring, people)
        stage.faults(trial.seed, *TROUBLES[kind], {"fault": "callback-lost", "share": 0.5})
        stage.parts.start("web", tweak)
        stage.parts.start("worker", tweak)
        began = stage.wiring.clock.now()
        for minute in range(minutes):
            blast(stage.wiring, chapter, f"call number {minute}")
            drain(stage)
            past = (stage.wiring.clock.now() - began).total_seconds()
            stage.sandbox.advance(max(0.0, 60.0 * (minute + 1) - past))
        lasted = (stage.wiring.clock.now() - began).total_seconds() / 60
        found = Found.by(judge(stage), len(stage.sandbox.ledger("fault")))
    found.notes.append(f"{lasted:.0f} minutes of the clock")
    return found
