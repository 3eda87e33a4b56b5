"""What may follow what in a rally's life, and when those who said yes are reminded. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from service.chapters.rules import reminder_time
from service.errors import WrongState
from service.rallies.tables import Rally, RallyState

_AN_END = frozenset({RallyState.CLOSED, RallyState.CANCELLED, RallyState.ALL_CLEAR})
# What may follow what. docs/states/rally.md draws it.
NEXT: dict[RallyState, frozenset[RallyState]] = {
    RallyState.DRAFT: frozenset({RallyState.ANNOUNCED, RallyState.CANCELLED}),
    RallyState.ANNOUNCED: _AN_END | {RallyState.UNDERWAY, RallyState.DRAFT},
    RallyState.UNDERWAY: _AN_END,
    RallyState.CLOSED: frozenset(),
    RallyState.CANCELLED: frozenset(),
    RallyState.ALL_CLEAR: frozenset(),
}
TOLD = (RallyState.ANNOUNCED, RallyState.UNDERWAY)  # people know of it, and it is not over


def check_move(rally: Rally, after: RallyState) -> None:
    """Raise WrongState where a rally can't go on to `after`."""
    if after not in NEXT[rally.state]:
        raise WrongState("rally_not_in_state", f"rally {rally.id} is {rally.state}, not {after}")


@dataclass(frozen=True)
class Reminder:
    """One reminder: how long before, and until how long before it still helps."""

    name: str
    before: timedelta
    useful_until: timedelta


REMINDERS = (
    Reminder("1d", timedelta(days=1), timedelta(hours=3)),
    Reminder("2h", timedelta(hours=2), timedelta(minutes=15)),
)


def due_reminder(starts_at: datetime, zone: str, now: datetime) -> Reminder | None:
    """Return the reminder to send now: of several whose time has come, the one nearest the start."""
    due = [
        reminder
        for reminder in REMINDERS
        if reminder_time(starts_at, reminder.before, zone)
        <= now
        < starts_at - reminder.useful_until
    ]
    return due[-1] if due else None


def next_reminder_at(starts_at: datetime, zone: str, now: datetime) -> datetime | None:
    """Return when the next reminder after `now` is due; None when there is none left."""
    times = (reminder_time(starts_at, reminder.before, zone) for reminder in REMINDERS)
    return min((at for at in times if at > now), default=None)


def how_near(starts_at: datetime, zone: str, now: datetime) -> str:
    """Return the word for the day of the event, seen from now: today, tomorrow or in_two_days.

    A reminder for the small hours goes out two evenings before.
    """
    info = ZoneInfo(zone)
    days = (starts_at.astimezone(info).date() - now.astimezone(info).date()).days
    return ("today", "tomorrow", "in_two_days")[min(max(days, 0), 2)]
