"""How a message went out over time: so many left and arrived by each moment. For a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from service.outbox.tables import Attempt, Delivery, State

MOST_SLOTS = 60
MOST_KEPT = 200


@dataclass(frozen=True)
class Moment:
    """By `at`, so many had left and so many had arrived, all told."""

    at: datetime
    left: int
    arrived: int


_kept: dict[tuple[UUID, datetime, datetime, int | None], Sequence[Moment]] = {}


def moments(
    session: Session, gate_id: UUID, *, since: datetime, until: datetime,
    arrived_in_all: int | None = None,
) -> Sequence[Moment]:  # fmt: skip
    """Return the sums from `since` to `until` in at most 60 equal steps, the first of them zero.

    arrived_in_all: given where nothing is left to send: as long as no more arrive, the sums stay.
    """
    key = (gate_id, since, until, arrived_in_all)
    if arrived_in_all is not None and (kept := _kept.get(key)) is not None:
        return kept
    made = _add_up(session, gate_id, since, until)
    if arrived_in_all is not None:
        if len(_kept) > MOST_KEPT:
            _kept.clear()
        _kept[key] = made
    return made


def _add_up(session: Session, gate_id: UUID, since: datetime, until: datetime) -> Sequence[Moment]:
    step = max(1, -(-int((until - since).total_seconds()) // MOST_SLOTS))
    slots = max(1, -(-int((until - since).total_seconds()) // step))
    first_tries = (
        select(func.min(Attempt.started_at).label("at"))
        .join(Delivery, col(Delivery.id) == Attempt.delivery_id)
        .where(Delivery.gate_id == gate_id)
        .group_by(col(Attempt.delivery_id))
        .subquery()
    )
    arrived_at = (
        select(col(Delivery.changed_at).label("at"))
        .where(Delivery.gate_id == gate_id, Delivery.state == State.DELIVERED)
        .subquery()
    )
    left = _by_slot(session, first_tries.c.at, since, step, slots)
    arrived = _by_slot(session, arrived_at.c.at, since, step, slots)
    made, sums = [Moment(since, 0, 0)], (0, 0)
    for slot in range(slots):
        sums = (sums[0] + left.get(slot, 0), sums[1] + arrived.get(slot, 0))
        made.append(Moment(since + timedelta(seconds=step * (slot + 1)), *sums))
    return made


def _by_slot(session: Session, at: Any, since: datetime, step: int, slots: int) -> dict[int, int]:
    """Count rows by the step in which they fall; the very end belongs to the last one."""
    seconds = sa.cast(sa.extract("epoch", at), sa.BigInteger) - int(since.timestamp())
    slot = (seconds // step).label("slot")
    rows = session.execute(sa.select(slot, sa.func.count()).group_by(slot)).all()
    found: dict[int, int] = {}
    for number, count in rows:
        place = min(max(0, int(number)), slots - 1)
        found[place] = found.get(place, 0) + count
    return found
