"""Reading days and times in people's own words. The rows are in dates.toml; more may be added there."""

from __future__ import annotations

import tomllib
import unicodedata
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.replies.dates.when import LATEST, When, read_when

ROWS = [
    (language, text, meaning)
    for language, rows in tomllib.loads(
        Path(__file__).with_name("dates.toml").read_text("utf-8")
    ).items()
    for text, meaning in rows.items()
]
OVER_THE_YEAR = [
    (now, language, text, meaning)
    for now, languages in tomllib.loads(
        Path(__file__).with_name("dates_over_the_year.toml").read_text("utf-8")
    ).items()
    for language, rows in languages.items()
    for text, meaning in rows.items()
]
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=ZoneInfo("America/New_York"))  # a Monday
SOME_ROW = st.sampled_from(ROWS)


def read(language: str, text: str, now: datetime = NOW) -> When:
    return read_when(text, language=language, now=now)


def said(when: When) -> str:
    """Return what was read as dates.toml writes it."""
    words = [
        f"{when.day}" if when.day else "",
        f"{when.at:%H:%M}" if when.at else "",
        f"ask {when.question}" if when.question else "",
    ]
    return " ".join(word for word in words if word)


@pytest.mark.parametrize(("language", "text", "meaning"), ROWS, ids=repr)
def test_reads_the_day_or_asks(language: str, text: str, meaning: str) -> None:
    assert said(read(language, text)) == meaning


@pytest.mark.parametrize(("now", "language", "text", "meaning"), OVER_THE_YEAR, ids=repr)
def test_reads_the_day_on_other_days_of_the_year(
    now: str, language: str, text: str, meaning: str
) -> None:
    assert said(read(language, text, datetime.fromisoformat(now))) == meaning


@given(SOME_ROW)
def test_capitals_accents_and_space_change_nothing(row: tuple[str, str, str]) -> None:
    language, text, meaning = row
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    for variant in (text.upper(), bare, f"  {text}  ", text.replace(" ", "   "), f"{text}."):
        assert said(read(language, variant)) == meaning, variant


@given(
    SOME_ROW, st.sampled_from(("please {}", "{} please", "{}, gracias", "hola, {}", "{} thank you"))
)
def test_courtesies_change_nothing(row: tuple[str, str, str], around: str) -> None:
    language, text, meaning = row
    assert said(read(language, around.format(text))) == meaning


@given(st.text(), st.sampled_from(("en", "es")))
def test_no_text_raises(text: str, language: str) -> None:
    read(language, text)


PARTS = st.sampled_from(
    [
        "martes",
        "tuesday",
        "10",
        "31",
        "0",
        "99",
        "/",
        "-",
        ":",
        ".",
        "de",
        "del",
        "a",
        "las",
        "la",
        "mañana",
        "tarde",
        "at",
        "pm",
        "am",
        "proximo",
        "next",
        "week",
        "semana",
        "en",
        "in",
        "ocho",
        "quince",
        "dias",
        "days",
        "marzo",
        "march",
        "5/4",
        "9:30",
        "2026",
        "y",
        "media",
        "the",
        "el",
        "or",
        "o",
        "13",
        "noon",
    ]
)


@given(st.lists(PARTS, max_size=9), st.sampled_from(("en", "es")), st.integers(0, 800))
def test_whatever_is_read_lies_ahead_and_within_bounds(
    parts: list[str], language: str, later: int
) -> None:
    now = NOW + timedelta(days=later)
    when = read(language, " ".join(parts), now)
    if when.day is None:
        assert when.question is not None
        return
    assert now.date() <= when.day <= now.date() + LATEST
    if when.at is not None:
        assert datetime.combine(when.day, when.at, now.tzinfo) > now


@pytest.mark.parametrize("country", ["US", "MX", "GT", "XX"])
def test_a_country_without_a_calendar_has_no_holidays(country: str) -> None:
    when = read_when("25 de diciembre a las 9", language="es", now=NOW, country=country)
    assert said(when).startswith("2026-12-25 09:00")
    assert (when.question is None) is (country == "XX")


@pytest.mark.parametrize("country", ["MX", "GT"])
def test_where_the_day_comes_first_even_english_is_asked(country: str) -> None:
    when = read_when("5/4 at 9", language="en", now=NOW, country=country)
    assert said(when) == "ask day_or_month"


def test_on_its_own_weekday_only_what_has_gone_by_is_next_weeks() -> None:
    friday = datetime(2026, 3, 6, 10, 0, tzinfo=NOW.tzinfo)
    assert said(read("en", "friday at 9", friday)) == "2026-03-13 09:00"
    assert said(read("en", "friday at 11", friday)) == "ask which_week"
    assert said(read("en", "this friday at 11", friday)) == "2026-03-06 11:00"


def test_across_the_spring_change_the_hour_is_the_offices_own() -> None:
    """The clocks change on the 8th: what is read is the time on the wall."""
    assert said(read("en", "monday the 9th at 9")) == "2026-03-09 09:00"
