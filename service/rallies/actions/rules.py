"""Who is asked on which day, and which numbers are worth a text. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID
from zoneinfo import ZoneInfo

MOST_DAYS = 14
TOLD_AT = (10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000)
BETWEEN = timedelta(hours=20)  # from one word of progress to the next


def deal(action_id: UUID, people: Sequence[UUID], days: int) -> dict[UUID, int]:
    """Return the day, from 0, on which each person is asked.

    As many on each day, within one; who comes first changes from action to action, so that nobody
    is always asked last. The same people dealt again get the same days.
    """

    def place(person_id: UUID) -> bytes:
        return sha256(action_id.bytes + person_id.bytes).digest()

    return {person_id: at % days for at, person_id in enumerate(sorted(people, key=place))}


def send_at(first: datetime, day: int, zone: str) -> datetime:
    """Return when the people of a day are asked: at the same time of the local day as the first."""
    info = ZoneInfo(zone)
    local = first.astimezone(info) + timedelta(days=day)
    return local.astimezone(first.tzinfo)


def latest_start(deadline: datetime, days: int, zone: str) -> datetime:
    """Return before when (aware) the first of so many days has to begin: the last one ends in time."""
    return send_at(deadline, 1 - days, zone)


def worth_telling(done: int, told: int) -> int | None:
    """Return the highest round number that was reached and not told so far; None if there is none."""
    reached = [number for number in TOLD_AT if told < number <= done]
    return reached[-1] if reached else None
