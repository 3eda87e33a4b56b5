"""Somebody whom others count on leaves: their places go to others, and organizers hear of it once."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from service.chapters.find import get_chapter
from service.chapters.tables import Office
from service.checkins.find import next_of_family
from service.checkins.outcome.tell import organizers_for
from service.checkins.safety.tables import OVER, SafetyCheck
from service.checkins.tables import CheckIn, CheckInState
from service.checkins.words import words
from service.messages.catalog import Value
from service.outbox.drill import id_in
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import Priority
from service.people.tables import Person
from service.replies.holds import offer_places
from service.rsvps.commitments import coming_to
from service.rsvps.respond import Answer, respond
from service.rsvps.tables import SeatRole

LIVE = (CheckInState.APPROVED, CheckInState.UNDERWAY)


def leave_everything(session: Session, outbox: Outbox, person: Person, *, now: datetime) -> int:
    """Take somebody who gets no more texts of ours off what they promised; return how many events.

    What has begun goes on: they are there, and the safety check reaches them by voice. A family's
    company stays too: an organizer is told to phone them. Safe to run twice.
    """
    promised = list(coming_to(session, person.id, now=now))
    for rsvp in promised:
        was_lead = rsvp.role is SeatRole.LEAD
        response = respond(session, person.id, rsvp.subject, Answer.NO, now=now)
        if was_lead:
            tell_of_a_lead_who_left(session, outbox, rsvp.subject, now=now)
        if response.freed_seat_id is not None:
            offer_places(session, outbox, response.freed_seat_id, now=now)
    family_left(session, outbox, person, now=now)
    return len(promised)


def tell_of_a_lead_who_left(
    session: Session, outbox: Outbox, subject: str, *, now: datetime
) -> None:
    """Tell organizers that an appointment has no lead any more, and have people looked for."""
    checkin = session.get_one(CheckIn, id_in(subject))
    if checkin.state not in LIVE or checkin.starts_at <= now:
        return
    checkin.wave_at = now
    session.add(checkin)
    _tell(session, outbox, checkin, "alert_lead_left", f"lead_left:{now.isoformat()}", now)


def family_left(session: Session, outbox: Outbox, person: Person, *, now: datetime) -> None:
    """Tell organizers to phone a family that gets no more texts while we go with them."""
    checkin = next_of_family(session, person.id, now=now) or _under_way(session, person)
    if checkin is not None and checkin.state in LIVE:
        _tell(session, outbox, checkin, "alert_family_left", "family_left", now)


def _under_way(session: Session, person: Person) -> CheckIn | None:
    return session.exec(
        select(CheckIn)
        .join(SafetyCheck, col(SafetyCheck.checkin_id) == CheckIn.id)
        .where(
            CheckIn.family_id == person.id,
            ~col(CheckIn.is_drill),
            col(CheckIn.state).in_(LIVE),
            col(SafetyCheck.state).not_in(OVER),
        )
        .limit(1)
    ).first()


def _tell(
    session: Session, outbox: Outbox, checkin: CheckIn, template: str, why: str, now: datetime
) -> None:
    office = session.get_one(Office, checkin.office_id)
    chapter = get_chapter(session, checkin.chapter_id)
    for person in organizers_for(session, checkin):
        said = words(checkin, office, chapter, person.language, outbox.catalog)
        values: dict[str, Value] = {"day": said.day, "time": said.time, "area": said.area}
        text = Text(
            template,
            once_key=f"{why}:{checkin.id.hex}:{person.id.hex}",
            subject=checkin.about("alert"),
            values=values,
            priority=Priority.URGENT,
        )
        outbox.of(checkin.chapter_id).text(session, person, text, now=now)
