"""Know when nothing more is on its way to a person, so that a STOP is in force when it is confirmed.

After an opt-out has committed no claim takes a text to them. What was claimed before may still be
written, for two seconds by the claimer's own monotonic clock. Whoever waits so long, or until no such
text is left, can promise that nothing more begins.
"""

from __future__ import annotations

from uuid import UUID

from sqlmodel import Session, col, select

from service.outbox.tables import Attempt, ConsentNeeded, Delivery, Pace, State

# A request that is begun at the last moment still takes a moment to be written.
WRITING_TAKES = 1.25


def let_claims_end(session: Session) -> None:
    """Wait until every claim that is being made has committed, so that its attempts can be seen.

    A claim holds its sender's row of `pace`. On SQLite writers take turns anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.exec(select(Pace.sender_id).with_for_update(read=True)).all()


def still_being_written(session: Session, person_id: UUID) -> bool:
    """Return whether a text to this person is claimed and its answer not written down yet.

    The confirmation of the opt-out itself does not count.
    """
    submitting = (
        select(Attempt.id)
        .join(Delivery, col(Delivery.id) == Attempt.delivery_id)
        .where(
            Delivery.person_id == person_id,
            Delivery.state == State.SUBMITTING,
            Delivery.consent_needed != ConsentNeeded.ALWAYS,
            Attempt.is_open,
        )
    )
    return session.exec(submitting.limit(1)).first() is not None
