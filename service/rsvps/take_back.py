"""Take back what an answer did that was never given: a text was misread."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select, update

from service.rsvps.respond import Answer, Response, leave_seat, respond
from service.rsvps.tables import Ask, Rsvp, RsvpState

REFUSED = (RsvpState.NO, RsvpState.WITHDRAWN, RsvpState.NO_SHOW)


def answer_before(before: RsvpState | None) -> Answer | None:
    """Return which answer had led to a state; None where nothing had been said."""
    if before is None:
        return None
    if before in REFUSED:
        return Answer.NO
    return Answer.MAYBE if before is RsvpState.MAYBE else Answer.YES


def take_back(
    session: Session, person_id: UUID, subject: str, before: RsvpState | None, party_size: int, *,
    now: datetime,
) -> Response:  # fmt: skip
    """Put back what was there before the answer; a place that somebody else has is not taken away.

    Where nothing was, the question is open again and the response holds no RSVP.
    """
    answer = answer_before(before)
    if answer is not None:
        return respond(session, person_id, subject, answer, party_size=party_size, now=now)
    query = select(Rsvp).where(Rsvp.person_id == person_id, Rsvp.subject == subject)
    rsvp = session.exec(query.with_for_update().execution_options(populate_existing=True)).first()
    if rsvp is None:
        return Response(None)
    freed = leave_seat(session, rsvp)
    session.delete(rsvp)
    session.exec(
        update(Ask)
        .where(
            col(Ask.person_id) == person_id,
            col(Ask.subject) == subject,
            col(Ask.closed_at).is_(None),
        )
        .values(answered_at=None)
    )
    session.flush()
    return Response(None, before=rsvp.state, is_changed=True, freed_seat_id=freed)
