"""Days and times as people read them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from service.errors import NaiveDatetime
from service.messages import dates
from service.messages.segments import count_segments

HARTFORD = ZoneInfo("America/New_York")
NOON_UTC = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)  # a Tuesday, 8:00 am in Hartford


def test_a_text_says_the_day_with_its_weekday() -> None:
    assert dates.day(NOON_UTC, HARTFORD, "en") == "Tue Mar 10"
    assert dates.day(NOON_UTC, HARTFORD, "es") == "martes 10 de marzo"
    assert dates.weekday(NOON_UTC, HARTFORD, "en") == "Tuesday"


def test_the_zone_decides_the_day() -> None:
    late = datetime(2026, 3, 11, 3, 30, tzinfo=UTC)
    assert dates.day(late, HARTFORD, "en") == "Tue Mar 10"
    assert dates.day(late, ZoneInfo("UTC"), "en") == "Wed Mar 11"


def test_texts_write_saturday_without_its_accent_and_pages_with_it() -> None:
    saturday = NOON_UTC + timedelta(days=4)
    assert dates.day(saturday, HARTFORD, "es") == "sabado 14 de marzo"
    assert dates.weekday(saturday, HARTFORD, "es") == "sabado"
    assert dates.page_day(saturday, HARTFORD, "es") == "sáb 14 mar"


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_day_or_time_of_the_year_makes_a_text_expensive(language: str) -> None:
    for number in range(366):
        at = NOON_UTC + timedelta(days=number, minutes=97 * number)
        for written in (
            dates.day(at, HARTFORD, language),
            dates.deadline(at, HARTFORD, language),
            dates.hour(at, HARTFORD, language),
            dates.time(at, HARTFORD),
        ):
            assert count_segments(written).encoding == "GSM-7", written


@pytest.mark.parametrize(
    ("utc_hour", "minute", "written"),
    [(4, 0, "12:00 am"), (12, 0, "8:00 am"), (16, 30, "12:30 pm"), (17, 5, "1:05 pm")],
)
def test_times_are_written_with_am_and_pm(utc_hour: int, minute: int, written: str) -> None:
    at = NOON_UTC.replace(hour=utc_hour, minute=minute)
    assert dates.time(at, HARTFORD) == written


def test_spanish_gives_the_hour_its_article() -> None:
    assert dates.hour(NOON_UTC, HARTFORD, "es") == "las 8:00 am"
    assert dates.hour(NOON_UTC + timedelta(hours=5), HARTFORD, "es") == "la 1:00 pm"
    assert dates.hour(NOON_UTC + timedelta(hours=3), HARTFORD, "es") == "las 11:00 am"
    assert dates.hour(NOON_UTC, HARTFORD, "en") == "8:00 am"


@pytest.mark.parametrize(
    ("hours_later", "part"),
    [(0, "morning"), (3, "morning"), (4, "afternoon"), (9, "afternoon"), (10, "evening")],
)
def test_part_of_day(hours_later: int, part: str) -> None:
    assert dates.part_of_day(NOON_UTC + timedelta(hours=hours_later), HARTFORD) == part


@pytest.mark.parametrize(
    ("later", "en", "es"),
    [
        (timedelta(0), "now", "ahora"),
        (timedelta(minutes=90), "in 90 minutes", "dentro de 90 minutos"),
        (timedelta(hours=-3), "3 hours ago", "hace 3 horas"),
        (timedelta(hours=17), "tomorrow", "mañana"),
        (timedelta(hours=-9), "yesterday", "ayer"),
        (timedelta(days=3), "in 3 days", "dentro de 3 días"),
        (timedelta(days=-9), "9 days ago", "hace 9 días"),
    ],
)
def test_distance_in_the_readers_calendar(later: timedelta, en: str, es: str) -> None:
    assert dates.relative(NOON_UTC + later, NOON_UTC, HARTFORD, "en") == en
    assert dates.relative(NOON_UTC + later, NOON_UTC, HARTFORD, "es") == es


def test_pages_say_when_in_full() -> None:
    at = NOON_UTC + timedelta(days=3)
    assert dates.when(at, NOON_UTC, HARTFORD, "en") == "Fri 13 Mar, 8:00 am (in 3 days)"
    assert dates.when(at, NOON_UTC, HARTFORD, "es") == "vie 13 mar, 8:00 am (dentro de 3 días)"
    next_year = datetime(2027, 1, 4, 14, 0, tzinfo=UTC)
    assert dates.when(next_year, NOON_UTC, HARTFORD, "en").startswith("Mon 4 Jan 2027, 9:00 am (")


def test_days_are_counted_over_the_change_of_clocks() -> None:
    before = datetime(2026, 3, 7, 14, 0, tzinfo=UTC)  # Saturday 9:00; clocks change on Sunday
    after = datetime(2026, 3, 9, 13, 0, tzinfo=UTC)  # Monday 9:00
    assert dates.relative(after, before, HARTFORD, "en") == "in 2 days"


@pytest.mark.parametrize("write", [dates.day, dates.page_day, dates.weekday, dates.hour])
def test_a_day_without_a_zone_is_refused(write: Callable[[datetime, ZoneInfo, str], str]) -> None:
    with pytest.raises(NaiveDatetime):
        write(NOON_UTC.replace(tzinfo=None), HARTFORD, "en")


def test_a_distance_from_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(NaiveDatetime):
        dates.when(NOON_UTC, NOON_UTC.replace(tzinfo=None), HARTFORD, "en")
