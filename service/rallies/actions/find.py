"""Find actions. Those that are practised are found apart."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from service.errors import NotFound
from service.rallies.actions.tables import Action


def get_action(session: Session, chapter_id: UUID, action_id: UUID) -> Action:
    """Return one of the chapter's actions. Raises NotFound."""
    action = session.get(Action, action_id)
    if action is None or action.chapter_id != chapter_id or action.is_drill:
        raise NotFound(None, f"no action {action_id}")
    return action


def list_actions(
    session: Session, chapter_id: UUID, *, after: UUID | None = None, limit: int
) -> Sequence[Action]:
    """Return the chapter's actions by id (oldest draft first), those after `after`."""
    query = select(Action).where(Action.chapter_id == chapter_id, ~col(Action.is_drill))
    if after is not None:
        query = query.where(col(Action.id) > after)
    return session.exec(query.order_by(col(Action.id)).limit(limit)).all()


def newest_actions(session: Session, chapter_id: UUID, *, limit: int) -> Sequence[Action]:
    """Return the chapter's actions, newest first."""
    query = select(Action).where(Action.chapter_id == chapter_id, ~col(Action.is_drill))
    return session.exec(query.order_by(col(Action.id).desc()).limit(limit)).all()
