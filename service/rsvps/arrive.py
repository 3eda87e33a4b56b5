"""The day itself: on the way, there, gone again; or not there at all."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import Session, select

from service.rsvps.respond import leave_seat
from service.rsvps.rules import NEXT
from service.rsvps.tables import Rsvp, RsvpState


def set_out(session: Session, person_id: UUID, subject: str) -> Rsvp | None:
    """Note that somebody is on the way; return their RSVP, or None if nobody counted on them."""
    return _move(session, person_id, subject, RsvpState.EN_ROUTE)


def arrive(session: Session, person_id: UUID, subject: str) -> Rsvp | None:
    """Note that somebody who said yes is there; return their RSVP, or None if they had not."""
    return _move(session, person_id, subject, RsvpState.ARRIVED)


def leave(session: Session, person_id: UUID, subject: str) -> Rsvp | None:
    """Note that somebody who was there has left; return their RSVP, or None if they were not."""
    return _move(session, person_id, subject, RsvpState.LEFT)


def miss(session: Session, person_id: UUID, subject: str) -> UUID | None:
    """Note that somebody did not come; return the seat that is free again, for `hold_places`."""
    rsvp = _move(session, person_id, subject, RsvpState.NO_SHOW)
    return None if rsvp is None else leave_seat(session, rsvp)


def _move(session: Session, person_id: UUID, subject: str, state: RsvpState) -> Rsvp | None:
    """Move forward where the rules allow it; what is so already stays. Safe to run twice."""
    query = select(Rsvp).where(Rsvp.person_id == person_id, Rsvp.subject == subject)
    rsvp = session.exec(query.with_for_update().execution_options(populate_existing=True)).first()
    if rsvp is None or (rsvp.state is not state and state not in NEXT[rsvp.state]):
        return None
    rsvp.state = state
    session.add(rsvp)
    session.flush()
    return rsvp
