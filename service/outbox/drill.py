"""Drills: every text and call of one says so, and reaches nobody but those who agreed to take part.

What belongs to a drill is about a subject that begins with `DRILL`. Whoever writes such a text or plans
such a call, the words in front are put here, and the claims (`service/outbox/claim.py`,
`service/calls/place.py`) pass it by unless its reader is a guest.
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


def said_in_front(catalog: Catalog, subject: str, language: str, says: str) -> str:
    """Return what a call says: a drill's says so before anything else."""
    if not is_drill(subject):
        return says
    return f"{catalog.speech('drill_prefix', language)} {says}"


def id_in(subject: str) -> UUID:
    """Return the id at the end of what names something, practised or real."""
    return UUID(subject.rpartition(":")[2])


def kind_in(subject: str) -> str:
    """Return what kind of thing this names, practised or real: "checkin", "safety". A rally's drill: ""."""
    return subject.removeprefix(DRILL).rpartition(":")[0]


def named_like(subject: str, name: str) -> str:
    """Return the name of something that belongs to what `subject` names: practised where that is."""
    return DRILL + name if is_drill(subject) else name


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
