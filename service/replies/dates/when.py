"""Read a day and a time in people's own words, or say what has to be asked. Pure.

Whoever turns up on the wrong day may lose everything, so what is not sure is asked: two readings of
"5/4", a weekday that contradicts its date, "next Tuesday" on a Monday. What is read is always read
back with its weekday before it counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from service.replies.dates.find import find_pieces
from service.replies.dates.pieces import (
    Away,
    Day,
    MonthDay,
    Named,
    Nth,
    Numbers,
    Pieces,
    TimeOfDay,
    WeekDay,
)
from service.replies.dates.reckon import date_or_none, holidays_of, monday, months_on, nth_of

LATEST = timedelta(days=548)  # eighteen months
JUST_PAST = timedelta(days=60)  # a date that is no longer gone than this is not next year's
A_LEAP_YEAR = 2024
OPENS, CLOSES = time(6), time(19)  # no office gives an appointment before or after
SUNDAY = 6  # of this week to some, of the next one to others
MONTH_FIRST = ("US", "PR")  # where 5/4 is the fourth of May to whoever writes English


class Question(StrEnum):
    """What has to be asked before a date can count."""

    NO_DAY = "no_day"
    SEVERAL_DAYS = "several_days"
    NO_SUCH_DAY = "no_such_day"
    DAY_OR_MONTH = "day_or_month"
    WEEKDAY_DIFFERS = "weekday_differs"
    WHICH_WEEK = "which_week"
    PAST = "past"
    FAR = "far"
    WINDOW = "window"
    SEVERAL_TIMES = "several_times"
    AM_OR_PM = "am_or_pm"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"


WORTH_ASKING = (Question.WEEKEND, Question.HOLIDAY)  # the day is clear, and may still be a slip


@dataclass(frozen=True, slots=True)
class When:
    """What was read. day: None where it is not clear.  at: None without a clear time, local.

    question: what to ask; None where everything is clear. A weekend or a holiday has both.
    """

    day: date | None = None
    at: time | None = None
    question: Question | None = None


class _AskError(Exception):
    def __init__(self, question: Question) -> None:
        self.question = question


def read_when(text: str, *, language: str, now: datetime, country: str = "US") -> When:
    """Return the day and time that a text names, or what to ask and nothing else.

    Never raises, never guesses.

    text: as it came.   language: the writer's, "en" or "es"; both are understood from everyone.
    now: an aware moment; its own zone is where the event takes place.   country: ISO code, for
    holidays and for which of two numbers is the month.
    """
    read = read_what_is_clear(text, language=language, now=now, country=country)
    if read.question is None or read.question in WORTH_ASKING:
        return read
    return When(question=read.question)


def read_what_is_clear(text: str, *, language: str, now: datetime, country: str = "US") -> When:
    """Return the same with the part that is clear beside the question: the day of "May 4, 8 to 4"."""
    pieces = find_pieces(text)
    today = now.date()
    try:
        day = _day(pieces, today, now.time(), language, country)
    except _AskError as error:
        return When(at=_time_or_question(pieces)[0], question=error.question)
    at, unclear = _time_or_question(pieces)
    if day < today or (day == today and at is not None and at <= now.time()):
        return When(question=Question.PAST)
    if day - today > LATEST:
        return When(question=Question.FAR)
    return When(day, at, unclear or worth_asking(day, country))


def read_time(text: str, *, first_of_window: bool = False) -> When:
    """Return the time that a text names where the day is known already: "9", "a las 9", "9:30".

    first_of_window: of "8 to 4" take the 8. Never raises.
    """
    pieces = find_pieces(text)
    if not pieces.times:
        pieces = find_pieces(f"at {text}")
    if first_of_window and pieces.is_window and pieces.times:
        pieces = replace(pieces, times=pieces.times[:1], is_window=False)
    at, question = _time_or_question(pieces)
    return When(at=at, question=question)


def _time_or_question(pieces: Pieces) -> tuple[time | None, Question | None]:
    try:
        return _time(pieces), None
    except _AskError as error:
        return None, error.question


def worth_asking(day: date, country: str) -> Question | None:
    """Return why a day may be a slip although it is clear: a weekend or a public holiday."""
    if day.weekday() >= 5:
        return Question.WEEKEND
    return Question.HOLIDAY if day in holidays_of(country, day.year) else None


def is_odd_hour(at: time) -> bool:
    """Return whether no office is open then: an afternoon that was typed as a night, most likely."""
    return not OPENS <= at <= CLOSES


# --- the day -------------------------------------------------------------------------------------


def _day(pieces: Pieces, today: date, clock: time, language: str, country: str) -> date:
    if pieces.is_past:
        raise _AskError(Question.PAST)
    if pieces.is_vague:
        raise _AskError(Question.SEVERAL_DAYS)
    weekdays = list(dict.fromkeys(pieces.weekdays))
    if len({one.number for one in weekdays}) > 1:
        raise _AskError(Question.SEVERAL_DAYS)
    weekday = weekdays[0] if weekdays else None
    named = _without_hours(pieces, weekday, today)
    weeks = [one for one in named if isinstance(one, Away) and one.unit == "weeks"]
    if weekday and weeks and len(named) == 1:
        pieces.week, named = weeks[0].count, []
    days = {_of(one, weekday, pieces, today, language, country) for one in named}
    if len(days) > 1:
        raise _AskError(Question.SEVERAL_DAYS)
    if not days:
        if weekday is None:
            raise _AskError(Question.NO_DAY)
        return _of_weekday(weekday, pieces, today, clock)
    day = days.pop()
    if weekday is not None and day.weekday() != weekday.number:
        raise _AskError(Question.WEEKDAY_DIFFERS)
    if not _fits_week(day, pieces, today):
        raise _AskError(Question.SEVERAL_DAYS)
    return day


def _fits_week(day: date, pieces: Pieces, today: date) -> bool:
    """Return whether a day lies in the week that was said; any does where none was."""
    if pieces.week not in (0, 1):
        return True
    return monday(day) == monday(today) + timedelta(weeks=pieces.week)


def _without_hours(pieces: Pieces, weekday: WeekDay | None, today: date) -> list[Day]:
    """Return the days. A bare number behind a weekday may be its hour: "Tuesday 9"."""
    days = list(dict.fromkeys(pieces.days))
    bare = [one for one in days if isinstance(one, MonthDay) and one.is_bare]
    if len(bare) != 1 or weekday is None or pieces.times:
        return days
    if len(days) == 1 and any(
        day.weekday() == weekday.number and _fits_week(day, pieces, today)
        for day in _next_such_days(bare[0].day, today)
    ):
        return days
    if 1 <= bare[0].day <= 12:
        pieces.times.append(TimeOfDay(bare[0].day))
        days.remove(bare[0])
    return days


def _of(
    day: Day, weekday: WeekDay | None, pieces: Pieces, today: date, language: str, country: str
) -> date:
    match day:
        case Named(month, number, year):
            return _with_year(month, number, year or pieces.year_of(today), today)
        case Numbers():
            dated = replace(day, year=day.year or pieces.year_of(today))
            return _of_numbers(dated, weekday, today, language, country)
        case MonthDay():
            return _of_month_day(day, weekday, pieces.month, today)
        case Nth():
            return _of_nth(day, pieces.month, today)
        case Away(count, "months"):
            return months_on(today, count)
        case Away(count, unit):
            return today + timedelta(days=count * (7 if unit == "weeks" else 1))


def _with_year(month: int, number: int, year: int | None, today: date) -> date:
    """Return the date; without its year the next one, unless it has only just gone by."""
    if year is not None:
        return _date(year, month, number)
    day = date_or_none(today.year, month, number)
    if day is not None and day >= today:
        return day
    if day is not None and today - day <= JUST_PAST:
        raise _AskError(Question.PAST)
    if day is None and (today.month, today.day) < (month, number):
        raise _AskError(Question.NO_SUCH_DAY)  # the 29th of February of a year without one
    return _date(today.year + 1, month, number)


def _of_numbers(
    day: Numbers, weekday: WeekDay | None, today: date, language: str, country: str
) -> date:
    """5/4: May or April? Whatever is not certain is asked."""
    is_month_first = date_or_none(day.year or A_LEAP_YEAR, day.first, day.second) is not None
    pairs = dict.fromkeys(((day.first, day.second), (day.second, day.first)))
    if language == "en" and country in MONTH_FIRST and weekday is None and is_month_first:
        return _with_year(day.first, day.second, day.year, today)
    dates: list[date] = []
    for month, number in pairs:
        if date_or_none(day.year or A_LEAP_YEAR, month, number) is not None:
            dates.append(_with_year(month, number, day.year, today))
    if not dates:
        raise _AskError(Question.NO_SUCH_DAY)
    if len(dates) == 1:
        return dates[0]
    if weekday is not None:
        fitting = [one for one in dates if one.weekday() == weekday.number]
        if not fitting:
            raise _AskError(Question.WEEKDAY_DIFFERS)
        if len(fitting) == 1:
            return fitting[0]
    if language == "en" and country in MONTH_FIRST:
        return dates[0]
    raise _AskError(Question.DAY_OR_MONTH)


def _of_month_day(day: MonthDay, weekday: WeekDay | None, month: int | None, today: date) -> date:
    if month is not None:
        first = months_on(today.replace(day=1), month)
        return _date(first.year, first.month, day.day)
    soon = list(_next_such_days(day.day, today))
    if not soon:
        raise _AskError(Question.NO_SUCH_DAY)
    if weekday is None:
        return soon[0]
    fitting = [one for one in soon if one.weekday() == weekday.number]
    if not fitting:
        raise _AskError(Question.WEEKDAY_DIFFERS)
    return fitting[0]


def _of_nth(day: Nth, month: int | None, today: date) -> date:
    """Return the first, second or last such weekday of its month, the next month of that name."""
    if day.month is None:
        first = months_on(today.replace(day=1), month or 0)
        return nth_of(day, first.year, first.month)
    if day.year is not None:
        return nth_of(day, day.year, day.month)
    found = nth_of(day, today.year, day.month)
    if found < today and today - found <= JUST_PAST:
        raise _AskError(Question.PAST)
    return found if found >= today else nth_of(day, today.year + 1, day.month)


def _next_such_days(number: int, today: date) -> Iterator[date]:
    """Yield the next two days of that number."""
    found = 0
    for months in range(4):
        first = months_on(today.replace(day=1), months)
        day = date_or_none(first.year, first.month, number)
        if day is not None and day >= today and found < 2:
            found += 1
            yield day


def _of_weekday(weekday: WeekDay, pieces: Pieces, today: date, clock: time) -> date:
    if today.weekday() == SUNDAY and (pieces.week or weekday.turn == "next"):
        raise _AskError(Question.WHICH_WEEK)
    if pieces.week is not None:
        return monday(today) + timedelta(weeks=pieces.week, days=weekday.number)
    ahead = (weekday.number - today.weekday()) % 7
    coming = today + timedelta(days=ahead or 7)
    if weekday.weeks:
        return coming + timedelta(weeks=weekday.weeks)
    if weekday.turn == "after_next":
        raise _AskError(Question.WHICH_WEEK)
    if ahead == 0:
        times = [_resolved(one, pieces) for one in pieces.times]
        if weekday.turn != "coming" and times and times[0] <= clock:
            return coming
        if weekday.turn == "coming" and pieces.times:
            return today if times[0] > clock else coming
        raise _AskError(Question.WHICH_WEEK)
    if weekday.turn == "next" and monday(coming) == monday(today):
        raise _AskError(Question.WHICH_WEEK)
    return coming


def _date(year: int, month: int, number: int) -> date:
    day = date_or_none(year, month, number)
    if day is None:
        raise _AskError(Question.NO_SUCH_DAY)
    return day


# --- the time ------------------------------------------------------------------------------------


def _time(pieces: Pieces) -> time | None:
    if pieces.is_window:
        raise _AskError(Question.WINDOW)
    times = {_resolved(one, pieces) for one in pieces.times}
    if len(times) > 1:
        raise _AskError(Question.SEVERAL_TIMES)
    return times.pop() if times else None


def _resolved(said: TimeOfDay, pieces: Pieces) -> time:
    """Offices see people by day: 7 to 11 is morning and 1 to 5 is afternoon, unless it is said."""
    hour, minute = said.hour, said.minute
    if hour > 12 or hour == 0:
        return time(hour, minute)
    half = said.half or {"morning": "am", "afternoon": "pm", "evening": "pm"}.get(pieces.part, "")
    if not half:
        if hour == 6:
            raise _AskError(Question.AM_OR_PM)
        half = "am" if 7 <= hour <= 11 else "pm"
    if half == "am":
        return time(0 if hour == 12 and pieces.part != "morning" else hour, minute)
    return time(hour if hour == 12 else hour + 12, minute)
