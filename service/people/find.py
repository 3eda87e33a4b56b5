"""Find volunteers and families, each only within their chapter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from service.errors import NotFound
from service.people.members import (
    as_seen,
    family_in,
    is_family_of,
    is_volunteer_of,
    known_ids,
    of_chapter,
    seen_by,
)
from service.people.tables import Family, Membership, Person, Volunteer


def get_volunteer(session: Session, chapter_id: UUID, person_id: UUID) -> tuple[Person, Volunteer]:
    """Return one of the chapter's volunteers, as it sees them. Raises NotFound."""
    person = session.get(Person, person_id)
    volunteer = as_seen(session, person, chapter_id) if person is not None else None
    if person is None or volunteer is None:
        raise NotFound(None, f"no volunteer {person_id}")
    return person, volunteer


def list_volunteers(
    session: Session, chapter_id: UUID, *, after: UUID | None = None, limit: int
) -> Sequence[tuple[Person, Volunteer]]:
    """Return the chapter's volunteers by id (oldest first), those after `after`."""
    columns: Any = (Person, Volunteer, Membership)
    query: Any = (
        select(*columns)
        .select_from(Person)
        .join(Volunteer, col(Volunteer.person_id) == Person.id)
        .join(Membership, of_chapter(chapter_id), isouter=True)
        .where(col(Person.id).in_(known_ids(chapter_id, after=after)), is_volunteer_of(chapter_id))
    )
    rows = session.exec(query.order_by(col(Person.id)).limit(limit)).all()
    return [(person, seen_by(chapter_id, one, theirs)) for person, one, theirs in rows]


def get_family(session: Session, chapter_id: UUID, person_id: UUID) -> tuple[Person, Family]:
    """Return one of the chapter's families. Raises NotFound."""
    person = session.get(Person, person_id)
    family = family_in(session, person, chapter_id) if person is not None else None
    if person is None or family is None:
        raise NotFound(None, f"no family {person_id}")
    return person, family


def list_families(
    session: Session, chapter_id: UUID, *, after: UUID | None = None, limit: int
) -> Sequence[tuple[Person, Family]]:
    """Return the chapter's families by id (oldest first), those after `after`."""
    query = (
        select(Person, Family)
        .join(Family, col(Family.person_id) == Person.id)
        .join(Membership, of_chapter(chapter_id), isouter=True)
        .where(col(Person.id).in_(known_ids(chapter_id, after=after)), is_family_of(chapter_id))
    )
    return session.exec(query.order_by(col(Person.id)).limit(limit)).all()


def people_by_id(session: Session, ids: Iterable[UUID]) -> dict[UUID, Person]:
    """Return these people by id, one query."""
    rows = session.exec(select(Person).where(col(Person.id).in_(set(ids))))
    return {person.id: person for person in rows}
