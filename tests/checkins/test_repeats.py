"""Dates that come again: seen where three lie alike, read where somebody says so, else nothing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from service.checkins.repeats import Every, every_of, read_every, said_every

FIRST = date(2026, 1, 13)


def weeks(*numbers: int) -> list[date]:
    return [FIRST + timedelta(weeks=n) for n in numbers]


@pytest.mark.parametrize(
    ("days", "every"),
    [
        (weeks(0, 4, 8), "4w"),
        (weeks(0, 1, 2), "1w"),
        (weeks(0, 3, 7, 11), "4w"),
        ([date(2026, 1, 14), date(2026, 4, 14), date(2026, 7, 14)], "3m"),
        ([date(2025, 11, 5), date(2026, 1, 5), date(2026, 3, 5)], "2m"),
        (weeks(0, 4), None),
        (weeks(0, 4, 9), None),
        (weeks(0, 0, 0), None),
        ([date(2026, 1, 14), date(2026, 4, 15), date(2026, 7, 13)], None),
        ([], None),
    ],
)
def test_how_earlier_dates_lie(days: list[date], every: str | None) -> None:
    found = every_of(days)
    assert (str(found) if found else None) == every


@pytest.mark.parametrize(
    ("text", "every"),
    [
        ("3/14 9:30 every 4 weeks", "4w"),
        ("cada 3 meses", "3m"),
        ("every month", "1m"),
        ("cada semana", "1w"),
        ("every other week", "2w"),
        ("cada dos semanas", "2w"),
        ("every year", "12m"),
        ("cada año", "12m"),
        ("every 99 weeks", None),
        ("every time I go", None),
        ("3/14 9:30", None),
    ],
)
def test_what_somebody_says_of_it(text: str, every: str | None) -> None:
    found = said_every(text)
    assert (str(found) if found else None) == every


def test_the_next_day_of_a_short_month_is_its_last() -> None:
    assert Every(1, "m").after(date(2026, 1, 31)) == date(2026, 2, 28)
    assert Every(3, "m").after(date(2026, 11, 30)) == date(2027, 2, 28)
    assert Every(4, "w").after(FIRST) == FIRST + timedelta(days=28)


@pytest.mark.parametrize("written", ["4w", "12m"])
def test_it_is_kept_as_it_is_read(written: str) -> None:
    assert str(read_every(written)) == written


def test_anything_else_is_no_rhythm() -> None:
    assert read_every("") is read_every("4x") is None
