"""Find people as organizers look for them: by words of a name, by number, by what they offer.

Names and numbers are found by their blind indexes: nothing is opened to find them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import String, cast, func, or_
from sqlmodel import Session, col, select

from service.people.register import alias_words
from service.people.tables import AliasWord, Consent, Family, Person, Volunteer
from service.privacy.keyring import Keyring


@dataclass(frozen=True)
class Search:
    """What is looked for; what is empty is not asked. kind: volunteer, family or "" for both.

    name: whole words of it, in any order; area: how it begins; phone: E.164, exactly, and then
    whoever has it is found, be they neither.
    """

    name: str = ""
    phone: str = ""
    area: str = ""
    language: str = ""
    role: str = ""
    vetting: int | None = None
    kind: str = ""


@dataclass(frozen=True)
class Found:
    """One person, and what they are to us: a volunteer, a family, or both."""

    person: Person
    volunteer: Volunteer | None
    family: Family | None


def search(
    session: Session, keyring: Keyring, chapter_id: UUID, wanted: Search, *,
    after: UUID | None = None, limit: int,
) -> list[Found]:  # fmt: skip
    """Return the chapter's people who fit all of it, by id, those after `after`. One query."""
    columns: Any = (Person, Volunteer, Family)
    query: Any = (
        select(*columns)
        .select_from(Person)
        .join(Volunteer, col(Volunteer.person_id) == Person.id, isouter=True)
        .join(Family, col(Family.person_id) == Person.id, isouter=True)
        .where(Person.chapter_id == chapter_id, Person.consent != Consent.ERASED)
        .where(*_conditions(keyring, wanted))
    )
    if after is not None:
        query = query.where(col(Person.id) > after)
    return [Found(*row) for row in session.exec(query.order_by(col(Person.id)).limit(limit)).all()]


def _conditions(keyring: Keyring, wanted: Search) -> list[Any]:
    is_volunteer = col(Volunteer.person_id).is_not(None)
    is_family = col(Family.person_id).is_not(None)
    kinds = {"volunteer": is_volunteer, "family": is_family}
    anybody = or_(is_volunteer, is_family)
    found: list[Any] = [] if wanted.phone else [kinds.get(wanted.kind, anybody)]
    for word in sorted(alias_words(wanted.name)):
        having = select(AliasWord.person_id).where(AliasWord.word_key == keyring.word_key(word))
        found.append(col(Person.id).in_(having))
    if wanted.phone:
        found.append(col(Person.phone_key) == keyring.phone_key(wanted.phone))
    if wanted.area:
        begins = wanted.area.lower()
        found.append(func.lower(col(Person.area)).startswith(begins, autoescape=True))
    if wanted.language:
        found.append(col(Person.language) == wanted.language)
    if wanted.role:
        found.append(
            cast(col(Volunteer.roles), String).contains(f'"{wanted.role}"', autoescape=True)
        )
    if wanted.vetting is not None:
        found.append(col(Volunteer.vetting) == wanted.vetting)
    return found
