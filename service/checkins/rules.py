"""When who is reminded of a check-in, and what a date must be. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from service.chapters.rules import reminder_time
from service.checkins.tables import CheckInState
from service.errors import InvalidValue, Misuse

S = CheckInState
# What may follow what. docs/states/checkin.md draws it.
NEXT: dict[CheckInState, frozenset[CheckInState]] = {
    S.SUBMITTED: frozenset({S.APPROVED, S.CANCELLED}),
    S.APPROVED: frozenset({S.UNDERWAY, S.CLOSED, S.RESCHEDULED, S.CANCELLED}),
    S.UNDERWAY: frozenset({S.CLOSED, S.RESCHEDULED, S.CANCELLED}),
    S.CLOSED: frozenset({S.UNDERWAY, S.RESCHEDULED}),
    S.RESCHEDULED: frozenset({S.UNDERWAY, S.CLOSED}),
    S.CANCELLED: frozenset(),
}


def check_move(before: CheckInState, after: CheckInState) -> None:
    """Raise Misuse where a check-in can't go from one state to the other. Staying is no move."""
    if after is not before and after not in NEXT[before]:
        raise Misuse(f"a check-in never goes from {before} to {after}")


SHORT_BEFORE = timedelta(hours=72)
FURTHEST = timedelta(days=550)


@dataclass(frozen=True)
class Reminder:
    """One reminder: who gets it, how long before, and until how long before it still helps."""

    name: str
    to: str  # family or companions
    before: timedelta
    useful_until: timedelta


REMINDERS = (
    Reminder("7d", "family", timedelta(days=7), timedelta(days=6)),  # it says "in a week"
    Reminder("1d", "family", timedelta(days=1), timedelta(hours=4)),
    Reminder("3h", "family", timedelta(hours=3), timedelta(minutes=30)),
    Reminder("day_before", "companions", timedelta(days=1), timedelta(hours=3)),
    Reminder("nudge", "companions", timedelta(hours=2), timedelta(minutes=15)),
)


@dataclass(frozen=True)
class Due:
    """A reminder that is to be sent now, since when, and the moment from which it is pointless."""

    reminder: Reminder
    since: datetime
    not_after: datetime


def due_reminders(starts_at: datetime, zone: str, now: datetime) -> list[Due]:
    """Return the reminders whose time has come and that still help."""
    all_of_them = (
        Due(
            reminder,
            since=reminder_time(starts_at, reminder.before, zone),
            not_after=starts_at - reminder.useful_until,
        )
        for reminder in REMINDERS
    )
    return [due for due in all_of_them if due.since <= now < due.not_after]


def next_reminder_at(starts_at: datetime, zone: str, now: datetime) -> datetime | None:
    """Return when the next reminder after `now` is due; None when there is none left."""
    times = (reminder_time(starts_at, reminder.before, zone) for reminder in REMINDERS)
    return min((at for at in times if at > now), default=None)


def check_start(starts_at: datetime, now: datetime, *, field: str = "starts_at") -> None:
    """Raise InvalidValue for a start that is past or too far off to be meant."""
    if starts_at <= now:
        raise InvalidValue(field, "past_date")
    if starts_at > now + FURTHEST:
        raise InvalidValue(field, "too_far_off")


class Stage(StrEnum):
    """How an approved check-in stands, derived from its places and never stored."""

    RECRUITING = "recruiting"
    STAFFED = "staffed"
    SHORT = "short"  # it starts soon and places are open: somebody must be called


def stage(
    state: CheckInState, starts_at: datetime, now: datetime, *, is_full: bool
) -> Stage | None:
    """Return how far it is staffed; None where nobody is sought: not yet approved, or over."""
    if state not in (CheckInState.APPROVED, CheckInState.UNDERWAY):
        return None
    if is_full:
        return Stage.STAFFED
    return Stage.SHORT if starts_at - now <= SHORT_BEFORE else Stage.RECRUITING
