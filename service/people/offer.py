"""What somebody offers: their language, area, languages, roles, seats, and when they rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from service.errors import InvalidValue
from service.people.members import Standing
from service.people.register import LANGUAGES, ROLES
from service.people.tables import Person, Volunteer

LONGEST_AREA = 40
MOST_SEATS = 12
LONGEST_PAUSE = timedelta(days=366)
# What can be ticked; who speaks another language tells it by text or to a person.
SPOKEN = ("en", "es", "pt", "ht", "fr", "mam", "quc", "kek", "asl")


@dataclass(frozen=True)
class Offered:
    """What a form says. languages: codes of SPOKEN.   roles: those of people/register.py."""

    language: str
    area: str
    languages: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    car_seats: int = 0


@dataclass(frozen=True)
class SignUp:
    """What somebody wrote to join. code: of a member who vouches for them, or ""."""

    alias: str
    offered: Offered
    code: str = ""


def signup_in(typed: Mapping[str, str]) -> SignUp:
    """Read a sign-up that was looked over before it was kept: boxes are speaks_es, role_driver."""
    return SignUp(
        typed.get("alias", "").strip(), offer_in(typed), re.sub(r"\D", "", typed.get("vouch", ""))
    )


def offer_in(typed: Mapping[str, str]) -> Offered:
    """Read what a form says; `car_seats` is 0 where it is no number."""
    seats = typed.get("car_seats", "").strip()
    return Offered(
        language=typed.get("language", ""),
        area=typed.get("area", "").strip(),
        languages=tuple(code for code in SPOKEN if f"speaks_{code}" in typed),
        roles=tuple(role for role in ROLES if f"role_{role}" in typed),
        car_seats=int(seats) if re.fullmatch(r"\d{1,6}", seats, re.ASCII) else 0,
    )


def check_offer(offered: Offered) -> list[InvalidValue]:
    """Return what is wrong with it, field by field."""
    wrong = []
    if offered.language not in LANGUAGES:
        wrong.append(InvalidValue("language", "unknown_language"))
    if not offered.area:
        wrong.append(InvalidValue("area", "missing"))
    if len(offered.area) > LONGEST_AREA:
        wrong.append(InvalidValue("area", "too_long", limit=LONGEST_AREA))
    if not 0 <= offered.car_seats <= MOST_SEATS:
        wrong.append(InvalidValue("car_seats", "too_big", most=MOST_SEATS))
    return wrong


def change_offer(session: Session, person: Person, volunteer: Volunteer, offered: Offered) -> None:
    """Write down what they offer; languages that the form does not know stay. Safe to run twice."""
    person.language, person.area = offered.language, offered.area
    others = [code for code in volunteer.languages if code not in SPOKEN]
    volunteer.languages = [*offered.languages, *others] or [offered.language]
    volunteer.roles = [role for role in ROLES if role in offered.roles]
    volunteer.car_seats = offered.car_seats
    session.add(person)
    session.add(volunteer)
    session.flush()


def pause(
    session: Session, standings: Iterable[Standing], until: datetime | None, *, now: datetime
) -> None:
    """Ask them nothing before `until` (aware; None: go on), in each of these chapters.

    Raises InvalidValue on `until`.
    """
    if until is not None and until <= now:
        raise InvalidValue("until", "past_date")
    if until is not None and until > now + LONGEST_PAUSE:
        raise InvalidValue("until", "too_far_off")
    for standing in standings:
        standing.paused_until = until
        session.add(standing)
    session.flush()
