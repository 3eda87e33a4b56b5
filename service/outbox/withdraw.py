"""Take back what has not left yet, in the transaction of whatever makes it pointless."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, update

from service.outbox.tables import ConsentNeeded, Delivery, State


def withdraw_subject(session: Session, subject: str, *, reason: str, now: datetime) -> int:
    """Suppress every planned text about `subject`; return how many."""
    done = session.exec(
        update(Delivery)
        .where(col(Delivery.subject) == subject, col(Delivery.state) == State.PLANNED)
        .values(state=State.SUPPRESSED, reason=reason, changed_at=now)
    )
    return int(done.rowcount)


def withdraw_person(session: Session, person_id: UUID, *, reason: str, now: datetime) -> int:
    """Suppress every planned text to a person, but for what answers an opt-out; return how many."""
    done = session.exec(
        update(Delivery)
        .where(
            col(Delivery.person_id) == person_id,
            col(Delivery.state) == State.PLANNED,
            col(Delivery.consent_needed) != ConsentNeeded.ALWAYS,
        )
        .values(state=State.SUPPRESSED, reason=reason, changed_at=now)
    )
    return int(done.rowcount)
