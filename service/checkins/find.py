"""Find check-ins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel import Session, col, func, select

from service.checkins.tables import CheckIn, CheckInState
from service.errors import NotFound
from service.rsvps.tables import COMING, Rsvp, RsvpState

LIVE = (CheckInState.SUBMITTED, CheckInState.APPROVED, CheckInState.UNDERWAY)


def get_checkin(session: Session, chapter_id: UUID, checkin_id: UUID) -> CheckIn:
    """Return one of the chapter's check-ins. A drill is none. Raises NotFound."""
    checkin = get_checkin_or_drill(session, chapter_id, checkin_id)
    if checkin.is_drill:
        raise NotFound(None, f"no check-in {checkin_id}")
    return checkin


def get_checkin_or_drill(session: Session, chapter_id: UUID, checkin_id: UUID) -> CheckIn:
    """Return one of the chapter's check-ins, also one that is only practised. Raises NotFound."""
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
    """Return the chapter's check-ins by id (oldest registration first), those after `after`; no drills."""
    query = select(CheckIn).where(CheckIn.chapter_id == chapter_id, ~col(CheckIn.is_drill))
    if states is not None:
        query = query.where(col(CheckIn.state).in_(states))
    if after is not None:
        query = query.where(col(CheckIn.id) > after)
    return session.exec(query.order_by(col(CheckIn.id)).limit(limit)).all()


def coming_up(
    session: Session, chapter_id: UUID, *, since: datetime, states: Iterable[CheckInState] = LIVE,
    limit: int,
) -> Sequence[CheckIn]:  # fmt: skip
    """Return what is not over, soonest first, no drills; `since` also keeps what began a while ago."""
    return session.exec(
        select(CheckIn)
        .where(
            CheckIn.chapter_id == chapter_id,
            ~col(CheckIn.is_drill),
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
            ~col(CheckIn.is_drill),
            col(CheckIn.state).in_(LIVE),
            CheckIn.starts_at >= since,
        )
    ).one()


def between(
    session: Session, chapter_id: UUID, since: datetime, until: datetime
) -> Sequence[CheckIn]:
    """Return what starts from `since` to before `until` (aware UTC), in order; no drills."""
    return session.exec(
        select(CheckIn)
        .where(
            CheckIn.chapter_id == chapter_id,
            ~col(CheckIn.is_drill),
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
            ~col(CheckIn.is_drill),
            CheckIn.starts_at >= since,
            CheckIn.starts_at < until,
        ).order_by(col(CheckIn.starts_at), col(CheckIn.id))
    )
    return [Mark(id_, CheckInState(state), at) for id_, state, at in rows]


def all_of_family(session: Session, person_id: UUID, *, now: datetime) -> Sequence[CheckIn]:
    """Return a family's check-ins that are still to come, soonest first."""
    return session.exec(
        select(CheckIn)
        .where(
            CheckIn.family_id == person_id,
            ~col(CheckIn.is_drill),
            col(CheckIn.state).in_(LIVE),
            CheckIn.starts_at > now,
        )
        .order_by(col(CheckIn.starts_at))
    ).all()


def next_of_family(session: Session, person_id: UUID, *, now: datetime) -> CheckIn | None:
    """Return a family's next check-in, if it has one."""
    return next(iter(all_of_family(session, person_id, now=now)), None)


def drill_of_family(session: Session, person_id: UUID) -> CheckIn | None:
    """Return the drill that goes on in which this guest plays the family, if there is one."""
    return session.exec(
        select(CheckIn)
        .where(
            CheckIn.family_id == person_id,
            col(CheckIn.is_drill),
            col(CheckIn.state) != CheckInState.CANCELLED,
        )
        .order_by(col(CheckIn.id).desc())
    ).first()


def drill_of_guest(session: Session, person_id: UUID) -> CheckIn | None:
    """Return the newest drill that goes on in which they play the family, or go along."""
    own = drill_of_family(session, person_id)
    if own is not None:
        return own
    rows = session.exec(
        select(CheckIn)
        .where(col(CheckIn.is_drill), col(CheckIn.state) != CheckInState.CANCELLED)
        .order_by(col(CheckIn.id).desc())
    ).all()
    theirs = select(Rsvp.subject).where(
        Rsvp.person_id == person_id,
        col(Rsvp.subject).in_([row.subject for row in rows]),
        col(Rsvp.state).in_([*COMING, RsvpState.LEFT]),
    )
    subjects = set(session.exec(theirs))
    return next((row for row in rows if row.subject in subjects), None)


def list_drills(session: Session, chapter_id: UUID) -> Sequence[CheckIn]:
    """Return the appointments that a chapter practises now, newest first."""
    return session.exec(
        select(CheckIn)
        .where(CheckIn.chapter_id == chapter_id, col(CheckIn.is_drill))
        .order_by(col(CheckIn.id).desc())
    ).all()
