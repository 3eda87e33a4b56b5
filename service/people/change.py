"""Change what we know of a person, as an organizer was told. On the record: which parts, not what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from service.db import Table
from service.errors import InvalidForm, InvalidValue
from service.people.members import standing_of
from service.people.register import LANGUAGES, LONGEST_ALIAS, ROLES, rename
from service.people.tables import Family, Person, Training, Volunteer
from service.privacy import audit
from service.privacy.keyring import Keyring
from service.privacy.policy import Viewer
from service.privacy.scrub import scrub

LONGEST_AREA = 40
LONGEST_TRAINING = 40
MOST_SEATS = 20
SPOKEN = ("en", "es", "pt", "ht", "fr")


@dataclass(frozen=True)
class About:
    """What an organizer says of a person. alias "": it stays as it is.

    The second half is a volunteer's: languages they speak, seats in their car, a break until then.
    """

    alias: str
    language: str
    area: str
    roles: Sequence[str] = ()
    languages: Sequence[str] = ()
    car_seats: int = 0
    trainings: Sequence[Training] = ()
    paused_until: datetime | None = None


def change_person(
    session: Session, keyring: Keyring, person: Person, told: About, *, by: Viewer, now: datetime,
    chapter_id: UUID | None = None,
) -> None:  # fmt: skip
    """Write what differs. Safe to run twice. Raises InvalidForm.

    chapter_id: whose organizer says it (None: of their home): a break is one from this chapter.
    """
    _check(told)
    changed = _put(person, {"language": told.language, "area": told.area})
    if told.alias:
        rename(session, keyring, person, told.alias)
        changed.append("alias")
    volunteer = session.get(Volunteer, person.id)
    standing = standing_of(session, person.id, chapter_id)
    if volunteer is not None and standing is not None:
        changed += _put(standing, {"paused_until": told.paused_until})
        session.add(standing)
        changed += _put(
            volunteer,
            {
                "roles": list(told.roles), "car_seats": told.car_seats,
                "languages": list(told.languages) or [told.language],
                "trainings": list(told.trainings) or None,
            },
        )  # fmt: skip
        session.add(volunteer)
    session.add(person)
    _record(session, person, "person.change", changed, by, now)


def change_ticks(
    session: Session, person: Person, family: Family, *, has_lawyer: bool, papers_are_held: bool,
    by: Viewer, now: datetime,
) -> None:  # fmt: skip
    """Note what a family has arranged: ticks and nothing more. Safe to run twice."""
    changed = _put(family, {"has_lawyer": has_lawyer, "papers_are_held": papers_are_held})
    session.add(family)
    _record(session, person, "family.change", changed, by, now)


def _check(told: About) -> None:
    problems = []
    if told.language not in LANGUAGES:
        problems.append(InvalidValue("language", "unknown_language"))
    limits = (("alias", told.alias, LONGEST_ALIAS), ("area", told.area, LONGEST_AREA))
    for name, value, limit in limits:
        if len(value) > limit:
            problems.append(InvalidValue(name, "too_long", limit=limit))
        elif scrub(value) != value:
            problems.append(InvalidValue(name, "never_kept"))
    if not 0 <= told.car_seats <= MOST_SEATS:
        problems.append(InvalidValue("car_seats", "too_big", most=MOST_SEATS))
    if set(told.roles) - set(ROLES) or set(told.languages) - set(SPOKEN):
        problems.append(InvalidValue("roles", "invalid"))
    if any(len(each["name"]) > LONGEST_TRAINING for each in told.trainings):
        problems.append(InvalidValue("training_0", "too_long", limit=LONGEST_TRAINING))
    if problems:
        raise InvalidForm(problems)


def _put(row: Table, told: dict[str, Any]) -> list[str]:
    """Set what differs; return which columns those are."""
    changed = [name for name, value in told.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, told[name])
    return changed


def _record(
    session: Session, person: Person, action: str, changed: list[str], by: Viewer, now: datetime
) -> None:
    if changed:
        subject = f"person:{person.id.hex}"
        detail = ", ".join(sorted(changed))
        audit.record(session, actor=by, action=action, subject=subject, now=now, detail=detail)
