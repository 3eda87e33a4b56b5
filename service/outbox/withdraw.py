"""Take back what has not arrived yet, in the transaction of whatever makes it pointless."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, and_, case, col, update

from service.outbox.tables import UNDER_WAY, ConsentNeeded, Delivery, State


def withdraw_subject(session: Session, subject: str, *, reason: str, now: datetime) -> int:
    """Suppress every planned text about `subject`; return how many.

    One that is under way may still arrive, but is not tried again.
    """
    return withdraw(session, col(Delivery.subject) == subject, reason=reason, now=now)


def withdraw_person(session: Session, person_id: UUID, *, reason: str, now: datetime) -> int:
    """The same for every text to a person, but for what answers an opt-out."""
    theirs = and_(
        col(Delivery.person_id) == person_id,
        col(Delivery.consent_needed) != ConsentNeeded.ALWAYS,
    )
    return withdraw(session, theirs, reason=reason, now=now)


def withdraw(
    session: Session, which: ColumnElement[bool], *, reason: str, now: datetime,
    under_way: Collection[State] = UNDER_WAY,
) -> int:  # fmt: skip
    """Suppress what is planned among `which`, mark what is `under_way`; return how many planned.

    One statement, so that a text which is put back to planned meanwhile is not missed.
    """
    is_planned = col(Delivery.state) == State.PLANNED
    states = session.exec(
        update(Delivery)
        .where(which, col(Delivery.state).in_([State.PLANNED, *under_way]))
        .values(
            state=case((is_planned, State.SUPPRESSED), else_=col(Delivery.state)),
            reason=case((is_planned, reason), else_=col(Delivery.reason)),
            changed_at=case((is_planned, now), else_=col(Delivery.changed_at)),
            withdrawn=reason,
        )
        .returning(col(Delivery.state))
    )
    return sum(state == State.SUPPRESSED for state in states.scalars())
