"""When those who said yes to a rally are reminded, in local time, across the changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from service.rallies.rules import due_reminder, how_near, next_reminder_at
from tests.factories import ZONE

HERE = ZoneInfo(ZONE)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=HERE).astimezone(UTC)


# start, and when its reminders go
TIMES = [
    (at(13, 17), [at(12, 17), at(13, 15)]),
    (at(13, 7), [at(12, 7), at(12, 19, 30)]),  # two hours before lies before 5:30
    (at(13, 5), [at(11, 19, 30), at(12, 19, 30)]),
    (at(13, 23), [at(12, 19, 30), at(13, 21)]),  # the day before lies after 22:00
    (at(8, 17), [at(7, 16), at(8, 15)]),  # clocks go forward: 24 hours before is 16:00
]


@pytest.mark.parametrize(("start", "expected"), TIMES, ids=lambda value: str(value)[:60])
def test_reminders_go_by_day(start: datetime, expected: list[datetime]) -> None:
    now, found = start - timedelta(days=7), []
    while (following := next_reminder_at(start, ZONE, now)) is not None:
        found.append(following)
        now = following
    assert found == expected


def test_what_is_late_but_helps_is_sent_and_what_is_too_late_is_not() -> None:
    start = at(13, 17)
    names = [
        (reminder.name if (reminder := due_reminder(start, ZONE, now)) else None)
        for now in (at(12, 16), at(12, 18), at(13, 13, 59), at(13, 15), at(13, 16, 50))
    ]
    assert names == [None, "1d", "1d", "2h", None]


def test_a_reminder_says_the_right_day() -> None:
    start = at(13, 0, 30)
    days = [how_near(start, ZONE, now) for now in (at(11, 19, 30), at(12, 9), at(13, 0, 10))]
    assert days == ["in_two_days", "tomorrow", "today"]
