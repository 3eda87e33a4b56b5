"""The clock looks at every ladder that is not over: each in a transaction of its own."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from sqlmodel import Session, col, or_, select

from service.chapters.shifts import coming_shifts, on_shift
from service.chapters.tables import Chapter, Shift
from service.checkins.safety.advance import advance
from service.checkins.safety.rules import Tick
from service.checkins.safety.tables import OVER, SafetyCheck, SafetyState
from service.checkins.safety.tell import first_name
from service.db import Database
from service.errors import Unavailable
from service.messages import dates
from service.messages.catalog import Value
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import DRILL, ConsentNeeded, Priority
from service.people.tables import Person

log = structlog.get_logger()


def climb(database: Database, outbox: Outbox, *, now: datetime) -> int:
    """Take every step that is due; return how many ladders moved. Safe to run twice and at once.

    One ladder that can't be climbed is logged and in nobody's way.
    """
    with database.read() as session:
        due = session.exec(
            select(SafetyCheck.id, SafetyCheck.turn).where(
                col(SafetyCheck.state).not_in(OVER),
                # What is open is looked at by every tick: a clock that leapt must not hold it.
                or_(
                    col(SafetyCheck.state) != SafetyState.ARMED,
                    SafetyCheck.next_at <= now,
                    SafetyCheck.closes_at <= now,
                ),
            )
        ).all()
    moved = 0
    for safety_id, turn in due:
        try:
            with database.write() as session:
                moved += advance(session, outbox, safety_id, Tick(), now=now).turn != turn
        except Unavailable:
            raise
        except Exception:
            log.exception("safety.step_failed", safety=str(safety_id))
    return moved


def hand_shifts_over(session: Session, outbox: Outbox, *, now: datetime) -> int:
    """Tell those whose shift begins how much is open, and those whose shift ends who follows.

    Returns how many were told. Safe to run twice: the shift and the texts' keys say what was done.
    """
    told = 0
    begun = session.exec(
        select(Shift).where(
            Shift.starts_at <= now, Shift.ends_at > now, col(Shift.told_at).is_(None)
        )
    ).all()
    for shift in begun:
        shift.told_at = now
        session.add(shift)
        told += not _goes_on(session, shift) and _say_it_begins(session, outbox, shift, now)
    ended = session.exec(
        select(Shift).where(Shift.ends_at <= now, col(Shift.ended_at).is_(None))
    ).all()
    for shift in ended:
        shift.ended_at = now
        session.add(shift)
        told += shift.told_at is not None and _say_it_is_over(session, outbox, shift, now)
    return told


def _goes_on(session: Session, shift: Shift) -> bool:
    """Return whether they were on call until then anyway: a shift after a shift is no news."""
    before = select(Shift.id).where(
        Shift.chapter_id == shift.chapter_id,
        Shift.person_id == shift.person_id,
        Shift.starts_at < shift.starts_at,
        Shift.ends_at >= shift.starts_at,
    )
    return session.exec(before).first() is not None


def _say_it_begins(session: Session, outbox: Outbox, shift: Shift, now: datetime) -> bool:
    person = session.get_one(Person, shift.person_id)
    zone = _zone(session, shift)
    values: dict[str, Value] = {
        "hour": dates.hour(shift.ends_at, zone, person.language),
        "count": str(count_open(session, shift)),
    }
    return _tell(session, outbox, person, "shift_begins", shift, values, now)


def _say_it_is_over(session: Session, outbox: Outbox, shift: Shift, now: datetime) -> bool:
    person = session.get_one(Person, shift.person_id)
    others = on_shift(session, shift.chapter_id, now=now)
    if any(one.person_id == shift.person_id for one in others):
        return False  # their own next shift goes on from it
    if not others:
        if not coming_shifts(session, shift.chapter_id, now=now) and not count_open(session, shift):
            return False
        return _tell(session, outbox, person, "shift_unfollowed", shift, {}, now)
    follower = session.get_one(Person, others[0].person_id)
    name = first_name(outbox, follower) or outbox.catalog.word(
        "safety", "one_of_us", person.language
    )
    return _tell(session, outbox, person, "shift_handed_over", shift, {"name": name}, now)


def count_open(session: Session, shift: Shift) -> int:
    """Return how many ladders of the chapter are being climbed or asked about."""
    calm = (*OVER, SafetyState.ARMED)
    query = select(SafetyCheck.id).where(
        SafetyCheck.chapter_id == shift.chapter_id,
        col(SafetyCheck.state).not_in(calm),
        ~col(SafetyCheck.subject).startswith(DRILL),
    )
    return len(session.exec(query).all())


def _zone(session: Session, shift: Shift) -> ZoneInfo:
    return ZoneInfo(session.get_one(Chapter, shift.chapter_id).time_zone)


def _tell(
    session: Session, outbox: Outbox, person: Person, template: str, shift: Shift,
    values: dict[str, Value], now: datetime,
) -> bool:  # fmt: skip
    text = Text(
        template,
        once_key=f"shift:{shift.id.hex}:{template}",
        subject=f"shift:{shift.id.hex}",
        values=values,
        priority=Priority.URGENT,
        consent_needed=ConsentNeeded.ACTIVE,
        quiet_exempt=True,  # they chose the hour
    )
    return outbox.of(shift.chapter_id).text(session, person, text, now=now)
