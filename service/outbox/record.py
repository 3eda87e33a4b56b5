"""Write down what the carrier answered to a batch, in a few statements where all went well."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session

from service.db.given import given
from service.db.tables import table_of
from service.outbox.advance import Rules, advance
from service.outbox.events import Answered, At
from service.outbox.tables import Attempt, Delivery, State
from service.sms.carrier import Accepted, Outcome

Result = tuple[UUID, UUID, Outcome]  # attempt, delivery, what came of it

_A, _D = table_of(Attempt), table_of(Delivery)


def record(session: Session, results: Sequence[Result], at: At, rules: Rules) -> None:
    """Write down a batch of answers. Safe to repeat; each write is fenced by attempt and state.

    The many that were simply accepted take two statements, which write what `step` says of them
    (a test holds them to it). Where a fence catches one, a receipt came first or a lease ran out:
    then each goes through `advance`, as all others do.
    """
    accepted = [
        (attempt_id, delivery_id, outcome)
        for attempt_id, delivery_id, outcome in results
        if isinstance(outcome, Accepted)
    ]
    if accepted and not _accept_all(session, accepted, at):
        for attempt_id, _, sent in accepted:
            advance(session, Answered(attempt_id, sent), at, rules)
    for attempt_id, _, outcome in results:
        if not isinstance(outcome, Accepted):
            advance(session, Answered(attempt_id, outcome), at, rules)


def _accept_all(session: Session, accepted: Sequence[tuple[UUID, UUID, Accepted]], at: At) -> bool:
    """Write the plain case; return False, with nothing written, when a fence caught one."""
    attempts, deliveries, outcomes = zip(*accepted, strict=True)
    sids = [outcome.sid for outcome in outcomes]
    tries = given(session, "tries", id=(sa.Uuid(), attempts), sid=(sa.String(), sids))
    texts = given(session, "texts", id=(sa.Uuid(), deliveries), sid=(sa.String(), sids))
    savepoint = session.begin_nested()
    connection = session.connection()
    try:
        closed = connection.execute(
            sa.update(_A)
            .where(_A.c.id == tries.c.id, _A.c.is_open)
            .values(is_open=False, outcome="accepted", sid=tries.c.sid)
        )
        moved = connection.execute(
            sa.update(_D)
            .where(_D.c.id == texts.c.id, _D.c.state == State.SUBMITTING)
            .values(state=State.ACCEPTED, sid=texts.c.sid, reason="", changed_at=at.now)
        )
    except sa.exc.IntegrityError:  # a message id that belongs to another attempt
        savepoint.rollback()
        return False
    if closed.rowcount == moved.rowcount == len(accepted):
        savepoint.commit()
        return True
    savepoint.rollback()
    return False
