"""What the carrier tells us afterwards: forward only, whatever the order it comes in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog
from sqlmodel import Session, col, select, update

from service.outbox.tables import Attempt, Delivery, State
from service.outbox.withdraw import withdraw_person
from service.people.consent import opt_out
from service.people.tables import Person
from service.sms.inbound import Receipt

log = structlog.get_logger()

# The carrier's words, as ours. A receipt only moves up this ladder; "delivered" beats the rest.
REPORTED = {
    "accepted": State.ACCEPTED,
    "scheduled": State.ACCEPTED,
    "queued": State.ACCEPTED,
    "sending": State.ACCEPTED,
    "sent": State.SENT,
    "failed": State.FAILED,
    "canceled": State.FAILED,
    "undelivered": State.UNDELIVERED,
    "delivered": State.DELIVERED,
    "read": State.DELIVERED,
}
RANK = {
    State.SUBMITTING: 0,
    State.IN_DOUBT: 0,
    State.PLANNED: 0,
    State.ACCEPTED: 1,
    State.SENT: 2,
    State.FAILED: 3,
    State.UNDELIVERED: 4,
    State.DELIVERED: 5,
}
OPTED_OUT_AT_CARRIER = "21610"


def record_receipt(session: Session, attempt_id: UUID, receipt: Receipt, *, now: datetime) -> bool:
    """Move the attempt's delivery forward; return whether it moved. Safe to run twice.

    The caller has proved that the attempt is ours. A receipt for a message id that belongs to
    another attempt changes nothing. An unknown status changes nothing and is logged.
    """
    state = REPORTED.get(receipt.status)
    if state is None:
        log.warning("receipt.unknown_status", status=receipt.status[:40])
        return False
    attempt = session.get(Attempt, attempt_id)
    if attempt is None or attempt.sid not in (None, receipt.message_sid):
        log.warning("receipt.foreign", attempt=str(attempt_id))
        return False
    if attempt.sid is None and not _adopt(session, attempt, receipt.message_sid):
        return False
    moved = _move(session, attempt, state, receipt, now)
    if receipt.error_code == OPTED_OUT_AT_CARRIER:
        note_opt_out(session, attempt.delivery_id, now=now)
    return moved


def note_opt_out(session: Session, delivery_id: UUID, *, now: datetime) -> None:
    """Record that the carrier knows of an opt-out that we had not heard of."""
    delivery = session.get_one(Delivery, delivery_id)
    person = session.get_one(Person, delivery.person_id)
    opt_out(session, person, how="carrier", now=now)
    withdraw_person(session, person.id, reason="opted_out", now=now)


def _adopt(session: Session, attempt: Attempt, sid: str) -> bool:
    """Take the message id from a receipt that came before our own record of the answer."""
    taken = session.exec(select(Attempt.id).where(Attempt.sid == sid)).first()
    if taken is not None:
        log.warning("receipt.sid_of_another", attempt=str(attempt.id))
        return False
    attempt.sid, attempt.is_open, attempt.outcome = sid, False, "accepted"
    session.add(attempt)
    session.flush()
    return True


def _move(
    session: Session, attempt: Attempt, state: State, receipt: Receipt, now: datetime
) -> bool:
    lower = [known for known, rank in RANK.items() if rank < RANK[state]]
    done = session.exec(
        update(Delivery)
        .where(col(Delivery.id) == attempt.delivery_id, col(Delivery.state).in_(lower))
        .values(state=state, sid=receipt.message_sid, reason=receipt.error_code, changed_at=now)
    )
    return int(done.rowcount) == 1
