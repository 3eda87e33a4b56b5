"""Texts that a person should read: what could not be understood, and what must not be left to us."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from service.errors import NotFound
from service.people.tables import Person
from service.privacy import audit
from service.privacy.policy import Viewer
from service.replies.tables import Inbound


def waiting_for_person(
    session: Session, chapter_id: UUID, *, limit: int
) -> Sequence[tuple[Inbound, Person]]:
    """Return the chapter's texts that nobody has handled, longest waiting first."""
    return session.exec(
        select(Inbound, Person)
        .join(Person, col(Person.id) == Inbound.person_id)
        .where(
            Person.chapter_id == chapter_id,
            Inbound.needs_person,
            col(Inbound.handled_at).is_(None),
        )
        .order_by(col(Inbound.received_at), col(Inbound.id))
        .limit(limit)
    ).all()


def mark_handled(
    session: Session, chapter_id: UUID, inbound_id: UUID, *, by: Viewer, now: datetime
) -> Inbound:
    """Note that somebody has seen to a text. Safe to run twice. Raises NotFound."""
    inbound = session.get(Inbound, inbound_id)
    person = None if inbound is None else session.get(Person, inbound.person_id)
    if inbound is None or person is None or person.chapter_id != chapter_id:
        raise NotFound(None, f"no text {inbound_id}")
    if inbound.handled_at is None:
        inbound.handled_by, inbound.handled_at = by.name, now
        session.add(inbound)
        subject = f"inbound:{inbound.id.hex}"
        audit.record(session, actor=by, action="text.handled", subject=subject, now=now)
    return inbound
