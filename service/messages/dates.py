"""Write days and times for people. Pure: the moment, the zone and the language are arguments.

Two audiences. Texts (`day`, `weekday`, `time`) use GSM-7 letters only, so that a date never
doubles the price of a text: Spanish says "sabado" there. Pages (`when`, `page_day`) keep accents.
The day is written out, with its weekday: "10/3" means two different days to two readers.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from datetime import time as clock_time
from typing import Literal
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, format_timedelta

from service.errors import NaiveDatetime

PartOfDay = Literal["morning", "afternoon", "evening"]

_TEXT_DAY = {"en": "EEE MMM d", "es": "EEEE d 'de' MMMM"}
_PAGE_DAY = {"en": "EEE d MMM", "es": "EEE d MMM"}
_RELATIVE_DAY = {
    "en": {-1: "yesterday", 0: "today", 1: "tomorrow"},
    "es": {-1: "ayer", 0: "hoy", 1: "mañana"},
}
# The only letter of Spanish day and month names outside GSM-7 is the á of sábado.
_GSM_NAMES = str.maketrans("áíóú", "aiou")


def day(at: datetime, zone: ZoneInfo, language: str) -> str:
    """Return the day for a text: "Tue Mar 10", "martes 10 de marzo".

    at: an aware moment. zone: where the event takes place. Raises NaiveDatetime.
    """
    return _write(at, zone, language, _TEXT_DAY[language]).translate(_GSM_NAMES)


def weekday(at: datetime, zone: ZoneInfo, language: str) -> str:
    """Return the weekday for a text: "Tuesday", "sabado". Raises NaiveDatetime."""
    return _write(at, zone, language, "EEEE").translate(_GSM_NAMES)


def time(at: datetime, zone: ZoneInfo) -> str:
    """Return the time for a text or page, alike in both languages: "8:00 am", "12:30 pm".

    Written by hand: Babel puts U+202F before am, which makes a whole text UCS-2.
    """
    return clock(_local(at, zone).time())


def clock(at: clock_time) -> str:
    """Return a time of day the same way: "8:00 am"."""
    return f"{at.hour % 12 or 12}:{at.minute:02} {'am' if at.hour < 12 else 'pm'}"


def hour(at: datetime, zone: ZoneInfo, language: str) -> str:
    """Return the time as it follows "at" or "since": "1:00 pm", "la 1:00 pm", "las 8:00 am"."""
    written = time(at, zone)
    if language != "es":
        return written
    return f"{'la' if written.startswith('1:') else 'las'} {written}"


def deadline(at: datetime, zone: ZoneInfo, language: str) -> str:
    """Return a moment within the next days, as it follows "before": "Wednesday, 6:00 pm"."""
    return f"{weekday(at, zone, language)}, {time(at, zone)}"


def part_of_day(at: datetime, zone: ZoneInfo) -> PartOfDay:
    """Return the part of the day; its words are `catalog.word("part_of_day", ...)`.

    Morning ends at 12:00, afternoon at 18:00.
    """
    hour = _local(at, zone).hour
    if hour < 12:
        return "morning"
    return "afternoon" if hour < 18 else "evening"


def page_day(at: datetime, zone: ZoneInfo, language: str) -> str:
    """Return the day for a page: "Tue 10 Mar", "sáb 14 mar"."""
    return _write(at, zone, language, _PAGE_DAY[language])


def when(at: datetime, now: datetime, zone: ZoneInfo, language: str) -> str:
    """Return day, time and distance for a page: "Tue 4 May, 9:00 am (in 3 days)".

    The year is added when it is not this one. Raises NaiveDatetime for either moment.
    """
    local, today = _local(at, zone), _local(now, zone)
    year = "" if local.year == today.year else f" {local.year}"
    written = f"{page_day(at, zone, language)}{year}, {time(at, zone)}"
    return f"{written} ({relative(at, now, zone, language)})"


def relative(at: datetime, now: datetime, zone: ZoneInfo, language: str) -> str:
    """Return how far away a moment is, in the reader's calendar: "in 2 hours", "mañana".

    Today counts hours and minutes; any other day counts midnights, so that 9 am is
    "tomorrow" at 8 pm the evening before and not "in 13 hours".
    """
    local, today = _local(at, zone), _local(now, zone)
    days = (local.date() - today.date()).days
    if days == 0:
        return _distance(at - now, language)
    named = _RELATIVE_DAY[language].get(days)
    return named or _distance(timedelta(days=days), language)


def _distance(gap: timedelta, language: str) -> str:
    if abs(gap) < timedelta(minutes=1):
        return {"en": "now", "es": "ahora"}[language]
    # The threshold keeps "in 90 minutes" from being rounded up to "in 2 hours".
    granularity: Literal["day", "minute"] = "day" if abs(gap) >= timedelta(days=1) else "minute"
    return format_timedelta(
        gap, granularity=granularity, threshold=2, add_direction=True, locale=language
    )


def _write(at: datetime, zone: ZoneInfo, language: str, pattern: str) -> str:
    return format_datetime(_local(at, zone), pattern, locale=language)


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    if at.utcoffset() is None:
        raise NaiveDatetime(f"no time zone: {at!r}; make it aware before writing it")
    return at.astimezone(zone)
