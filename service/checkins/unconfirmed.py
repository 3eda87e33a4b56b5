"""A date that nobody of us has confirmed: organizers hear of it, then the family; then it is let go."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, select

from service.chapters.find import get_chapter
from service.chapters.rules import EARLY, LATE, next_at
from service.chapters.tables import Office
from service.checkins.outcome.tell import organizers_for
from service.checkins.register import call_by
from service.checkins.rules import check_move
from service.checkins.tables import CheckIn, CheckInState
from service.checkins.words import words
from service.messages.catalog import Value
from service.outbox.advance import notice
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import ConsentNeeded, Delivery, Priority
from service.people.tables import Person
from service.privacy import audit
from service.privacy.policy import SYSTEM

TOLD_BEFORE = timedelta(hours=3)  # so long before the start a family learns that nobody of us comes
A_DAY = timedelta(hours=24)


def look_after_unconfirmed(session: Session, outbox: Outbox, *, now: datetime) -> int:
    """Tell organizers of families whom nobody has called in time, and before the start those families.

    One whose start has come is off our list. Returns how many steps. Safe to run twice: a step is
    told from a text, once an appointment and start.
    """
    waiting = session.exec(select(CheckIn).where(CheckIn.state == CheckInState.SUBMITTED)).all()
    done = 0
    for checkin in waiting:
        if checkin.starts_at <= now:
            done += _let_go(session, checkin, now)
        elif call_by(checkin) <= now:
            done += _alarm(session, outbox, checkin, now)
            if checkin.starts_at - TOLD_BEFORE <= now:
                done += _tell_family(session, outbox, checkin, now)
    return done


def _let_go(session: Session, checkin: CheckIn, now: datetime) -> int:
    check_move(checkin.state, CheckInState.CANCELLED)
    checkin.state, checkin.ended_at = CheckInState.CANCELLED, now
    session.add(checkin)
    audit.record(
        session, actor=SYSTEM, action="checkin.unconfirmed", subject=checkin.subject, now=now
    )
    return 1


def _alarm(session: Session, outbox: Outbox, checkin: CheckIn, now: datetime) -> int:
    """Text the organizers once; where none has a phone here, `trouble` says it."""
    key = f"unconfirmed:{checkin.id.hex}:{checkin.moves}"
    if _is_written(session, key):
        return 0
    notice(session, "unconfirmed", 0, checkin.subject, now)
    is_soon = checkin.starts_at - now <= A_DAY
    return sum(
        _text(session, outbox, checkin, person, "alert_unconfirmed", key, is_soon, now)
        for person in organizers_for(session, checkin)
    )


def _tell_family(session: Session, outbox: Outbox, checkin: CheckIn, now: datetime) -> int:
    key = f"unconfirmed_family:{checkin.id.hex}:{checkin.moves}"
    if _is_written(session, key):
        return 0
    family = session.get_one(Person, checkin.family_id)
    return _text(session, outbox, checkin, family, "family_unconfirmed", key, True, now)


def _is_written(session: Session, key: str) -> bool:
    written = select(Delivery.id).where(
        Delivery.once_key >= key + ":", Delivery.once_key < key + ";"
    )
    return session.exec(written.limit(1)).first() is not None


def _text(
    session: Session, outbox: Outbox, checkin: CheckIn, person: Person, template: str, key: str,
    is_soon: bool, now: datetime,
) -> bool:  # fmt: skip
    """Text somebody: within a day of the start from 5:30 to 22:00, else outside quiet hours."""
    office = session.get_one(Office, checkin.office_id)
    chapter = get_chapter(session, checkin.chapter_id)
    said = words(checkin, office, chapter, person.language, outbox.catalog)
    values: dict[str, Value] = {"day": said.day, "time": said.time}
    if template == "alert_unconfirmed":
        values["area"] = said.area
    text = Text(
        template,
        once_key=f"{key}:{person.id.hex}",
        subject=checkin.subject,
        values=values,
        priority=Priority.URGENT,
        consent_needed=ConsentNeeded.ANSWER,  # a family has asked us, and may not have been called
        quiet_exempt=is_soon,
        not_before=next_at(now, person.time_zone, EARLY, LATE) if is_soon else None,
        not_after=checkin.starts_at,
    )
    return outbox.of(checkin.chapter_id).text(session, person, text, now=now)
