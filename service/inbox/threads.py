"""Threads: opened by texts that need a person, assigned, done, opened again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select, update

from service.accounts.tables import Organizer
from service.chapters.tables import Sender
from service.db import new_id
from service.db.insert import insert_new
from service.errors import InvalidValue, NotFound
from service.inbox.rules import check_move
from service.inbox.tables import Inbound, Thread, ThreadState
from service.people.tables import Person
from service.privacy import audit
from service.privacy.policy import Viewer


def open_thread(session: Session, person_id: UUID, chapter_id: UUID, *, now: datetime) -> None:
    """Open the person's thread with a chapter, the first time or again; one that is open stays as it is.

    Safe to run twice and at once.
    """
    session.execute(
        insert_new(session, Thread).values(
            id=new_id(), person_id=person_id, chapter_id=chapter_id,
            state=ThreadState.OPEN, opened_at=now, done_by="",
        )
    )  # fmt: skip
    session.exec(
        update(Thread)
        .where(
            col(Thread.person_id) == person_id,
            col(Thread.chapter_id) == chapter_id,
            col(Thread.state) == ThreadState.DONE,
        )
        .values(state=ThreadState.OPEN, opened_at=now, assigned_to=None, done_by="", done_at=None)
    )


def thread_for(
    session: Session, person: Person, chapter_id: UUID, *, by: Viewer, now: datetime
) -> UUID:
    """Return a person's thread with a chapter, made where there is none: as done, for nothing waits."""
    session.execute(
        insert_new(session, Thread).values(
            id=new_id(), person_id=person.id, chapter_id=chapter_id,
            state=ThreadState.DONE, opened_at=now, done_by=by.name, done_at=now,
        )
    )  # fmt: skip
    theirs = Thread.person_id == person.id, Thread.chapter_id == chapter_id
    return session.exec(select(Thread.id).where(*theirs)).one()


def need_person(session: Session, inbound: Inbound, *, now: datetime) -> None:
    """Leave a text to a person of the chapter whose number it came to: it waits in an open thread."""
    inbound.needs_person = True
    inbound.handled_by, inbound.handled_at = "", None
    session.add(inbound)
    open_thread(session, inbound.person_id, chapter_id_of(session, inbound), now=now)


def get_thread(session: Session, chapter_id: UUID, thread_id: UUID) -> tuple[Thread, Person]:
    """Return one of the chapter's threads and whose it is. Raises NotFound."""
    thread = session.get(Thread, thread_id)
    if thread is None or thread.chapter_id != chapter_id:
        raise NotFound(None, f"no thread {thread_id}")
    return thread, session.get_one(Person, thread.person_id)


def list_threads(
    session: Session, chapter_id: UUID, *, state: ThreadState | None = None,
    after: UUID | None = None, limit: int,
) -> Sequence[tuple[Thread, Person]]:  # fmt: skip
    """Return the chapter's threads by id (oldest first), those after `after`."""
    query = (
        select(Thread, Person)
        .join(Person, col(Person.id) == Thread.person_id)
        .where(Thread.chapter_id == chapter_id)
    )
    if state is not None:
        query = query.where(Thread.state == state)
    if after is not None:
        query = query.where(col(Thread.id) > after)
    return session.exec(query.order_by(col(Thread.id)).limit(limit)).all()


def assign(
    session: Session, thread: Thread, organizer_id: UUID, *, by: Viewer, now: datetime
) -> None:
    """Say who sees to it. Safe to run twice.

    Raises WrongState once it is done, InvalidValue on `organizer_id`.
    """
    organizer = session.get(Organizer, organizer_id)
    if organizer is None or organizer.chapter_id != thread.chapter_id or not organizer.is_active:
        raise InvalidValue("organizer_id", "unknown_organizer")
    _lock(session, thread)
    check_move(thread.state, ThreadState.ASSIGNED)
    if thread.assigned_to == organizer_id:
        return
    thread.state, thread.assigned_to = ThreadState.ASSIGNED, organizer_id
    _note(session, thread, "assign", by, now)


def finish(session: Session, thread: Thread, *, by: Viewer, now: datetime) -> None:
    """Say that it is seen to, all of its texts. Safe to run twice."""
    _lock(session, thread)
    if thread.state is ThreadState.DONE:
        return
    thread.state, thread.done_by, thread.done_at = ThreadState.DONE, by.name, now
    session.exec(
        update(Inbound)
        .where(
            col(Inbound.person_id) == thread.person_id,
            col(Inbound.sender_id).in_(numbers_of(thread.chapter_id)),
            col(Inbound.needs_person),
            col(Inbound.handled_at).is_(None),
        )
        .values(handled_by=by.name, handled_at=now)
    )
    _note(session, thread, "done", by, now)


def reopen(session: Session, thread: Thread, *, by: Viewer, now: datetime) -> None:
    """Say that it is to be seen to after all, by whoever takes it. Safe to run twice."""
    _lock(session, thread)
    if thread.state is ThreadState.OPEN:
        return
    check_move(thread.state, ThreadState.OPEN)
    thread.state, thread.assigned_to, thread.opened_at = ThreadState.OPEN, None, now
    thread.done_by, thread.done_at = "", None
    _note(session, thread, "reopen", by, now)


def chapter_id_of(session: Session, inbound: Inbound) -> UUID:
    """Return the chapter to whose number a text came."""
    return session.get_one(Sender, inbound.sender_id).chapter_id


def numbers_of(chapter_id: UUID) -> Any:
    """Return, as a query, the numbers that a chapter's texts come to and leave from."""
    return select(Sender.id).where(Sender.chapter_id == chapter_id)


def _lock(session: Session, thread: Thread) -> None:
    session.refresh(thread, with_for_update=True)  # two organizers at once take turns


def _note(session: Session, thread: Thread, done: str, by: Viewer, now: datetime) -> None:
    session.add(thread)
    session.flush()
    subject = f"thread:{thread.id.hex}"
    audit.record(session, actor=by, action=f"thread.{done}", subject=subject, now=now)
