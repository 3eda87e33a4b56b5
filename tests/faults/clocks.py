"""The clock: it jumps an hour either way in the midst of reminders, and summer time comes and goes."""

from __future__ import annotations

import asyncio
import dataclasses
import struct
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from unittest import mock
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from schedules.jobs import run_all
from service.chapters import rules
from service.checkins.tables import CheckIn
from service.outbox.deliver import Worker
from service.outbox.tables import Attempt, Delivery, State
from service.wiring import Wiring, make_parts
from tests.factories import ZONE, StillClock
from tests.faults import tweaks
from tests.faults.grounds import Grounds, Stage
from tests.faults.judge import drain, judge, opened_deliveries
from tests.faults.leases import plan_checkins
from tests.faults.parts import until
from tests.faults.people import blast, seed
from tests.faults.report import Found, Trial, fault

HOUR = 3600.0
COMPANIONS = 2


# --- jumps ---------------------------------------------------------------------------------------


@fault("our clock jumps an hour ahead and back between reminders", short=("postgresql",))
def jumps(grounds: Grounds, trial: Trial) -> Found:
    return _jump(grounds, trial, is_unique=True)


@fault(
    "the same, texts not unique", databases=("postgresql",), is_control=True, short=("postgresql",)
)
def jumps_without_index(grounds: Grounds, trial: Trial) -> Found:
    return _jump(grounds, trial, is_unique=False)


def _jump(grounds: Grounds, trial: Trial, *, is_unique: bool) -> Found:
    """Our clock alone: the carrier's goes on. Each reminder comes once, whatever our clock says.

    From a day before until it begins; after each step our clock is set wrong and then right again.
    The sender is paced: what it paid for in the hour to come must not silence it now.
    """
    checkins, rounds = trial.size(4, 60), trial.size(1, 4)
    with grounds.stage(trial.database) as stage:
        if not is_unique:
            tweaks.no_unique_reasons(stage.wiring.database)
        ours = OurClock(stage)
        chapter = seed(stage.wiring, 0, rate=100.0)
        expected = plan_checkins(stage, chapter, checkins, COMPANIONS)
        stage.parts.start("worker", ACOMPANA_CLOCK_FILE=str(ours.file))
        clock = stage.parts.start("clock", ACOMPANA_CLOCK_FILE=str(ours.file))
        drain(stage, moves_clock=False)
        found = Found(0)
        for hours in (24.2, 20.4, 1.2, 1.9):  # a day, three hours and two before; then it begins
            ours.advance(hours * HOUR)
            for _ in range(rounds):
                for jump in (HOUR, 0.0, -HOUR, 0.0):
                    ours.jump(jump)
                    blast(stage.wiring, chapter, f"call number {found.trials}")
                    _wait_until_quiet(stage, ours)
                    found.trials += 1
        clock.kill()  # else other jobs write a text between the last look and the verdict
        _wait_until_quiet(stage, ours)
        keys = _reminders(stage)
        found.add(judge(stage))
    found.lost += max(0, expected - len(set(keys)))
    found.twice += len(keys) - len(set(keys))
    if len(keys) != expected:
        found.problems.append(f"{len(keys)} reminders, {len(set(keys))} reasons, {expected} due")
    return found


class OurClock:
    """The service's clock: the carrier's, and so much wrong."""

    def __init__(self, stage: Stage) -> None:
        self._sandbox = stage.sandbox
        self.file: Path = stage.folder / "clock"
        self.wrong_by = 0.0
        self.file.write_bytes(self._offset())

    def advance(self, seconds: float) -> None:
        """Let time pass for both."""
        self._sandbox.advance(seconds)
        self.jump(self.wrong_by)

    def jump(self, seconds: float) -> None:
        """Set ours wrong by so much, in place: others have it mapped."""
        self.wrong_by = seconds
        with self.file.open("r+b") as file:
            file.write(self._offset())

    def now(self) -> datetime:
        (offset,) = struct.unpack("<q", self.file.read_bytes())
        return datetime.now(UTC) + timedelta(microseconds=offset)

    def _offset(self) -> bytes:
        carriers = int(self._sandbox.get("/clock")["offset_microseconds"])
        return struct.pack("<q", carriers + int(self.wrong_by * 1e6))


def _wait_until_quiet(stage: Stage, ours: OurClock) -> None:
    """Wait until no reminder is due by our clock and no text waits that may go by it."""
    for _ in until("nothing is due by our clock", pause=0.1):
        now = ours.now()
        with stage.wiring.database.read() as session:
            due = select(CheckIn.id).where(col(CheckIn.remind_at) <= now)
            under_way = select(Delivery.id).where(
                (Delivery.state == State.SUBMITTING)
                | ((Delivery.state == State.PLANNED) & (Delivery.not_before <= now))
            )
            if session.exec(due.limit(1)).first() or session.exec(under_way.limit(1)).first():
                continue
        return


def _reminders(stage: Stage) -> list[str]:
    with stage.wiring.database.read() as session:
        query = select(Delivery.once_key).where(col(Delivery.once_key).startswith("remind:"))
        return list(session.exec(query))


# --- summer time ---------------------------------------------------------------------------------

CHANGES = {
    "spring": datetime(2026, 3, 8, 9, 0, tzinfo=ZoneInfo(ZONE)),
    "autumn": datetime(2026, 11, 1, 9, 0, tzinfo=ZoneInfo(ZONE)),
}
# Starts around the change: (days after it, hour of that day).
BEGINS = ((0, 9), (1, 6), (1, 14), (2, 9), (6, 8))
SOME = 2
STEP = timedelta(minutes=30)
REMINDERS = {
    "7d": timedelta(days=7), "1d": timedelta(days=1), "3h": timedelta(hours=3),
    "day_before": timedelta(days=1), "nudge": timedelta(hours=2),
}  # fmt: skip
TO_FAMILY = ("7d", "1d", "3h")
STANDARD = timezone(timedelta(hours=-5))


@fault("reminders over the week of the change to summer time", short=("sqlite",))
def spring(grounds: Grounds, trial: Trial) -> Found:
    return _week(grounds, trial, "spring")


@fault("reminders over the week of the change to winter time", short=("postgresql",))
def autumn(grounds: Grounds, trial: Trial) -> Found:
    return _week(grounds, trial, "autumn")


@fault("the same, local time a fixed offset", databases=("sqlite",), is_control=True)
def spring_fixed(grounds: Grounds, trial: Trial) -> Found:
    with mock.patch.object(rules, "ZoneInfo", return_value=STANDARD):
        return _week(grounds, trial, "spring")


def _week(grounds: Grounds, trial: Trial, change: str) -> Found:
    """Every half hour the jobs run and the worker sends, on one clock.

    A reminder is due so long before the start, and if that is at night at 19:30 local time the
    evening before. Each must be claimed once, within the half hour, and a family's must say the
    hour that the clock on the wall will show.
    """
    with grounds.stage(trial.database) as stage:
        day = CHANGES[change]
        clock = StillClock((day - timedelta(days=8)).astimezone(UTC))
        wiring = dataclasses.replace(stage.wiring, clock=clock, directory=None)
        still = dataclasses.replace(stage, wiring=wiring)
        chapter = seed(wiring, 0)
        starts = [
            (day + timedelta(days=days)).replace(hour=hour)
            for days, hour in (BEGINS if trial.whole else BEGINS[:SOME])
        ]
        for place, begins in enumerate(starts):
            at = begins.astimezone(UTC)
            plan_checkins(still, chapter, 1, COMPANIONS, starts_at=at, first=place)
        asyncio.run(_live(wiring, clock, max(starts).astimezone(UTC)))
        return _hold_against_the_wall(still, starts)


async def _live(wiring: Wiring, clock: StillClock, ends_at: datetime) -> None:
    parts = make_parts(wiring)
    worker = Worker(parts)
    try:
        while clock.at < ends_at:
            run_all(wiring, now=clock.at)
            while await worker.drain_once():
                pass
            clock.at += STEP
    finally:
        await parts.carrier.close()


def _hold_against_the_wall(stage: Stage, starts: list[datetime]) -> Found:
    """Compare when each reminder was claimed with when it is due by the clock on the wall."""
    with stage.wiring.database.read() as session:
        begins = {one.id.hex: one.starts_at for one in session.exec(select(CheckIn)).all()}
        rows = session.exec(
            select(Delivery.id, Attempt.started_at)
            .join(Attempt, col(Attempt.delivery_id) == Delivery.id)
            .where(col(Delivery.once_key).startswith("remind:"))
        ).all()
    tries: dict[UUID, list[datetime]] = {}
    for delivery_id, started_at in rows:
        tries.setdefault(delivery_id, []).append(started_at)
    found = Found(len(starts) * (len(TO_FAMILY) + 2 * COMPANIONS))
    kinds: Counter[str] = Counter()
    for delivery, (_, body) in opened_deliveries(stage):
        if not delivery.once_key.startswith("remind:"):
            continue
        _, checkin, name, _ = delivery.once_key.split(":")
        at = begins[checkin].astimezone(CHANGES["spring"].tzinfo)
        kinds[name] += 1
        _hold(found, name, at, tries.get(delivery.id, []))
        hour = f"{at.hour % 12 or 12}:00"
        if name in TO_FAMILY and hour not in body:
            found.lose(f"{name} of {at:%a %H:%M} does not say {hour}")
    for name in REMINDERS:
        due = len(starts) * (1 if name in TO_FAMILY else COMPANIONS)
        if kinds[name] < due:
            found.lose(f"{name}: {kinds[name]} of {due}")
        found.twice += max(0, kinds[name] - due)
    return found


def _hold(found: Found, name: str, start: datetime, tries: list[datetime]) -> None:
    due = (start.astimezone(UTC) - REMINDERS[name]).astimezone(start.tzinfo)
    if (due.hour, due.minute) < (5, 30) or due.hour >= 22:
        evening = due if due.hour >= 22 else due - timedelta(days=1)
        due = evening.replace(hour=19, minute=30)
    found.twice += max(0, len(tries) - 1)
    late = tries[0] - due.astimezone(UTC) if tries else None
    if late is None or not timedelta(0) <= late < STEP:
        when = tries[0].astimezone(start.tzinfo) if tries else None
        found.lose(f"{name} of {start:%a %H:%M %Z}: due {due:%a %H:%M %Z}, went {when}")
