"""Which chapter writes somebody's weekly list: their home, or else the oldest of theirs that writes lists.

Only who belongs to several chapters is looked at here; everybody else's list is their home's.
"""

from __future__ import annotations

from uuid import UUID

from sqlmodel import Session, col, select

from service.chapters.tables import NO_LIST, Chapter
from service.people.tables import Membership, Person, Volunteer


def listed_by(session: Session, chapter_id: UUID) -> set[tuple[UUID, UUID]]:
    """Return (person, other chapter) whose visits stand on the list that this chapter writes them."""
    return {
        (person_id, chapter)
        for person_id, theirs in _chapters(session).items()
        if _writer(session, theirs) == chapter_id
        for chapter in theirs
        if chapter != chapter_id
    }


def others_listed(session: Session, chapter_id: UUID) -> set[UUID]:
    """Return who belongs to this chapter and gets the list of another."""
    return {
        person_id
        for person_id, theirs in _chapters(session).items()
        if chapter_id in theirs and _writer(session, theirs) != chapter_id
    }


def _chapters(session: Session) -> dict[UUID, list[UUID]]:
    """Return person -> their chapters, home first, of those who belong to one beyond their home."""
    rows = session.exec(
        select(Membership.person_id, Membership.chapter_id, Person.chapter_id, Volunteer.left_at)
        .join(Person, col(Person.id) == Membership.person_id)
        .join(Volunteer, col(Volunteer.person_id) == Membership.person_id)
        .where(Membership.is_volunteer, col(Membership.left_at).is_(None))
        .order_by(col(Membership.joined_at), col(Membership.chapter_id))
    ).all()
    found: dict[UUID, list[UUID]] = {}
    for person_id, chapter_id, home_id, left_home_at in rows:
        found.setdefault(person_id, [] if left_home_at else [home_id]).append(chapter_id)
    return found


def _writer(session: Session, theirs: list[UUID]) -> UUID | None:
    chapters = (session.get_one(Chapter, each) for each in theirs)
    return next((one.id for one in chapters if one.list_weekday != NO_LIST), None)
