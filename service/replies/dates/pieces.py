"""What a text about a day is made of. Nothing is decided here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Half = Literal["am", "pm", ""]
Part = Literal["morning", "afternoon", "evening", ""]
Turn = Literal["", "coming", "upcoming", "next", "after_next"]


@dataclass(frozen=True, slots=True)
class Named:
    """A day of a named month: "March 14", "14 de marzo". year: as written, None if it was not."""

    month: int
    day: int
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Numbers:
    """Two numbers with a stroke: "5/4". Which of them is the month is for others to say."""

    first: int
    second: int
    year: int | None = None


@dataclass(frozen=True, slots=True)
class MonthDay:
    """A day without its month: "the 14th", "martes 10". is_bare: only a number behind a weekday."""

    day: int
    is_bare: bool = False


@dataclass(frozen=True, slots=True)
class Away:
    """So many days, weeks or months from today."""

    count: int
    unit: Literal["days", "weeks", "months"] = "days"


@dataclass(frozen=True, slots=True)
class WeekDay:
    """0 is Monday. turn: "this", "next", "Tuesday after next". weeks: so many later, "el martes en ocho"."""

    number: int
    turn: Turn = ""
    weeks: int = 0


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """As it was said: half is "" where nobody said morning or afternoon."""

    hour: int
    minute: int = 0
    half: Half = ""


@dataclass(frozen=True, slots=True)
class Nth:
    """The first, second or last weekday of a month: "primer lunes de mayo".

    order: 1 to 4, or -1 for the last.   month: 1 to 12; None where `Pieces.month` says which one.
    """

    weekday: int
    order: int
    month: int | None = None
    year: int | None = None


Day = Named | Numbers | MonthDay | Away | Nth


@dataclass(slots=True)
class Pieces:
    """What was found.

    week, month, year: 0 for this one, 1 for the next; None where it is not said. is_window: from one
    time to another. is_vague: words that name no one day ("the week of").
    """

    days: list[Day] = field(default_factory=list)
    weekdays: list[WeekDay] = field(default_factory=list)
    week: int | None = None
    month: int | None = None
    year: int | None = None
    times: list[TimeOfDay] = field(default_factory=list)
    part: Part = ""
    is_window: bool = False
    is_past: bool = False
    is_vague: bool = False

    def year_of(self, today: date) -> int | None:
        """Return the year that "next year" names; None where none was."""
        return None if self.year is None else today.year + self.year
