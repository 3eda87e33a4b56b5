"""Find a chapter and what is its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from service.chapters.tables import Chapter, Office, Sender
from service.errors import InvalidValue, Misuse, NotFound


def get_chapter(session: Session, chapter_id: UUID) -> Chapter:
    """Return the chapter. Raises NotFound."""
    chapter = session.get(Chapter, chapter_id)
    if chapter is None:
        raise NotFound(None, f"no chapter {chapter_id}")
    return chapter


def first_chapter(session: Session) -> Chapter:
    """Return the oldest chapter: where a public form belongs when it names none. Raises NotFound."""
    chapter = session.exec(select(Chapter).order_by(col(Chapter.id)).limit(1)).first()
    if chapter is None:
        raise NotFound(None, "no chapter yet; make one with `acompana chapter add`")
    return chapter


def chapters_by_id(session: Session, ids: Iterable[UUID]) -> dict[UUID, Chapter]:
    """Return these chapters by id, one query."""
    rows = session.exec(select(Chapter).where(col(Chapter.id).in_(set(ids))))
    return {chapter.id: chapter for chapter in rows}


def is_alone(session: Session, chapter_id: UUID) -> bool:
    """Return whether no other chapter shares the installation."""
    return session.exec(select(Chapter.id).where(Chapter.id != chapter_id)).first() is None


def chapter_called(session: Session, name: str) -> Chapter:
    """Return the chapter of this name; the first one when none is named. Raises NotFound."""
    if not name:
        return first_chapter(session)
    found = session.exec(select(Chapter).where(Chapter.name == name)).first()
    if found is None:
        raise NotFound(None, f"no chapter called {name!r}")
    return found


def list_offices(session: Session, chapter_id: UUID) -> Sequence[Office]:
    """Return the chapter's offices by name."""
    return session.exec(
        select(Office).where(Office.chapter_id == chapter_id).order_by(col(Office.name))
    ).all()


def get_office(session: Session, chapter_id: UUID, office_id: UUID) -> Office:
    """Return one of the chapter's offices. Raises InvalidValue on the field `office_id`."""
    office = session.get(Office, office_id)
    if office is None or office.chapter_id != chapter_id:
        raise InvalidValue("office_id", "unknown_office")
    return office


def sender_of(session: Session, chapter_id: UUID) -> Sender:
    """Return the number that the chapter texts from. Raises Misuse: a chapter always has one."""
    sender = session.exec(
        select(Sender).where(Sender.chapter_id == chapter_id).order_by(col(Sender.id)).limit(1)
    ).first()
    if sender is None:
        raise Misuse(f"chapter {chapter_id} has no sender")
    return sender


def sender_and_chapter(session: Session, number_e164: str) -> tuple[Sender, Chapter] | None:
    """Return whose number this is and the number itself, or None."""
    return session.exec(
        select(Sender, Chapter)
        .join(Chapter, col(Chapter.id) == Sender.chapter_id)
        .where(Sender.number == number_e164)
    ).first()
