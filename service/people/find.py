"""Find volunteers and families, each only within their chapter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from service.errors import NotFound
from service.people.tables import Family, Person, Volunteer


def get_volunteer(session: Session, chapter_id: UUID, person_id: UUID) -> tuple[Person, Volunteer]:
    """Return one of the chapter's volunteers. Raises NotFound."""
    person, volunteer = session.get(Person, person_id), session.get(Volunteer, person_id)
    if person is None or volunteer is None or person.chapter_id != chapter_id:
        raise NotFound(None, f"no volunteer {person_id}")
    return person, volunteer


def list_volunteers(
    session: Session, chapter_id: UUID, *, after: UUID | None = None, limit: int
) -> Sequence[tuple[Person, Volunteer]]:
    """Return the chapter's volunteers by id (oldest first), those after `after`."""
    query = (
        select(Person, Volunteer)
        .join(Volunteer, col(Volunteer.person_id) == Person.id)
        .where(Person.chapter_id == chapter_id)
    )
    if after is not None:
        query = query.where(col(Person.id) > after)
    return session.exec(query.order_by(col(Person.id)).limit(limit)).all()


def get_family(session: Session, chapter_id: UUID, person_id: UUID) -> tuple[Person, Family]:
    """Return one of the chapter's families. Raises NotFound."""
    person, family = session.get(Person, person_id), session.get(Family, person_id)
    if person is None or family is None or person.chapter_id != chapter_id:
        raise NotFound(None, f"no family {person_id}")
    return person, family


def list_families(
    session: Session, chapter_id: UUID, *, after: UUID | None = None, limit: int
) -> Sequence[tuple[Person, Family]]:
    """Return the chapter's families by id (oldest first), those after `after`."""
    query = (
        select(Person, Family)
        .join(Family, col(Family.person_id) == Person.id)
        .where(Person.chapter_id == chapter_id)
    )
    if after is not None:
        query = query.where(col(Person.id) > after)
    return session.exec(query.order_by(col(Person.id)).limit(limit)).all()


def people_by_id(session: Session, ids: Iterable[UUID]) -> dict[UUID, Person]:
    """Return these people by id, one query."""
    rows = session.exec(select(Person).where(col(Person.id).in_(set(ids))))
    return {person.id: person for person in rows}


def volunteers_by_id(session: Session, ids: Iterable[UUID]) -> dict[UUID, Volunteer]:
    """Return what these people offer, by id, one query; who is no volunteer is left out."""
    rows = session.exec(select(Volunteer).where(col(Volunteer.person_id).in_(set(ids))))
    return {volunteer.person_id: volunteer for volunteer in rows}
