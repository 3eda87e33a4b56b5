"""What the carrier tells us afterwards: forward only, whatever the order it comes in."""

from __future__ import annotations

from uuid import UUID

import structlog
from sqlmodel import Session

from service.outbox.advance import Rules, advance
from service.outbox.events import At, Reported
from service.outbox.tables import State
from service.sms.inbound import Receipt

log = structlog.get_logger()

# The carrier's words, as ours.
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


def record_receipt(
    session: Session, attempt_id: UUID, receipt: Receipt, at: At, rules: Rules
) -> bool:
    """Move the attempt's delivery forward; return whether it moved. Safe to run twice.

    The caller has proved that the attempt is ours. An unknown status changes nothing and is logged.
    """
    state = REPORTED.get(receipt.status)
    if state is None:
        log.warning("receipt.unknown_status", status=receipt.status[:40])
        return False
    code = int(receipt.error_code) if receipt.error_code.isdecimal() else 0
    return advance(session, Reported(attempt_id, receipt.message_sid, state, code), at, rules)
