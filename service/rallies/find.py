"""Find rallies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from service.errors import NotFound
from service.rallies.tables import Rally, RallyChapter, RallyState

MOST_LATELY = 100
LIVE = (RallyState.DRAFT, RallyState.ANNOUNCED, RallyState.UNDERWAY)


def get_rally(session: Session, chapter_id: UUID, rally_id: UUID) -> Rally:
    """Return one of the chapter's rallies. A drill is none. Raises NotFound."""
    rally = session.get(Rally, rally_id)
    if rally is None or rally.chapter_id != chapter_id or rally.is_drill:
        raise NotFound(None, f"no rally {rally_id}")
    return rally


def shown_rally(session: Session, chapter_id: UUID, rally_id: UUID) -> Rally:
    """Return one of the chapter's rallies, or one that it joined or may join. Raises NotFound."""
    rally = session.get(Rally, rally_id)
    if rally is None or rally.is_drill:
        raise NotFound(None, f"no rally {rally_id}")
    is_offered = rally.opened_at is not None and rally.state is RallyState.ANNOUNCED
    if rally.chapter_id == chapter_id or is_offered or has_joined(session, chapter_id, rally):
        return rally
    raise NotFound(None, f"no rally {rally_id}")


def has_joined(session: Session, chapter_id: UUID, rally: Rally) -> bool:
    """Return whether another chapter calls to this rally too."""
    return session.get(RallyChapter, (rally.id, chapter_id)) is not None


def opened(session: Session, chapter_id: UUID, *, now: datetime) -> Sequence[Rally]:
    """Return the rallies of other chapters that this one can join, soonest first."""
    return session.exec(
        select(Rally)
        .where(
            Rally.chapter_id != chapter_id,
            col(Rally.opened_at).is_not(None),
            Rally.state == RallyState.ANNOUNCED,
            Rally.starts_at > now,
            ~col(Rally.is_drill),
            col(Rally.id).not_in(_joined(chapter_id)),
        )
        .order_by(col(Rally.starts_at))
    ).all()


def list_rallies(
    session: Session, chapter_id: UUID, *, after: UUID | None = None, limit: int
) -> Sequence[Rally]:
    """Return the chapter's rallies by id (oldest draft first), those after `after`; no drills."""
    query = select(Rally).where(Rally.chapter_id == chapter_id, ~col(Rally.is_drill))
    if after is not None:
        query = query.where(col(Rally.id) > after)
    return session.exec(query.order_by(col(Rally.id)).limit(limit)).all()


def coming_up(session: Session, chapter_id: UUID, *, now: datetime) -> Sequence[Rally]:
    """Return what is not over, soonest first, what the chapter joined too. Drills are apart."""
    return session.exec(
        select(Rally)
        .where(
            or_(Rally.chapter_id == chapter_id, col(Rally.id).in_(_joined(chapter_id))),
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


def _joined(chapter_id: UUID) -> SelectOfScalar[UUID]:
    return select(RallyChapter.rally_id).where(RallyChapter.chapter_id == chapter_id)
