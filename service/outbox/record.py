"""Write down what the carrier answered, each result fenced by its attempt and its state."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlmodel import Session, col, update

from service.outbox.receipts import OPTED_OUT_AT_CARRIER, note_opt_out
from service.outbox.tables import Attempt, Delivery, State
from service.sms.carrier import Accepted, InDoubt, NeverSent, Outcome, Refused, TooFast

log = structlog.get_logger()

RETRY_AFTER = timedelta(seconds=15)


def record_outcome(
    session: Session, attempt_id: UUID, delivery_id: UUID, outcome: Outcome, *, now: datetime
) -> None:
    """Close the attempt and move its delivery. Changes nothing if somebody else has closed it."""
    match outcome:
        case Accepted(sid=sid):
            _close(session, attempt_id, "accepted", sid=sid)
            _move(session, delivery_id, State.ACCEPTED, "", now, sid=sid)
        case Refused(code=code):
            _close(session, attempt_id, f"refused {code}")
            _move(session, delivery_id, State.FAILED, str(code), now)
            if str(code) == OPTED_OUT_AT_CARRIER:
                note_opt_out(session, delivery_id, now=now)
        case TooFast(retry_after_seconds=seconds):
            _close(session, attempt_id, "too fast")
            later = now + (timedelta(seconds=seconds) if seconds else RETRY_AFTER)
            _move(session, delivery_id, State.PLANNED, "too_fast", now, not_before=later)
        case NeverSent(why=why):
            _close(session, attempt_id, f"never sent: {why}")
            later = now + RETRY_AFTER
            _move(session, delivery_id, State.PLANNED, "no_connection", now, not_before=later)
        case InDoubt(why=why):
            # The attempt stays open: no other text to this number until it is settled.
            log.warning("delivery.in_doubt", delivery=str(delivery_id), why=why)
            _move(session, delivery_id, State.IN_DOUBT, why[:40], now)


def _close(session: Session, attempt_id: UUID, outcome: str, sid: str | None = None) -> None:
    session.exec(
        update(Attempt)
        .where(col(Attempt.id) == attempt_id, col(Attempt.is_open))
        .values(is_open=False, outcome=outcome, sid=sid)
    )


def _move(
    session: Session, delivery_id: UUID, state: State, reason: str, now: datetime, **more: object
) -> None:
    session.exec(
        update(Delivery)
        .where(col(Delivery.id) == delivery_id, col(Delivery.state) == State.SUBMITTING)
        .values(state=state, reason=reason, changed_at=now, **more)
    )
