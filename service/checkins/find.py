"""Find check-ins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel import Session, col, func, select

from service.checkins.tables import CheckIn, CheckInState
from service.errors import NotFound

LIVE = (CheckInState.SUBMITTED, CheckInState.APPROVED, CheckInState.UNDERWAY)


def get_checkin(session: Session, chapter_id: UUID, checkin_id: UUID) -> CheckIn:
    """Return one of the chapter's check-ins. Raises NotFound."""
    checkin = session.get(CheckIn, checkin_id)
    if checkin is None or checkin.chapter_id != chapter_id:
        raise NotFound(None, f"no check-in {checkin_id}")
    return checkin


def list_checkins(
    session: Session,
    chapter_id: UUID,
    *,
    states: Sequence[CheckInState] | None = None,
    after: UUID | None = None,
    limit: int,
) -> Sequence[CheckIn]:
    """Return the chapter's check-ins by id (oldest registration first), those after `after`."""
    query = select(CheckIn).where(CheckIn.chapter_id == chapter_id)
    if states is not None:
        query = query.where(col(CheckIn.state).in_(states))
    if after is not None:
        query = query.where(col(CheckIn.id) > after)
    return session.exec(query.order_by(col(CheckIn.id)).limit(limit)).all()


def coming_up(
    session: Session, chapter_id: UUID, *, since: datetime, states: Iterable[CheckInState] = LIVE,
    limit: int,
) -> Sequence[CheckIn]:  # fmt: skip
    """Return what is not over, soonest first; `since` also keeps what began a while ago."""
    return session.exec(
        select(CheckIn)
        .where(
            CheckIn.chapter_id == chapter_id,
            col(CheckIn.state).in_(tuple(states)),
            CheckIn.starts_at >= since,
        )
        .order_by(col(CheckIn.starts_at), col(CheckIn.id))
        .limit(limit)
    ).all()


def count_coming(session: Session, chapter_id: UUID, *, since: datetime) -> int:
    """Return how many check-ins `coming_up` could return."""
    return session.exec(
        select(func.count())
        .select_from(CheckIn)
        .where(
            CheckIn.chapter_id == chapter_id,
            col(CheckIn.state).in_(LIVE),
            CheckIn.starts_at >= since,
        )
    ).one()


def between(
    session: Session, chapter_id: UUID, since: datetime, until: datetime
) -> Sequence[CheckIn]:
    """Return what starts from `since` to before `until` (aware UTC), whatever became of it, in order."""
    return session.exec(
        select(CheckIn)
        .where(
            CheckIn.chapter_id == chapter_id,
            CheckIn.starts_at >= since,
            CheckIn.starts_at < until,
        )
        .order_by(col(CheckIn.starts_at), col(CheckIn.id))
    ).all()


class Mark(NamedTuple):
    """As much of a check-in as a calendar shows that counts them."""

    id: UUID
    state: CheckInState
    starts_at: datetime

    @property
    def subject(self) -> str:
        """How lower rooms name it."""
        return f"checkin:{self.id.hex}"


def marks_between(
    session: Session, chapter_id: UUID, since: datetime, until: datetime
) -> list[Mark]:
    """Return what `between` does, and of each check-in no more than its mark."""
    columns = select(CheckIn.id, CheckIn.state, CheckIn.starts_at)
    rows = session.exec(
        columns.where(
            CheckIn.chapter_id == chapter_id,
            CheckIn.starts_at >= since,
            CheckIn.starts_at < until,
        ).order_by(col(CheckIn.starts_at), col(CheckIn.id))
    )
    return [Mark(*row) for row in rows]


def all_of_family(session: Session, person_id: UUID, *, now: datetime) -> Sequence[CheckIn]:
    """Return a family's check-ins that are still to come, soonest first."""
    return session.exec(
        select(CheckIn)
        .where(
            CheckIn.family_id == person_id,
            col(CheckIn.state).in_(LIVE),
            CheckIn.starts_at > now,
        )
        .order_by(col(CheckIn.starts_at))
    ).all()


def next_of_family(session: Session, person_id: UUID, *, now: datetime) -> CheckIn | None:
    """Return a family's next check-in, if it has one."""
    return next(iter(all_of_family(session, person_id, now=now)), None)
