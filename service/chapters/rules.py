"""When a person may be texted. Pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

# For events within a day, those concerned may be texted from early to late.
EARLY = time(5, 30)
LATE = time(22, 0)
EVENING_BEFORE = time(19, 30)


def next_open(
    now: datetime, zone: str, quiet_from_minute: int, quiet_until_minute: int
) -> datetime:
    """Return the first moment from `now` on that lies outside quiet hours in `zone`.

    The minutes count from local midnight; equal ones mean that there are no quiet hours.
    """
    if quiet_from_minute == quiet_until_minute:
        return now
    local = now.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    wraps = quiet_from_minute > quiet_until_minute
    after, before = minute >= quiet_from_minute, minute < quiet_until_minute
    is_quiet = (after or before) if wraps else (after and before)
    if not is_quiet:
        return now
    opening = time(quiet_until_minute // 60, quiet_until_minute % 60)
    day = local.date() + timedelta(days=1 if wraps and after else 0)
    return datetime.combine(day, opening, local.tzinfo).astimezone(now.tzinfo)


def next_quiet(
    now: datetime, zone: str, quiet_from_minute: int, quiet_until_minute: int
) -> datetime | None:
    """Return when quiet hours next begin in `zone`, after an open moment; None if there are none."""
    if quiet_from_minute == quiet_until_minute:
        return None
    local = now.astimezone(ZoneInfo(zone))
    beginning = time(quiet_from_minute // 60, quiet_from_minute % 60)
    day = local.date() + timedelta(days=1 if local.time() >= beginning else 0)
    return datetime.combine(day, beginning, local.tzinfo).astimezone(now.tzinfo)


def within(now: datetime, zone: str, opens: time, closes: time) -> bool:
    """Return whether the clock on the wall in `zone` shows a time from `opens` to `closes`."""
    return opens <= now.astimezone(ZoneInfo(zone)).time() <= closes


def next_at(now: datetime, zone: str, opens: time, closes: time) -> datetime:
    """Return the first moment from `now` on at which `within` holds."""
    if within(now, zone, opens, closes):
        return now
    local = now.astimezone(ZoneInfo(zone))
    day = local.date() + timedelta(days=1 if local.time() > closes else 0)
    return datetime.combine(day, opens, local.tzinfo).astimezone(now.tzinfo)


def reminder_time(starts_at: datetime, before: timedelta, zone: str) -> datetime:
    """Return when to send a reminder that is due `before` an event.

    Between 5:30 and 22:00 local time it goes then; otherwise at 19:30 the evening before it was
    due. It is never dropped.
    """
    due = (starts_at - before).astimezone(ZoneInfo(zone))
    if EARLY <= due.time() <= LATE:
        return due.astimezone(starts_at.tzinfo)
    day = due.date() if due.time() > LATE else due.date() - timedelta(days=1)
    return datetime.combine(day, EVENING_BEFORE, due.tzinfo).astimezone(starts_at.tzinfo)
