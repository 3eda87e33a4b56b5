"""Days of the calendar by rule. Pure."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from functools import cache

import holidays

from service.replies.dates.pieces import Nth


def monday(day: date) -> date:
    """Return the Monday of its week."""
    return day - timedelta(days=day.weekday())


def months_on(day: date, months: int) -> date:
    """Return the same day so many months later, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def date_or_none(year: int, month: int, number: int) -> date | None:
    """Return the day, None where the month has no such day."""
    try:
        return date(year, month, number)
    except ValueError:
        return None


def nth_of(day: Nth, year: int, month: int) -> date:
    """Return the first, second or last such weekday of a month."""
    length = calendar.monthrange(year, month)[1]
    numbers = [n for n in range(1, length + 1) if date(year, month, n).weekday() == day.weekday]
    return date(year, month, numbers[day.order if day.order < 0 else day.order - 1])


@cache
def holidays_of(country: str, year: int) -> frozenset[date]:
    """Return the public holidays; none for a country that the calendar does not know."""
    try:
        return frozenset(holidays.country_holidays(country, years=year))
    except NotImplementedError:
        return frozenset()
