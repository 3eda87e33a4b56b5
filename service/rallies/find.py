"""Find rallies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from service.errors import NotFound
from service.rallies.tables import Rally, RallyState

MOST_LATELY = 100
LIVE = (RallyState.DRAFT, RallyState.ANNOUNCED, RallyState.UNDERWAY)


def get_rally(session: Session, chapter_id: UUID, rally_id: UUID) -> Rally:
    """Return one of the chapter's rallies. A drill is none. Raises NotFound."""
    rally = session.get(Rally, rally_id)
    if rally is None or rally.chapter_id != chapter_id or rally.is_drill:
        raise NotFound(None, f"no rally {rally_id}")
    return rally


def list_rallies(
    session: Session, chapter_id: UUID, *, after: UUID | None = None, limit: int
) -> Sequence[Rally]:
    """Return the chapter's rallies by id (oldest draft first), those after `after`; no drills."""
    query = select(Rally).where(Rally.chapter_id == chapter_id, ~col(Rally.is_drill))
    if after is not None:
        query = query.where(col(Rally.id) > after)
    return session.exec(query.order_by(col(Rally.id)).limit(limit)).all()


def coming_up(session: Session, chapter_id: UUID, *, now: datetime) -> Sequence[Rally]:
    """Return what is not over, soonest first. Drills are apart."""
    return session.exec(
        select(Rally)
        .where(
            Rally.chapter_id == chapter_id,
            col(Rally.state).in_(LIVE),
            Rally.ends_at > now,
            ~col(Rally.is_drill),
        )
        .order_by(col(Rally.starts_at))
    ).all()


def lately(session: Session, chapter_id: UUID, *, now: datetime) -> Sequence[Rally]:
    """Return what people were called to within the last year or are called to now, newest first."""
    return session.exec(
        select(Rally)
        .where(
            Rally.chapter_id == chapter_id,
            Rally.state != RallyState.DRAFT,
            Rally.starts_at > now - timedelta(days=365),
        )
        .order_by(col(Rally.starts_at).desc())
        .limit(MOST_LATELY)
    ).all()
