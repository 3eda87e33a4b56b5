"""An organizer answers a person by text, through our number."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from service.errors import InvalidValue, WrongState
from service.inbox.tables import Inbound, Thread, ThreadState
from service.inbox.threads import assign
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import ConsentNeeded, Delivery, Priority
from service.people.tables import Consent, Person
from service.privacy import audit
from service.privacy.policy import Viewer

LONGEST_ANSWER = 300
JUST_WROTE = timedelta(hours=1)  # who has just written may be answered at any hour


def answer(
    session: Session, outbox: Outbox, thread: Thread, words: str, *, answer_id: UUID, by: Viewer,
    now: datetime,
) -> bool:  # fmt: skip
    """Send an organizer's own words, once an `answer_id`; an open thread is theirs from then on.

    Returns whether it is new. Raises WrongState when the person has left or can't be reached,
    InvalidValue on `id`.
    """
    person = session.get_one(Person, thread.person_id)
    if person.consent is Consent.OPTED_OUT:
        raise WrongState("person_opted_out", f"person {person.id} gets no texts")
    if person.is_unreachable:
        raise WrongState("person_unreachable", f"person {person.id} can't be reached")
    once_key = _once_key(answer_id)
    sent = _sent_to(session, answer_id)
    if sent is not None and sent != person.id:
        raise InvalidValue("id", "id_taken")
    text = Text(
        "from_organizer",
        once_key=once_key,
        subject=f"person:{person.id.hex}",
        values={"words": words},
        priority=Priority.URGENT,
        consent_needed=ConsentNeeded.ANSWER,
        quiet_exempt=_has_just_written(session, person.id, now),
    )
    if not outbox.of(thread.chapter_id).text(session, person, text, now=now):
        return False
    thread.answered_by, thread.answered_at = by.name, now
    session.add(thread)
    session.flush()
    subject = f"thread:{thread.id.hex}"
    audit.record(session, actor=by, action="thread.answer", subject=subject, now=now)
    if thread.state is ThreadState.OPEN and by.id is not None:
        assign(session, thread, by.id, by=by, now=now)
    return True


def was_sent(session: Session, thread: Thread, answer_id: UUID) -> bool:
    """Return whether this very answer was written down before: a button pressed twice."""
    return _sent_to(session, answer_id) == thread.person_id


def was_answered_since(session: Session, thread: Thread, seen: datetime | None) -> bool:
    """Return whether somebody has answered since the answer of `seen` (None: since there was none).

    Holds the thread until the transaction ends: two organizers at once take turns.
    """
    session.refresh(thread, with_for_update=True)
    return thread.answered_at is not None and thread.answered_at != seen


def _once_key(answer_id: UUID) -> str:
    return f"reply:{answer_id.hex}"


def _sent_to(session: Session, answer_id: UUID) -> UUID | None:
    query = select(Delivery.person_id).where(Delivery.once_key == _once_key(answer_id))
    return session.exec(query).first()


def _has_just_written(session: Session, person_id: UUID, now: datetime) -> bool:
    lately = select(Inbound.id).where(
        Inbound.person_id == person_id, col(Inbound.received_at) > now - JUST_WROTE
    )
    return session.exec(lately.limit(1)).first() is not None
