"""Write a calendar that other programs subscribe to. Pure: no clock, no database.

Source: RFC 5545, sections 3.1 (lines of at most 75 octets, folded), 3.3.11 (escaped text), 3.6.1
(events), 3.8 (properties).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

LONGEST_LINE = 75  # octets, the line break not counted
MADE_BY = "-//Acompana//EN"


@dataclass(frozen=True)
class Entry:
    """One event. Times are aware; `uid` stays the same for the same event, `sequence` counts its moves."""

    uid: str
    title: str
    starts_at: datetime
    ends_at: datetime
    place: str = ""
    status: str = "CONFIRMED"  # or TENTATIVE, CANCELLED
    sequence: int = 0


def write_calendar(name: str, entries: Iterable[Entry], *, now: datetime) -> str:
    """Return the calendar as text, lines ended by CR LF. `now`: when it was put together."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{MADE_BY}", "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH", f"X-WR-CALNAME:{escape(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
    ]  # fmt: skip
    for entry in entries:
        lines += _event(entry, now)
    lines.append("END:VCALENDAR")
    return "".join(f"{fold(line)}\r\n" for line in lines)


def _event(entry: Entry, now: datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{entry.uid}"
    yield f"DTSTAMP:{_utc(now)}"
    yield f"DTSTART:{_utc(entry.starts_at)}"
    yield f"DTEND:{_utc(entry.ends_at)}"
    yield f"SEQUENCE:{entry.sequence}"
    yield f"SUMMARY:{escape(entry.title)}"
    if entry.place:
        yield f"LOCATION:{escape(entry.place)}"
    yield f"STATUS:{entry.status}"
    if entry.status != "CONFIRMED":
        yield "TRANSP:TRANSPARENT"  # nobody is busy with it
    yield "CLASS:PRIVATE"
    yield "END:VEVENT"


def escape(text: str) -> str:
    """Return text as a property's value: backslash, comma, semicolon and line breaks escaped."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\\", "\\\\")
    return plain.replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def fold(line: str) -> str:
    """Return a line in pieces of at most 75 octets; what follows the first begins with a space.

    A letter of several octets is never split.
    """
    pieces, piece, room = [], "", LONGEST_LINE
    for letter in line:
        size = len(letter.encode())
        if size > room:
            pieces.append(piece)
            piece, room = "", LONGEST_LINE - 1  # the space counts
        piece += letter
        room -= size
    return "\r\n ".join([*pieces, piece])


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
