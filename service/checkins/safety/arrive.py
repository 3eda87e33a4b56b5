"""At the door: somebody is there, the lead's word starts it, and a lead who is missing is an alarm."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from service.chapters.tables import Office
from service.checkins.safety.around import look_around
from service.checkins.safety.report import set_underway
from service.checkins.safety.tables import Reporter, SafetyCheck, SafetyState
from service.checkins.safety.tell import note_step
from service.checkins.tables import CheckIn, CheckInState
from service.messages import dates
from service.messages.catalog import Value
from service.outbox.advance import notice
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import Priority
from service.people.members import trust_in
from service.people.tables import LEAD_LEVEL, Person
from service.rsvps.arrive import arrive
from service.rsvps.respond import rsvps_of
from service.rsvps.tables import COMING, Rsvp, RsvpState, SeatRole

BEFORE_START = timedelta(minutes=10)
STILL_HELPS = timedelta(minutes=30)  # after the start


def is_here(session: Session, check: SafetyCheck, person: Person) -> Rsvp | None:
    """Note that somebody who comes along is there; the lead's word starts the accompaniment.

    Returns their RSVP, or None if they had not said yes. Safe to run twice.
    """
    rsvp = arrive(session, person.id, check.subject)
    if rsvp is not None and rsvp.role is SeatRole.LEAD and check.checkin_id is not None:
        set_underway(session, check.checkin_id)
    return rsvp


def alarm_missing_leads(session: Session, outbox: Outbox, *, now: datetime) -> int:
    """Tell organizers and who could stand in, ten minutes before a start without its lead.

    Returns how many. Safe to run twice: it is a step of the safety check, taken once.
    """
    soon = session.exec(
        select(SafetyCheck, CheckIn)
        .join(CheckIn, col(CheckIn.id) == SafetyCheck.checkin_id)
        .where(
            SafetyCheck.state == SafetyState.ARMED,
            SafetyCheck.starts_at <= now + BEFORE_START,
            SafetyCheck.starts_at > now - STILL_HELPS,
            CheckIn.state == CheckInState.APPROVED,
        )
    ).all()
    return sum(_alarm(session, outbox, check, checkin, now) for check, checkin in soon)


def _alarm(
    session: Session, outbox: Outbox, check: SafetyCheck, checkin: CheckIn, now: datetime
) -> bool:
    answers = rsvps_of(session, [check.subject])[check.subject]
    if any(one.role is SeatRole.LEAD and one.state is RsvpState.ARRIVED for one in answers):
        return False
    key = f"{check.own_subject}:no_lead"
    if not note_step(session, check, "no_lead", key, now=now):
        return False
    office = session.get_one(Office, checkin.office_id)
    values: dict[str, Value] = {
        "area": office.area, "time": dates.time(checkin.starts_at, ZoneInfo(office.time_zone)),
    }  # fmt: skip
    told: dict[str, list[Person]] = {
        "alert_no_lead": look_around(session, check, now=now).those(Reporter.ORGANIZER),
        "alert_no_lead_standby": [
            session.get_one(Person, rsvp.person_id)
            for rsvp in answers
            if _could_lead(session, rsvp, check.chapter_id)
        ],
    }
    for template, people in told.items():
        for person in people:
            text = Text(
                template,
                once_key=f"{key}:{person.id.hex}",
                subject=check.own_subject,
                values=values,
                priority=Priority.URGENT,
                quiet_exempt=True,
                resends=True,
                not_after=checkin.starts_at + STILL_HELPS,
            )
            outbox.of(check.chapter_id).text(session, person, text, now=now)
    notice(session, "no_lead", 0, check.subject, now)
    return True


def _could_lead(session: Session, rsvp: Rsvp, chapter_id: UUID) -> bool:
    """Return whether they wait on the list, or come along, and are trusted to lead."""
    if rsvp.role is SeatRole.LEAD or rsvp.state not in (*COMING, RsvpState.STANDBY):
        return False
    return trust_in(session, rsvp.person_id, chapter_id) >= LEAD_LEVEL
