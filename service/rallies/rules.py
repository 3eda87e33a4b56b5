"""When those who said yes to a rally are reminded. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from service.chapters.rules import reminder_time

BEFORE = timedelta(days=1)
USEFUL_UNTIL = timedelta(hours=3)


def next_reminder_at(starts_at: datetime, zone: str, now: datetime) -> datetime | None:
    """Return when the day-before reminder is due; None once that has passed."""
    due = reminder_time(starts_at, BEFORE, zone)
    return due if due > now else None
