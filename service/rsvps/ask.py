"""Questions that wait for an answer. A bare Y or N is about the open one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, delete, func, select, update

from service.db import new_id
from service.db.insert import insert_new
from service.rsvps.tables import Ask

COME = "come"  # will you come?
LIST = "list"  # a visit on the weekly list, under its number
CONFIRM = "confirm"  # are you still coming?
HOLD = "hold"  # a place is free: do you take it?


OTHER_ROLE = "other_role:"  # within a reason: asked to do what they did not sign up for


def open_asks(
    session: Session,
    people: Iterable[UUID],
    subject: str,
    *,
    kind: str = COME,
    now: datetime,
    expires_at: datetime,
    chapter_id: UUID | None = None,
) -> None:
    """Note that these people were asked. Safe to run twice: a second ask opens the first again.

    chapter_id: whose number asked them, where that is not the event's own; the first to ask stays.
    """
    rows = [
        {
            "id": new_id(),
            "person_id": person_id,
            "subject": subject,
            "kind": kind,
            "chapter_id": chapter_id,
            "asked_at": now,
            "expires_at": expires_at,
        }
        for person_id in people
    ]
    if not rows:
        return
    session.execute(insert_new(session, Ask), rows)
    _open_again(session, rows, subject, kind, now, expires_at)


def _open_again(
    session: Session, rows: list[dict[str, Any]], subject: str, kind: str, now: datetime,
    expires_at: datetime,
) -> None:  # fmt: skip
    session.exec(
        update(Ask)
        .where(
            col(Ask.person_id).in_([row["person_id"] for row in rows]),
            col(Ask.subject) == subject,
            col(Ask.kind) == kind,
            col(Ask.asked_at) < now,
        )
        .values(asked_at=now, expires_at=expires_at, answered_at=None, closed_at=None)
    )


@dataclass(frozen=True)
class Asked:
    """One person to be asked about one event, and why."""

    person_id: UUID
    subject: str
    reason: str
    wave: int | None = None
    number: int | None = None


def ask_each(
    session: Session, asked: Sequence[Asked], *, kind: str, now: datetime, expires_at: datetime
) -> None:
    """Note whom a wave or a weekly list asks, with the reason; an earlier ask of theirs is replaced."""
    if not asked:
        return
    for subject in {one.subject for one in asked}:
        people = [one.person_id for one in asked if one.subject == subject]
        theirs = col(Ask.person_id).in_(people)
        session.exec(delete(Ask).where(theirs, col(Ask.subject) == subject, col(Ask.kind) == kind))
    rows = [
        {"id": new_id(), "kind": kind, "asked_at": now, "expires_at": expires_at} | asdict(one)
        for one in asked
    ]
    session.execute(insert_new(session, Ask), rows)


def asked_role(session: Session, person_id: UUID, subject: str) -> str | None:
    """Return the role that somebody was asked to do though they had not signed up for it."""
    reasons = session.exec(
        select(Ask.reason).where(Ask.person_id == person_id, Ask.subject == subject)
    ).all()
    words = [word for reason in reasons for word in (reason or "").split()]
    roles = [word.removeprefix(OTHER_ROLE) for word in words if word.startswith(OTHER_ROLE)]
    return roles[0] if roles else None


def open_asks_of(session: Session, person_id: UUID, *, now: datetime) -> Sequence[Ask]:
    """Return what this person was asked and has not answered, oldest first, one a subject."""
    rows = session.exec(
        select(Ask)
        .where(
            Ask.person_id == person_id,
            col(Ask.answered_at).is_(None),
            col(Ask.closed_at).is_(None),
            Ask.expires_at > now,
            Ask.kind != LIST,
        )
        .order_by(col(Ask.asked_at), col(Ask.id))
    ).all()
    return list({ask.subject: ask for ask in rows}.values())


def is_asked(session: Session, person_id: UUID, subject: str, kind: str) -> bool:
    """Return whether a question of this kind about `subject` waits for this person's answer."""
    query = select(Ask.id).where(
        Ask.person_id == person_id,
        Ask.subject == subject,
        Ask.kind == kind,
        col(Ask.answered_at).is_(None),
        col(Ask.closed_at).is_(None),
    )
    return session.exec(query).first() is not None


def was_asked(session: Session, person_id: UUID, subject: str) -> bool:
    """Return whether this person was ever asked about `subject`."""
    query = select(Ask.id).where(Ask.person_id == person_id, Ask.subject == subject)
    return session.exec(query.limit(1)).first() is not None


def list_of(session: Session, person_id: UUID, *, now: datetime) -> Sequence[Ask]:
    """Return what stands on this person's newest weekly list, by number; empty once it is over.

    What is cancelled or over stays on it, so that every number keeps its meaning.
    """
    rows = session.exec(
        select(Ask)
        .where(Ask.person_id == person_id, Ask.kind == LIST, Ask.expires_at > now)
        .order_by(col(Ask.asked_at).desc(), col(Ask.number))
    ).all()
    return [ask for ask in rows if ask.asked_at == rows[0].asked_at]


def asks_about(session: Session, subject: str) -> Sequence[Ask]:
    """Return who was asked to come, by a wave or a list, in the order in which it happened."""
    return session.exec(
        select(Ask)
        .where(Ask.subject == subject, col(Ask.kind).in_([COME, LIST]))
        .order_by(col(Ask.asked_at), col(Ask.id))
    ).all()


def newest_ask_of(session: Session, person_id: UUID) -> Ask | None:
    """Return the last thing this person was asked, answered or not."""
    return session.exec(
        select(Ask)
        .where(Ask.person_id == person_id)
        .order_by(col(Ask.asked_at).desc(), col(Ask.id).desc())
        .limit(1)
    ).first()


def mark_answered(session: Session, person_id: UUID, subject: str, *, now: datetime) -> None:
    """Close every open question to this person about `subject`."""
    session.exec(
        update(Ask)
        .where(
            col(Ask.person_id) == person_id,
            col(Ask.subject) == subject,
            col(Ask.answered_at).is_(None),
        )
        .values(answered_at=now)
    )


def close_asks(
    session: Session, subject: str, *, now: datetime, kind: str | None = None,
    person_id: UUID | None = None,
) -> None:  # fmt: skip
    """Close open questions about `subject`: it is off, over or moved. `kind`, `person_id`: only those."""
    closing = update(Ask).where(col(Ask.subject) == subject, col(Ask.closed_at).is_(None))
    if kind is not None:
        closing = closing.where(col(Ask.kind) == kind)
    if person_id is not None:
        closing = closing.where(col(Ask.person_id) == person_id)
    session.exec(closing.values(closed_at=now))


def people_asked(session: Session, subject: str) -> Sequence[UUID]:
    """Return who was ever asked about `subject`."""
    return session.exec(select(Ask.person_id).where(Ask.subject == subject).distinct()).all()


def asker_of(session: Session, person_id: UUID, subject: str) -> UUID | None:
    """Return whose number asked this person to come; None: the event's own, or they were not asked."""
    query = select(Ask.chapter_id).where(
        Ask.person_id == person_id, Ask.subject == subject, Ask.kind == COME
    )
    return session.exec(query).first()


def who_asked(session: Session, subject: str) -> dict[UUID, UUID | None]:
    """Return who was asked to come, by whose chapter (None: the event's own)."""
    query = select(Ask.person_id, Ask.chapter_id).where(Ask.subject == subject, Ask.kind == COME)
    return dict(session.exec(query).all())


def count_asked(session: Session, subjects: Iterable[str]) -> dict[str, int]:
    """Return how many people were asked, by subject, one query."""
    rows = session.exec(
        select(col(Ask.subject), func.count(func.distinct(col(Ask.person_id))))
        .where(col(Ask.subject).in_(list(subjects)))
        .group_by(col(Ask.subject))
    ).all()
    return dict(rows)
