"""Let rallies begin and end; write down how many came, and at a training, who."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from service.db.insert import insert_new
from service.errors import InvalidValue, WrongState
from service.privacy import audit
from service.privacy.policy import Viewer
from service.rallies.draft import MOST_PEOPLE
from service.rallies.rules import check_move
from service.rallies.tables import Attendance, Rally, RallyKind, RallyState
from service.rsvps.arrive import arrive
from service.rsvps.close import close_event


def begin_rallies(session: Session, *, now: datetime) -> int:
    """Note which rallies have begun; return how many. Safe to run twice."""
    begun = session.exec(
        select(Rally).where(
            Rally.state == RallyState.ANNOUNCED, Rally.starts_at <= now, Rally.ends_at > now
        )
    ).all()
    for rally in begun:
        rally.state, rally.remind_at = RallyState.UNDERWAY, None
        session.add(rally)
    return len(begun)


def close_past_rallies(session: Session, *, now: datetime) -> int:
    """Close what has ended; return how many. Safe to run twice."""
    open_states = (RallyState.ANNOUNCED, RallyState.UNDERWAY)
    over = session.exec(
        select(Rally).where(col(Rally.state).in_(open_states), Rally.ends_at <= now)
    ).all()
    for rally in over:
        _close(session, rally, now)
    return len(over)


def close(
    session: Session, rally: Rally, *, people_came: int | None, by: Viewer, now: datetime,
    came: Collection[UUID] = (),
) -> None:  # fmt: skip
    """End a rally that has begun and write down who came. Safe to run again: the newest count stands.

    people_came: everybody there, counted; None leaves what was said before. came: people seen there;
    once noted they stay. Raises WrongState before it has begun, and where it was called off;
    InvalidValue on `people_came`.
    """
    session.refresh(rally, with_for_update=True)
    if rally.state is RallyState.ANNOUNCED and rally.starts_at <= now:
        rally.state = RallyState.UNDERWAY  # the clock has not come round yet
    if rally.state is not RallyState.CLOSED:
        if rally.state is RallyState.ANNOUNCED:
            raise WrongState("rally_not_begun", f"rally {rally.id} starts at {rally.starts_at}")
        check_move(rally, RallyState.CLOSED)
    if people_came is not None:
        if not 0 <= people_came <= MOST_PEOPLE:
            raise InvalidValue("people_came", "people_out_of_range", limit=MOST_PEOPLE)
        rally.people_came = people_came
    note_attendance(session, rally, came, by=by, now=now)
    if rally.state is RallyState.UNDERWAY:
        _close(session, rally, now)
    session.add(rally)
    audit.record(
        session, actor=by, action="rally.close", subject=rally.subject, now=now,
        detail="" if people_came is None else str(people_came),
    )  # fmt: skip


def note_attendance(
    session: Session, rally: Rally, people: Iterable[UUID], *, by: Viewer, now: datetime
) -> None:
    """Write down who was seen there. Safe to run twice. A yes of theirs becomes an arrival."""
    rows = [
        {"rally_id": rally.id, "person_id": person_id, "noted_by": by.name, "noted_at": now}
        for person_id in people
    ]
    if rows:
        session.execute(insert_new(session, Attendance), rows)
    for row in rows:
        arrive(session, row["person_id"], rally.subject)  # type: ignore[arg-type]  # a UUID


def who_came(session: Session, rally_id: UUID) -> set[UUID]:
    """Return who was seen there."""
    query = select(Attendance.person_id).where(Attendance.rally_id == rally_id)
    return set(session.exec(query).all())


def trained(session: Session, people: Sequence[UUID]) -> dict[UUID, datetime]:
    """Return when each of these people was last at a training; who never was is left out."""
    rows = session.exec(
        select(Attendance.person_id, Rally.starts_at)
        .join(Rally, col(Rally.id) == Attendance.rally_id)
        .where(
            col(Attendance.person_id).in_(people),
            Rally.kind == RallyKind.TRAINING,
            ~col(Rally.is_drill),
        )
        .order_by(col(Rally.starts_at))
    ).all()
    return dict(rows)


def _close(session: Session, rally: Rally, now: datetime) -> None:
    rally.state, rally.ended_at, rally.remind_at = RallyState.CLOSED, now, None
    session.add(rally)
    close_event(session, rally.subject, reason="over", now=now)
