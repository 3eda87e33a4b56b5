"""Dates that come again every so many weeks or months: found, never assumed. Pure."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

LEAST_DATES = 3
MOST_WEEKS, MOST_MONTHS = 52, 24
_SAID = re.compile(
    r"\b(?:every|each|cada)\s+(\d{1,2}\s+|other\s+|dos\s+|tres\s+|two\s+|three\s+)?"
    r"(weeks?|semanas?|months?|mes(?:es)?|years?|ano|año)\b",
    re.IGNORECASE,
)
_NUMBERS = {"": 1, "other": 2, "dos": 2, "two": 2, "tres": 3, "three": 3}


@dataclass(frozen=True)
class Every:
    """So many weeks, or months. Written as "4w" or "3m"."""

    count: int
    unit: str  # w or m

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    def after(self, day: date) -> date:
        """Return the next such day; of a month that is too short, its last."""
        if self.unit == "w":
            return day + timedelta(weeks=self.count)
        months = day.month - 1 + self.count
        year, month = day.year + months // 12, months % 12 + 1
        return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def read_every(written: str) -> Every | None:
    """Return what "4w" or "3m" says; None for anything else."""
    found = re.fullmatch(r"(\d+)([wm])", written)
    return Every(int(found[1]), found[2]) if found else None


def said_every(text: str) -> Every | None:
    """Return what somebody says of it: "every 3 months", "cada cuatro semanas" in digits."""
    found = _SAID.search(text)
    if found is None:
        return None
    number = (found[1] or "").strip().casefold()
    count = int(number) if number.isdecimal() else _NUMBERS[number]
    unit = found[2].casefold()
    if unit.startswith(("year", "ano", "año")):
        return Every(12 * count, "m") if 12 * count <= MOST_MONTHS else None
    every = Every(count, "w" if unit.startswith(("week", "semana")) else "m")
    return every if 1 <= count <= (MOST_WEEKS if every.unit == "w" else MOST_MONTHS) else None


def without_every(text: str) -> str:
    """Return the text without what it says of a rhythm, so that no date is read out of it."""
    return _SAID.sub(" ", text)


def every_of(days: Sequence[date]) -> Every | None:
    """Return how the last dates lie apart, where three or more lie alike; else None."""
    last = days[-LEAST_DATES:]
    if len(last) < LEAST_DATES:
        return None
    gaps = {(later - earlier).days for earlier, later in pairwise(last)}
    if len(gaps) == 1 and (gap := next(iter(gaps))) > 0 and gap % 7 == 0:
        return Every(gap // 7, "w") if gap // 7 <= MOST_WEEKS else None
    months = {
        (later.year - earlier.year) * 12 + later.month - earlier.month
        for earlier, later in pairwise(last)
    }
    same_day = len({day.day for day in last}) == 1
    if same_day and len(months) == 1 and 0 < (count := next(iter(months))) <= MOST_MONTHS:
        return Every(count, "m")
    return None
