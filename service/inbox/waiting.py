"""Texts that a person should read: what could not be understood, and what must not be left to us."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.chapters.tables import Sender
from service.errors import NotFound
from service.inbox.tables import Inbound, Thread, ThreadState
from service.inbox.threads import finish, numbers_of
from service.people.tables import Person
from service.privacy import audit
from service.privacy.policy import Viewer


def waiting_for_person(
    session: Session, chapter_id: UUID, *, limit: int
) -> Sequence[tuple[Inbound, Person]]:
    """Return the chapter's texts that nobody has handled, longest waiting first."""
    return session.exec(
        select(Inbound, Person)
        .join(Person, col(Person.id) == Inbound.person_id)
        .where(
            col(Inbound.sender_id).in_(numbers_of(chapter_id)),
            Inbound.needs_person,
            col(Inbound.handled_at).is_(None),
        )
        .order_by(col(Inbound.received_at), col(Inbound.id))
        .limit(limit)
    ).all()


def get_text(session: Session, chapter_id: UUID, inbound_id: UUID) -> Inbound:
    """Return a text to this chapter. Raises NotFound."""
    inbound = session.get(Inbound, inbound_id)
    to = None if inbound is None else session.get(Sender, inbound.sender_id)
    if inbound is None or to is None or to.chapter_id != chapter_id:
        raise NotFound(None, f"no text {inbound_id}")
    return inbound


def mark_handled(
    session: Session, chapter_id: UUID, inbound_id: UUID, *, by: Viewer, now: datetime,
    with_earlier: bool = False,
) -> Inbound:  # fmt: skip
    """Note that somebody has seen to a text; the last one ends its thread.

    with_earlier: and to what the same person wrote before it and waits as well.
    Safe to run twice. Raises NotFound.
    """
    inbound = get_text(session, chapter_id, inbound_id)
    seen = [inbound]
    if with_earlier:
        earlier = _waiting_of(chapter_id, inbound.person_id).where(
            col(Inbound.received_at) <= inbound.received_at, Inbound.id != inbound.id
        )
        seen += session.exec(earlier).all()
    for text in seen:
        if text.handled_at is not None:
            continue
        text.handled_by, text.handled_at = by.name, now
        session.add(text)
        subject = f"inbound:{text.id.hex}"
        audit.record(session, actor=by, action="text.handled", subject=subject, now=now)
        _finish_if_last(session, chapter_id, text.person_id, by, now)
    return inbound


def _waiting_of(chapter_id: UUID, person_id: UUID) -> SelectOfScalar[Inbound]:
    return select(Inbound).where(
        Inbound.person_id == person_id,
        col(Inbound.sender_id).in_(numbers_of(chapter_id)),
        Inbound.needs_person,
        col(Inbound.handled_at).is_(None),
    )


def _finish_if_last(
    session: Session, chapter_id: UUID, person_id: UUID, by: Viewer, now: datetime
) -> None:
    if session.exec(_waiting_of(chapter_id, person_id).limit(1)).first() is not None:
        return
    going_on = select(Thread).where(
        Thread.person_id == person_id,
        Thread.chapter_id == chapter_id,
        Thread.state != ThreadState.DONE,
    )
    thread = session.exec(going_on).first()
    if thread is not None:
        finish(session, thread, by=by, now=now)
