"""What a phone shows: its bubbles, in the words of whoever holds it. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from service.sandbox.calls import Call
from service.sandbox.messages import Message
from service.sandbox.phones import Phone

Words = dict[str, Any]
Mood = Literal["good", "wait", "bad"]

MARKS: dict[Mood, str] = {"good": "✓", "wait": "○", "bad": "✕"}
MOST_CALLS = 3
UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


@cache
def _all_words() -> dict[str, Words]:
    return tomllib.loads((Path(__file__).parent / "words.toml").read_text("utf-8"))


def words_for(language: str) -> Words:
    """Return the words of this language, or the English ones."""
    words = _all_words()
    return words.get(language, words["en"])


@dataclass(frozen=True)
class Bubble:
    """One text on the screen. day: set where a new day begins. is_ours: written on this phone."""

    body: str
    time: str
    day: str | None
    is_ours: bool
    is_carrier: bool
    parts: str | None
    mood: Mood
    mark: str
    state: str


@dataclass(frozen=True)
class Ring:
    """One call on the screen: ringing, being heard, or over."""

    sid: str
    time: str
    state: str
    is_ringing: bool
    is_heard: bool
    waits_for_key: bool
    said: str
    pressed: str


@dataclass(frozen=True)
class Screen:
    """One phone as the page draws it."""

    phone: Phone
    words: Words
    peer: str
    bubbles: tuple[Bubble, ...]
    has_earlier: bool
    is_stopped: bool
    rings: tuple[Ring, ...] = ()

    @property
    def lang(self) -> str:
        return "es" if self.words is words_for("es") else "en"

    @property
    def dom_id(self) -> str:
        return f"phone-{self.phone.number.removeprefix('+')}"

    @property
    def last(self) -> Bubble | None:
        return self.bubbles[-1] if self.bubbles else None


def draw(
    phone: Phone, *, peer: str, zone: ZoneInfo, most: int, is_stopped: bool,
    calls: Sequence[Call] = (),
) -> Screen:  # fmt: skip
    """Return the phone's screen with its last `most` texts; peer: the number it talks with."""
    words = words_for(phone.language)
    bubbles: list[Bubble] = []
    last_day = None
    for message in phone.thread[-most:]:
        local = message.created_at.astimezone(zone)
        day = None if local.date() == last_day else write_day(local, words)
        last_day = local.date()
        bubbles.append(_bubble(message, local, day, words))
    return Screen(
        phone=phone,
        words=words,
        peer=write_number(peer),
        bubbles=tuple(bubbles),
        has_earlier=len(phone.thread) > most,
        is_stopped=is_stopped,
        rings=tuple(_ring(call, zone, words) for call in calls[-MOST_CALLS:]),
    )


def _ring(call: Call, zone: ZoneInfo, words: Words) -> Ring:
    is_ringing, is_heard = call.status == "ringing", call.status == "in-progress"
    state = words["ringing"] if is_ringing else words["talking"] if is_heard else words["missed"]
    if call.status == "completed":
        state = words["call_over"]
    return Ring(
        sid=call.sid,
        time=write_time(call.created_at.astimezone(zone)),
        state=state,
        is_ringing=is_ringing,
        is_heard=is_heard,
        waits_for_key=bool(call.waits_for),
        said=call.said[-1] if call.said else "",
        pressed=", ".join(call.pressed),
    )


def _bubble(message: Message, local: datetime, day: str | None, words: Words) -> Bubble:
    mood, state = _state(message, words)
    segments = message.segments
    return Bubble(
        body=message.text,
        time=write_time(local),
        day=day,
        is_ours=message.direction == "inbound",
        is_carrier=message.direction == "outbound-reply",
        parts=f"{segments} {words['parts']}" if segments > 1 else None,
        mood=mood,
        mark=MARKS[mood],
        state=state,
    )


def _state(message: Message, words: Words) -> tuple[Mood, str]:
    if message.direction == "inbound":
        if message.answer is None:
            return "wait", words["sending"]
        if isinstance(message.answer, int) and message.answer < 300:
            return "good", words["sent"]
        return "bad", f"{words['not_taken']} ({message.answer})"
    if message.status == "delivered":
        return "good", words["delivered"]
    if message.status in {"undelivered", "failed"}:
        return "bad", f"{words['failed']} ({message.error_code})"
    return "wait", words["waiting"]


def write_time(local: datetime) -> str:
    """Return "9:05 am"."""
    return f"{local.hour % 12 or 12}:{local.minute:02} {'am' if local.hour < 12 else 'pm'}"


def write_day(local: datetime, words: Words) -> str:
    """Return "Tue 10 Mar"."""
    return f"{words['days'][local.weekday()]} {local.day} {words['months'][local.month - 1]}"


def write_number(number: str) -> str:
    """Return an American number as people write it, any other as it is."""
    digits = number.removeprefix("+1")
    if number.startswith("+1") and len(digits) == 10:
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"
    return number


def write_shift(offset: timedelta) -> str:
    """Say how far the clock was moved, in its largest unit, or "" if it wasn't."""
    seconds = round(abs(offset.total_seconds()))
    for size, name in UNITS:
        if count := seconds // size:
            words = f"{count} {name}{'s' if count > 1 else ''}"
            return f"moved {words} {'ahead' if offset > timedelta(0) else 'back'}"
    return ""
