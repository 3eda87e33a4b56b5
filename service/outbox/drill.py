"""Drills: every text of one says so, and reaches nobody but those who agreed to take part.

A drill's texts are about a subject that begins with `DRILL`. Whoever writes such a text, the words in
front are put here, and the claim (`service/outbox/claim.py`) passes it by unless its reader is a guest.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from service.db.insert import insert_new
from service.messages.catalog import Catalog
from service.outbox.tables import DRILL, DrillGuest
from service.people.tables import Person
from service.privacy import audit
from service.privacy.policy import Viewer


def is_drill(subject: str) -> bool:
    """Return whether what this names is a drill."""
    return subject.startswith(DRILL)


def in_front(catalog: Catalog, subject: str, language: str, body: str) -> str:
    """Return the text as it may leave: a drill's says so before anything else."""
    prefix = catalog.text("drill_prefix", language)
    return body if not is_drill(subject) or body.startswith(prefix) else prefix + body


def guests_of(session: Session, chapter_id: UUID) -> Sequence[UUID]:
    """Return who takes part in the chapter's drills, by id."""
    query = select(DrillGuest.person_id).where(DrillGuest.chapter_id == chapter_id)
    return session.exec(query.order_by(col(DrillGuest.person_id))).all()


def add_guest(session: Session, person: Person, *, by: Viewer, now: datetime) -> None:
    """Note that somebody agreed to take part in drills. Safe to run twice."""
    row = {
        "person_id": person.id, "chapter_id": person.chapter_id, "added_by": by.name,
        "agreed_at": now,
    }  # fmt: skip
    session.execute(insert_new(session, DrillGuest).values(**row))
    subject = f"person:{person.id.hex}"
    audit.record(session, actor=by, action="drill.add_guest", subject=subject, now=now)


def remove_guest(
    session: Session, chapter_id: UUID, person_id: UUID, *, by: Viewer, now: datetime
) -> None:
    """Take somebody off: from now on no drill reaches them, not even what waits. Safe to run twice."""
    guest = session.get(DrillGuest, person_id)
    if guest is None or guest.chapter_id != chapter_id:
        return
    session.delete(guest)
    subject = f"person:{person_id.hex}"
    audit.record(session, actor=by, action="drill.remove_guest", subject=subject, now=now)
