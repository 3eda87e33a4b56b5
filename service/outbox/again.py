"""What failed behind a gate, in codes; and trying again what may pass."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, func, select, update

from service.db.database import ring_after
from service.outbox.tables import Attempt, Delivery, State
from service.sms.codes import Code, Does, look_up

FAILED = (State.FAILED, State.UNDELIVERED)
NOT_SENT = (State.SUPPRESSED, State.EXPIRED)
MAY_PASS = (Does.RETRY, Does.LATER)


@dataclass(frozen=True)
class Failure:
    """Texts that failed with one code. `may_pass`: it can be tried again."""

    reason: str
    code: Code
    count: int

    @property
    def may_pass(self) -> bool:
        """Whether trying again can help."""
        return self.code.does in MAY_PASS and self.reason.isdigit()


def failures_behind(session: Session, gate_id: UUID) -> list[Failure]:
    """Return what failed behind the gate, the most frequent first."""
    counted = _reasons(session, gate_id, FAILED)
    return [Failure(reason, look_up(reason), count) for reason, count in counted]


def not_sent_behind(session: Session, gate_id: UUID) -> list[tuple[str, int]]:
    """Return why texts behind the gate were never sent, with how many, the most frequent first."""
    return _reasons(session, gate_id, NOT_SENT)


def try_again(session: Session, gate_id: UUID, *, now: datetime) -> int:
    """Plan those again that failed for a reason that may pass; return how many. Safe to run twice.

    Only what the carrier has said did not arrive: never what it may have taken, nor what is in doubt.
    Each keeps its row and its once_key, so there is no second text to plan.
    """
    codes = [each.reason for each in failures_behind(session, gate_id) if each.may_pass]
    unresolved = select(Attempt.delivery_id).where(col(Attempt.is_open))
    again = session.exec(
        update(Delivery)
        .where(
            col(Delivery.gate_id) == gate_id,
            col(Delivery.state).in_(FAILED),
            col(Delivery.reason).in_(codes),
            col(Delivery.withdrawn) == "",
            col(Delivery.not_after) > now,
            col(Delivery.id).not_in(unresolved),
        )
        .values(state=State.PLANNED, not_before=now, retries=0, tries=0, changed_at=now)
    )
    if again.rowcount:
        ring_after(session)
    return int(again.rowcount)


def _reasons(session: Session, gate_id: UUID, states: tuple[State, ...]) -> list[tuple[str, int]]:
    rows = session.exec(
        select(col(Delivery.reason), func.count())
        .where(col(Delivery.gate_id) == gate_id, col(Delivery.state).in_(states))
        .group_by(col(Delivery.reason))
    ).all()
    return sorted(((reason, count) for reason, count in rows), key=lambda row: (-row[1], row[0]))
