"""Arm the question for afterwards: from approval on, whatever else happens or doesn't."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from service.chapters.tables import Office
from service.checkins.safety.advance import advance
from service.checkins.safety.rules import CalledOff, first_look
from service.checkins.safety.tables import OVER, SafetyCheck, SafetyState
from service.checkins.tables import CheckIn, CheckInState
from service.db import new_id
from service.db.insert import insert_new
from service.outbox.enqueue import Outbox

ON_THE_DAY = (CheckInState.APPROVED, CheckInState.UNDERWAY)


def arm(session: Session, checkin: CheckIn, *, now: datetime) -> bool:
    """Arm the check-in's safety check; return whether that is new. Safe to run twice and at once."""
    hours = _hours_of(session, checkin)
    new = (
        insert_new(session, SafetyCheck)
        .values(
            id=new_id(),
            chapter_id=checkin.chapter_id,
            person_id=checkin.family_id,
            checkin_id=checkin.id,
            subject=checkin.subject,
            state=SafetyState.ARMED,
            tries=0,
            calls=0,
            turn=0,
            starts_at=hours.starts_at,
            day_from=hours.day_from,
            due_at=hours.due_at,
            closes_at=hours.closes_at,
            next_at=hours.due_at,
            taken_by="",
            resolved_by="",
            created_at=now,
        )
        .returning(col(SafetyCheck.id))
    )
    return session.execute(new).first() is not None


def follow(session: Session, checkin: CheckIn) -> None:
    """Let the question follow an appointment that was moved; what is being climbed goes on."""
    check = session.exec(
        select(SafetyCheck).where(SafetyCheck.checkin_id == checkin.id).with_for_update()
    ).first()
    if check is None or check.state in OVER:
        return
    hours = _hours_of(session, checkin)
    check.starts_at, check.day_from = hours.starts_at, hours.day_from
    check.due_at, check.closes_at = hours.due_at, hours.closes_at
    if check.state is SafetyState.ARMED:
        check.next_at = hours.due_at
    session.add(check)


def arm_what_is_not(session: Session, *, now: datetime) -> int:
    """Arm approved check-ins that have no safety check yet; return how many. Safe to run twice.

    Approval arms already: this finds those that were approved before there was a ladder.
    """
    known = select(SafetyCheck.id).where(col(SafetyCheck.checkin_id) == CheckIn.id)
    unarmed = session.exec(
        select(CheckIn).where(col(CheckIn.state).in_(ON_THE_DAY), ~known.exists())
    ).all()
    return sum(arm(session, checkin, now=now) for checkin in unarmed)


def call_off(session: Session, outbox: Outbox, checkin: CheckIn, *, now: datetime) -> None:
    """Disarm a cancelled check-in's question; one that was asked goes on until somebody has spoken."""
    check = session.exec(select(SafetyCheck).where(SafetyCheck.checkin_id == checkin.id)).first()
    if check is not None:
        advance(session, outbox, check.id, CalledOff(), now=now)


@dataclass(frozen=True)
class _Hours:
    """The moments of one appointment's day (aware UTC)."""

    starts_at: datetime
    day_from: datetime
    due_at: datetime
    closes_at: datetime


def _hours_of(session: Session, checkin: CheckIn) -> _Hours:
    office = session.get_one(Office, checkin.office_id)
    zone, wait = ZoneInfo(office.time_zone), timedelta(minutes=office.usual_wait_minutes)
    starts_at = checkin.starts_at
    closes_at = closing_time(starts_at, zone, office.closes_minute, wait)
    due_at = first_look(starts_at, wait, closes_at)
    return _Hours(starts_at, morning_of(starts_at, zone), due_at, closes_at)


def closing_time(
    starts_at: datetime, zone: ZoneInfo, closes_minute: int, wait: timedelta
) -> datetime:
    """Return when the office closes that day; an appointment after hours ends with its usual wait."""
    local = starts_at.astimezone(zone)
    at = time(closes_minute // 60 % 24, closes_minute % 60)
    closes_at = datetime.combine(local.date(), at, zone).astimezone(starts_at.tzinfo)
    return closes_at if closes_at > starts_at else starts_at + wait


def morning_of(starts_at: datetime, zone: ZoneInfo) -> datetime:
    """Return the first moment of that local day."""
    local = starts_at.astimezone(zone)
    return datetime.combine(local.date(), time(), zone).astimezone(starts_at.tzinfo)
