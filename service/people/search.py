"""Find people as organizers look for them: by words of a name, by number, by what they offer.

Names and numbers are found by their blind indexes: nothing is opened to find them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import String, cast, func, or_
from sqlmodel import Session, col, select

from service.people.members import (
    is_family_of,
    is_volunteer_of,
    known_ids,
    of_chapter,
    seen_by,
    vetting_in,
)
from service.people.register import alias_words
from service.people.tables import AliasWord, Consent, Family, Membership, Person, Volunteer
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
    columns: Any = (
        Person, Volunteer, Family, Membership, is_volunteer_of(chapter_id), is_family_of(chapter_id)
    )  # fmt: skip
    query: Any = (
        select(*columns)
        .select_from(Person)
        .join(Volunteer, col(Volunteer.person_id) == Person.id, isouter=True)
        .join(Family, col(Family.person_id) == Person.id, isouter=True)
        .join(Membership, of_chapter(chapter_id), isouter=True)
        .where(col(Person.id).in_(known_ids(chapter_id, after=after)))
        .where(Person.consent != Consent.ERASED, *_conditions(keyring, chapter_id, wanted))
    )
    rows = session.exec(query.order_by(col(Person.id)).limit(limit)).all()
    return [_found(chapter_id, *row) for row in rows]


def _found(
    chapter_id: UUID, person: Person, volunteer: Volunteer, family: Family,
    membership: Membership | None, is_volunteer: bool, is_family: bool,
) -> Found:  # fmt: skip
    """Return one row as this chapter sees it: what somebody is to others only is left out."""
    seen = seen_by(chapter_id, volunteer, membership) if is_volunteer else None
    return Found(person, seen, family if is_family else None)


def _conditions(keyring: Keyring, chapter_id: UUID, wanted: Search) -> list[Any]:
    is_volunteer, is_family = is_volunteer_of(chapter_id), is_family_of(chapter_id)
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
        found.append(vetting_in(chapter_id) == wanted.vetting)
    return found
