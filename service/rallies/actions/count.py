"""Count who has done it: once a person, however often they say so."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Session, col, func, or_, select

from service.db.insert import insert_new
from service.rallies.actions.tables import (
    Action,
    ActionDone,
    ActionKind,
    ActionState,
    ActionTurn,
)


class Said(StrEnum):
    """What came of it."""

    COUNTED = "counted"
    AGAIN = "again"  # they had told us before
    OVER = "over"


@dataclass(frozen=True)
class Noted:
    """Which action it was about, what came of it, and how many people have done it now."""

    action: Action
    said: Said
    count: int


def note_done(
    session: Session, person_id: UUID, chapters: Collection[UUID], kind: ActionKind, *,
    texted: UUID, now: datetime,
) -> Noted | None:  # fmt: skip
    """Count that somebody called, signed or wrote; None where nobody was ever asked for that.

    chapters: theirs; texted: the one whose number they wrote to. Of several open ones it is what
    that one asked them, then the newest that they have not done: first of those they were asked
    about. What is over is not counted any more. A drill is there for its guests alone.
    """
    asked, done = (_of_person(session, table, person_id) for table in (ActionTurn, ActionDone))
    told = session.exec(
        select(Action)
        .where(
            col(Action.chapter_id).in_(chapters),
            Action.kind == kind,
            Action.state != ActionState.DRAFT,
            or_(~col(Action.is_drill), col(Action.id).in_(asked)),
        )
        .order_by(col(Action.announced_at).desc(), col(Action.id).desc())
    ).all()
    if not told:
        return None
    is_open = [one for one in told if one.state is ActionState.ANNOUNCED and one.deadline > now]
    if not is_open:
        return Noted(told[0], Said.OVER, count_done(session, [told[0].id])[told[0].id])
    action = min(is_open, key=lambda one: _nearness(one, texted, asked, done))
    row = {"action_id": action.id, "person_id": person_id, "done_at": now}
    new = insert_new(session, ActionDone).values(**row).returning(col(ActionDone.person_id))
    is_new = session.execute(new).first() is not None
    count = count_done(session, [action.id])[action.id]
    return Noted(action, Said.COUNTED if is_new else Said.AGAIN, count)


def _nearness(
    action: Action, texted: UUID, asked: Collection[UUID], done: Collection[UUID]
) -> tuple[bool, bool, bool]:
    is_asked = action.id in asked
    return not (is_asked and action.chapter_id == texted), action.id in done, not is_asked


def count_done(session: Session, ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return how many people have done each action, one query."""
    found = dict.fromkeys(ids, 0)
    rows = session.exec(
        select(col(ActionDone.action_id), func.count())
        .where(col(ActionDone.action_id).in_(list(found)))
        .group_by(col(ActionDone.action_id))
    ).all()
    return found | dict(rows)


def count_asked(session: Session, ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return how many people have been asked to do each action so far, one query."""
    found = dict.fromkeys(ids, 0)
    rows = session.exec(
        select(col(ActionTurn.action_id), func.count())
        .join(Action, col(Action.id) == ActionTurn.action_id)
        .where(col(ActionTurn.action_id).in_(list(found)), ActionTurn.day < Action.days_sent)
        .group_by(col(ActionTurn.action_id))
    ).all()
    return found | dict(rows)


def who_did(session: Session, action_id: UUID) -> tuple[UUID, ...]:
    """Return who has done it, by id."""
    query = select(ActionDone.person_id).where(ActionDone.action_id == action_id)
    return tuple(session.exec(query.order_by(col(ActionDone.person_id))).all())


def _of_person(
    session: Session, table: type[ActionTurn] | type[ActionDone], person_id: UUID
) -> set[UUID]:
    query = select(table.action_id).where(table.person_id == person_id)
    return set(session.exec(query).all())
