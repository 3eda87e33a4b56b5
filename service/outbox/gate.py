"""Hold back or let go what stands behind a gate. Takes effect at the next claim."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, func, select, update

from service.db import new_id
from service.db.database import ring_after
from service.messages.segments import count_segments
from service.outbox.tables import (
    REACHED_CARRIER,
    WAITING,
    Delivery,
    Gate,
    GateState,
    State,
    Wording,
)
from service.outbox.withdraw import withdraw

# A gate opens with the last of its copies, and none is ever taken away: so many they stay.
ALL_WRITTEN = (GateState.OPEN, GateState.PAUSED)
NOT_ARRIVED = [state for state in State if state is not State.DELIVERED]
MOST_REMEMBERED = 10_000
_written: dict[UUID, int] = {}


def make_gate(session: Session, gate_id: UUID, wordings: dict[str, str]) -> None:
    """Make a closed gate with its texts by language. Raises EmptyText for a blank one."""
    session.add(Gate(id=gate_id, state=GateState.PLANNING))
    session.flush()
    for language, body in wordings.items():
        parts = count_segments(body).parts
        session.add(
            Wording(id=new_id(), gate_id=gate_id, language=language, body=body, segments=parts)
        )
    session.flush()


def get_wordings(session: Session, gate_id: UUID) -> dict[str, Wording]:
    """Return the gate's texts by language."""
    rows = session.exec(select(Wording).where(Wording.gate_id == gate_id))
    return {wording.language: wording for wording in rows}


def wordings_of(session: Session, gate_ids: Iterable[UUID]) -> dict[UUID, dict[str, str]]:
    """Return the texts of many gates, gate -> language -> body, one query."""
    found: dict[UUID, dict[str, str]] = {gate_id: {} for gate_id in gate_ids}
    rows = session.exec(
        select(Wording).where(col(Wording.gate_id).in_(list(found))).order_by(col(Wording.language))
    )
    for wording in rows:
        found[wording.gate_id][wording.language] = wording.body
    return found


def set_gate(session: Session, gate_id: UUID, state: GateState) -> None:
    """Open, pause or stop."""
    session.exec(update(Gate).where(col(Gate.id) == gate_id).values(state=state))
    if state is GateState.OPEN:
        ring_after(session)


def stopped_because(session: Session, gate_id: UUID) -> str | None:
    """Return why the outbox itself stopped what stands behind the gate; None if it did not."""
    gate = session.get(Gate, gate_id, populate_existing=True)
    return gate.reason if gate is not None and gate.state is GateState.STOPPED else None


def count_behind(session: Session, gate_id: UUID) -> dict[State, int]:
    """Return how many deliveries behind the gate are in each state."""
    return counts_behind(session, [gate_id])[gate_id]


def counts_behind(session: Session, gate_ids: Iterable[UUID]) -> dict[UUID, dict[State, int]]:
    """Return the same for many gates, one query."""
    found: dict[UUID, dict[State, int]] = {gate_id: {} for gate_id in gate_ids}
    known = {id_: total for id_ in found if (total := _written.get(id_)) is not None}
    if known:
        _count_the_rest(session, known, found)
    if len(known) < len(found):
        _count_all(session, found.keys() - known.keys(), found)
    return found


def _count_all(
    session: Session, gate_ids: Iterable[UUID], found: dict[UUID, dict[State, int]]
) -> None:
    """Count every delivery. How many there are is remembered where no more are written."""
    rows = session.exec(
        select(Gate.id, Gate.state, col(Delivery.state), func.count())
        .join(Delivery, col(Delivery.gate_id) == Gate.id)
        .where(col(Gate.id).in_(list(gate_ids)))
        .group_by(col(Gate.id), col(Gate.state), col(Delivery.state))
    ).all()
    for gate_id, _, state, count in rows:
        found[gate_id][State(state)] = count
    if len(_written) > MOST_REMEMBERED:
        _written.clear()
    for gate_id in {gate_id for gate_id, gate, _, _ in rows if gate in ALL_WRITTEN}:
        _written[gate_id] = sum(found[gate_id].values())


def _count_the_rest(
    session: Session, totals: dict[UUID, int], found: dict[UUID, dict[State, int]]
) -> None:
    """Count what has not arrived, which soon is little; the rest of so many has."""
    rows = session.exec(
        select(col(Delivery.gate_id), col(Delivery.state), func.count())
        .where(col(Delivery.gate_id).in_(list(totals)), col(Delivery.state).in_(NOT_ARRIVED))
        .group_by(col(Delivery.gate_id), col(Delivery.state))
    ).all()
    for gate_id, state, count in rows:
        if gate_id is not None:
            found[gate_id][State(state)] = count
    for gate_id, total in totals.items():
        if arrived := total - sum(found[gate_id].values()):
            found[gate_id][State.DELIVERED] = arrived


def is_drained(session: Session, gate_id: UUID) -> bool:
    """Return whether nothing behind the gate waits for the carrier any more."""
    waiting = select(col(Delivery.id)).where(
        Delivery.gate_id == gate_id, col(Delivery.state).in_(WAITING)
    )
    return session.exec(waiting.limit(1)).first() is None


def reached(counts: dict[State, int]) -> int:
    """Return how many the carrier has taken."""
    return sum(counts.get(state, 0) for state in REACHED_CARRIER)


def withdraw_behind(session: Session, gate_id: UUID, *, reason: str, now: datetime) -> int:
    """Suppress what is still planned behind the gate; return how many."""
    return withdraw(
        session, col(Delivery.gate_id) == gate_id, reason=reason, now=now,
        under_way=(State.SUBMITTING, State.IN_DOUBT),
    )  # fmt: skip
