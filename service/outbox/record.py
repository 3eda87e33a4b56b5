"""Write down what the carrier answered to a batch, in a few statements where all went well."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, update

from service.outbox.advance import Rules, advance
from service.outbox.events import Answered, At
from service.outbox.tables import Attempt, Delivery, State
from service.sms.carrier import Accepted, Outcome

Result = tuple[UUID, UUID, Outcome]  # attempt, delivery, what came of it

_CLOSE = (
    update(Attempt)
    .where(col(Attempt.id) == sa.bindparam("attempt"), col(Attempt.is_open))
    .values(is_open=False, outcome="accepted", sid=sa.bindparam("the_sid"))
)
_ACCEPT = (
    update(Delivery)
    .where(col(Delivery.id) == sa.bindparam("delivery"), col(Delivery.state) == State.SUBMITTING)
    .values(
        state=State.ACCEPTED, sid=sa.bindparam("the_sid"), reason="",
        changed_at=sa.bindparam("now"),
    )
)  # fmt: skip


def record(session: Session, results: Sequence[Result], at: At, rules: Rules) -> None:
    """Write down a batch of answers. Safe to repeat; each write is fenced by attempt and state.

    The many that were simply accepted take two statements, which write what `step` says of them
    (a test holds them to it). Where a fence catches one, a receipt came first or a lease ran out:
    then each goes through `advance`, as all others do.
    """
    accepted = [result for result in results if isinstance(result[2], Accepted)]
    if accepted and not _accept_all(session, accepted, at):
        for attempt_id, _, outcome in accepted:
            advance(session, Answered(attempt_id, outcome), at, rules)
    for attempt_id, _, outcome in results:
        if not isinstance(outcome, Accepted):
            advance(session, Answered(attempt_id, outcome), at, rules)


def _accept_all(session: Session, accepted: Sequence[Result], at: At) -> bool:
    """Write the plain case; return False, with nothing written, when a fence caught one."""
    rows = [
        {"attempt": attempt, "delivery": delivery, "the_sid": outcome.sid, "now": at.now}
        for attempt, delivery, outcome in accepted
        if isinstance(outcome, Accepted)
    ]
    savepoint = session.begin_nested()
    connection = session.connection()
    try:
        closed = connection.execute(_CLOSE, [_only(row, "attempt", "the_sid") for row in rows])
        moved = connection.execute(
            _ACCEPT, [_only(row, "delivery", "the_sid", "now") for row in rows]
        )
    except sa.exc.IntegrityError:  # a message id that belongs to another attempt
        savepoint.rollback()
        return False
    if closed.rowcount == moved.rowcount == len(rows):
        savepoint.commit()
        return True
    savepoint.rollback()
    return False


def _only(row: dict[str, object], *names: str) -> dict[str, object]:
    return {name: row[name] for name in names}
