"""A calendar as RFC 5545 wants it, read back by a reader written from the RFC and not from ours."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.messages.ical import LONGEST_LINE, Entry, escape, fold, write_calendar

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def read_calendar(text: str) -> list[dict[str, str]]:
    """Return the events of a calendar, property by property, values unescaped."""
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    lines = re.sub("\r\n[ \t]", "", text).split("\r\n")[:-1]
    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    events: list[dict[str, str]] = []
    for line in lines:
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            events.append({})
        elif events and "END" not in events[-1]:
            assert name.partition(";")[0] not in events[-1], line
            events[-1][name.partition(";")[0]] = _plain(value)
    return events


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)


def entry(**changes: str) -> Entry:
    values = {"uid": "a@acompana", "title": "Visit"} | changes
    return Entry(starts_at=NOW, ends_at=NOW + timedelta(hours=4), **values)  # type: ignore[arg-type]


def test_what_is_written_reads_back() -> None:
    (event,) = read_calendar(write_calendar("Events", [entry(place="Hartford")], now=NOW))
    assert event["UID"] == "a@acompana"
    assert event["DTSTAMP"] == event["DTSTART"] == "20260302T150000Z"
    assert event["DTEND"] == "20260302T190000Z"
    assert (event["SUMMARY"], event["LOCATION"]) == ("Visit", "Hartford")
    assert (event["STATUS"], event["SEQUENCE"]) == ("CONFIRMED", "0")


def test_no_events_is_a_calendar_too() -> None:
    assert read_calendar(write_calendar("Events", [], now=NOW)) == []


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=400))
def test_any_text_reads_back_from_lines_of_75_octets(text: str) -> None:
    text = f"x{text}"
    (event,) = read_calendar(write_calendar("Events", [entry(title=text)], now=NOW))
    assert event["SUMMARY"] == text
    for line in fold(f"SUMMARY:{escape(text)}").split("\r\n"):
        assert len(line.encode()) <= LONGEST_LINE


def test_line_breaks_cannot_add_a_property() -> None:
    for broken in ("a\r\nATTACH:x", "a\nATTACH:x", "a\rATTACH:x"):
        (event,) = read_calendar(write_calendar("Events", [entry(title=broken)], now=NOW))
        assert "ATTACH" not in event
        assert event["SUMMARY"] == "a\nATTACH:x"
