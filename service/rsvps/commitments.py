"""What somebody has promised to come to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from service.rsvps.tables import COMING, Rsvp, RsvpState, Seat


def coming_to(session: Session, person_id: UUID, *, now: datetime) -> Sequence[Rsvp]:
    """Return this person's yes to everything that is still to begin, soonest first."""
    return session.exec(
        select(Rsvp)
        .join(Seat, col(Seat.id) == Rsvp.seat_id)
        .where(Rsvp.person_id == person_id, col(Rsvp.state).in_(COMING), Seat.starts_at > now)
        .order_by(col(Seat.starts_at), col(Rsvp.id))
    ).all()


def answered(session: Session, person_id: UUID, subjects: Sequence[str]) -> set[str]:
    """Return which of these events this person has answered yes, no or maybe, or waits for."""
    rows = session.exec(
        select(Rsvp.subject).where(
            Rsvp.person_id == person_id,
            col(Rsvp.subject).in_(subjects),
            col(Rsvp.state) != RsvpState.OFFERED,
        )
    )
    return set(rows)
