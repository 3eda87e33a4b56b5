"""Who is on call, and when: shifts of a chapter, one after the other or overlapping."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from service.chapters.tables import Shift
from service.db import new_id
from service.errors import InvalidValue, NotFound

LONGEST_HOURS = 24


def add_shift(
    session: Session, chapter_id: UUID, person_id: UUID, *, starts_at: datetime, ends_at: datetime,
    by: str, now: datetime,
) -> Shift:  # fmt: skip
    """Put somebody on call. Safe to send twice. Raises InvalidValue on `ends_at`."""
    if ends_at <= starts_at or ends_at <= now:
        raise InvalidValue("ends_at", "ends_before_start")
    if ends_at - starts_at > timedelta(hours=LONGEST_HOURS):
        raise InvalidValue("ends_at", "shift_too_long", limit=LONGEST_HOURS)
    same = select(Shift).where(
        Shift.chapter_id == chapter_id, Shift.person_id == person_id,
        Shift.starts_at == starts_at, Shift.ends_at == ends_at,
    )  # fmt: skip
    found = session.exec(same).first()
    if found is None:
        found = Shift(
            id=new_id(), chapter_id=chapter_id, person_id=person_id, starts_at=starts_at,
            ends_at=ends_at, created_by=by, created_at=now,
        )  # fmt: skip
        session.add(found)
        session.flush()
    return found


def remove_shift(session: Session, chapter_id: UUID, shift_id: UUID) -> None:
    """Take somebody off call. Raises NotFound."""
    shift = session.get(Shift, shift_id)
    if shift is None or shift.chapter_id != chapter_id:
        raise NotFound(None, f"no shift {shift_id}")
    session.delete(shift)


def on_shift(session: Session, chapter_id: UUID, *, now: datetime) -> Sequence[Shift]:
    """Return who is on call now, longest on call first."""
    return session.exec(
        select(Shift)
        .where(Shift.chapter_id == chapter_id, Shift.starts_at <= now, Shift.ends_at > now)
        .order_by(col(Shift.starts_at), col(Shift.id))
    ).all()


def coming_shifts(session: Session, chapter_id: UUID, *, now: datetime) -> Sequence[Shift]:
    """Return the shifts that are not over, by their beginning."""
    return session.exec(
        select(Shift)
        .where(Shift.chapter_id == chapter_id, Shift.ends_at > now)
        .order_by(col(Shift.starts_at), col(Shift.id))
    ).all()


def gap_in_cover(
    session: Session, chapter_id: UUID, *, since: datetime, until: datetime
) -> datetime | None:
    """Return the first moment within a span at which nobody is on call; None if somebody always is."""
    covered = since
    for shift in session.exec(
        select(Shift)
        .where(Shift.chapter_id == chapter_id, Shift.ends_at > since, Shift.starts_at < until)
        .order_by(col(Shift.starts_at))
    ):
        if shift.starts_at > covered:
            break
        covered = max(covered, shift.ends_at)
    return covered if covered < until else None
