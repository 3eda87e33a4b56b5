"""Whom and what a simulated month is made of. All of it follows from the seed; nobody exists."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.factories import ZONE
from tests.faults.people import number

ZONE_INFO = ZoneInfo(ZONE)
AREAS = (("06103", 50), ("06042", 15), ("Springfield", 15), ("01002", 10), ("02108", 6), ("", 4))
LANGUAGES = ((("en",), 45), (("es",), 35), (("en", "es"), 20))
VETTING = ((0, 10), (1, 10), (2, 62), (3, 18))
ROLES = {"driver": 0.25, "outside_contact": 0.15, "interpreter": 0.2, "legal_observer": 0.1}
FAMILIES_FROM = 5_000  # their numbers, among the invented ones
PLACES = ("Café Sol, 90 Main St", "Library steps, 220 State St")


@dataclass(frozen=True)
class Size:
    """How large a month is. The clocks change on 8 March, a Sunday."""

    first_day: date = date(2026, 3, 2)
    days: int = 30
    volunteers: int = 200
    checkins: int = 60
    rallies: int = 8
    step_minutes: int = 30


WHOLE = Size()
SHORT = Size(
    first_day=date(2026, 3, 4), days=7, volunteers=30, checkins=4, rallies=1, step_minutes=60
)


@dataclass(frozen=True)
class Volunteer:
    """One invented volunteer."""

    phone: str
    language: str
    languages: tuple[str, ...]
    area: str
    vetting: int
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Visit:
    """One check-in: when it is registered and when it starts (UTC), where, and who is needed."""

    place: int
    phone: str
    language: str
    told_at: datetime
    starts_at: datetime
    office: int
    places: dict[str, int]
    cancelled_at: datetime | None = None


@dataclass(frozen=True)
class Rally:
    """One rally: when it is called and when it starts (UTC)."""

    told_at: datetime
    starts_at: datetime


@dataclass(frozen=True)
class Month:
    """Everything that will be told to the service."""

    seed: int
    size: Size
    starts_at: datetime
    ends_at: datetime
    volunteers: list[Volunteer] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    rallies: list[Rally] = field(default_factory=list)


def invent(seed: int, size: Size) -> Month:
    """Return the month that belongs to a seed."""
    dice = random.Random(seed)  # noqa: S311  (invented people)
    starts_at = _at(size.first_day, 8, 0)
    month = Month(seed, size, starts_at, starts_at + timedelta(days=size.days))
    for place in range(size.volunteers):
        month.volunteers.append(_volunteer(dice, place))
    for place in range(size.checkins):
        month.visits.append(_visit(dice, place, size))
    for place in range(size.rallies):
        day = 2 + place * max(1, (size.days - 5) // size.rallies)
        told = _at(size.first_day + timedelta(days=day), 12, 0)
        month.rallies.append(Rally(told, told + timedelta(days=3, hours=5)))
    return month


def _volunteer(dice: random.Random, place: int) -> Volunteer:
    languages = _one(dice, LANGUAGES)
    roles = tuple(role for role, share in ROLES.items() if dice.random() < share)
    if len(languages) == 1:
        roles = tuple(role for role in roles if role != "interpreter")
    return Volunteer(
        number(place), dice.choice(languages), languages, _one(dice, AREAS), _one(dice, VETTING),
        roles,
    )  # fmt: skip


def _visit(dice: random.Random, place: int, size: Size) -> Visit:
    """Registered in the first three weeks, 2 to 16 days ahead; on a weekday, in working hours."""
    told_day = dice.randrange(max(1, size.days - 6))
    ahead = 2 + dice.randrange(min(15, size.days - told_day - 2))
    day = size.first_day + timedelta(days=told_day + ahead)
    while day.weekday() > 4:
        day += timedelta(days=1 if day < size.first_day + timedelta(days=size.days - 2) else -3)
    told = _at(size.first_day + timedelta(days=told_day), dice.randrange(9, 18), 0)
    starts_at = _at(day, dice.randrange(8, 15), dice.choice((0, 30)))
    places = {"lead": 1, "accompanier": 2}
    for role, share in (("driver", 0.3), ("interpreter", 0.2), ("outside_contact", 0.2)):
        if dice.random() < share:
            places[role] = 1
    off = dice.random() < 0.05
    cancelled_at = told + (starts_at - told) / 2 if off else None
    return Visit(
        place, number(FAMILIES_FROM + place), dice.choice(("es", "es", "es", "en")), told,
        starts_at, dice.randrange(2), places, cancelled_at,
    )  # fmt: skip


def _at(day: date, hour: int, minute: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE_INFO).astimezone(UTC)


def _one(dice: random.Random, weighted: tuple[tuple[object, int], ...]):  # type: ignore[no-untyped-def]
    values, weights = zip(*weighted, strict=True)
    return dice.choices(values, weights)[0]
