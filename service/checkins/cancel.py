"""Cancel a check-in: nobody goes for nothing, and the family hears that it is off our list."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from service.chapters.find import get_chapter
from service.chapters.tables import Office
from service.checkins.find import LIVE
from service.checkins.rules import check_move
from service.checkins.safety.arm import call_off
from service.checkins.tables import CheckIn, CheckInState
from service.checkins.words import words
from service.errors import WrongState
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import Priority
from service.people.tables import Person
from service.privacy import audit
from service.privacy.policy import Viewer
from service.rsvps.close import close_event
from service.rsvps.respond import rsvps_of
from service.rsvps.tables import CONCERNED


def cancel(
    session: Session, outbox: Outbox, checkin: CheckIn, *, by: Viewer, now: datetime,
    tell_family: bool = True,
) -> None:  # fmt: skip
    """Take back what has not left, and tell those who said yes and the family. Raises WrongState.

    tell_family: not where it was their own wish and they have been answered.
    """
    session.refresh(checkin, with_for_update=True)  # two organizers at once take turns
    if checkin.state not in LIVE:
        raise WrongState("checkin_not_in_state", f"check-in {checkin.id} is {checkin.state}")
    check_move(checkin.state, CheckInState.CANCELLED)
    checkin.state, checkin.ended_at, checkin.remind_at = CheckInState.CANCELLED, now, None
    session.add(checkin)
    close_event(session, checkin.subject, reason="cancelled", now=now)
    call_off(session, outbox, checkin, now=now)
    office = session.get_one(Office, checkin.office_id)
    if checkin.starts_at > now:
        _tell_companions(session, outbox, checkin, office, now)
        if tell_family:
            _tell_family(session, outbox, checkin, office, now)
    audit.record(session, actor=by, action="checkin.cancel", subject=checkin.subject, now=now)


def _tell_companions(
    session: Session, outbox: Outbox, checkin: CheckIn, office: Office, now: datetime
) -> None:
    chapter = get_chapter(session, checkin.chapter_id)
    for rsvp in rsvps_of(session, [checkin.subject])[checkin.subject]:
        if rsvp.state not in CONCERNED:
            continue
        person = session.get_one(Person, rsvp.person_id)
        said = words(checkin, office, chapter, person.language, outbox.catalog)
        outbox.of(checkin.chapter_id).text(
            session,
            person,
            Text(
                "checkin_cancelled",
                once_key=f"cancelled:{checkin.id.hex}:person:{person.id.hex}",
                subject=checkin.subject,
                values={"day": said.day, "time": said.time, "area": said.area},
                priority=Priority.URGENT,
                not_after=checkin.starts_at,
            ),
            now=now,
        )


def _tell_family(
    session: Session, outbox: Outbox, checkin: CheckIn, office: Office, now: datetime
) -> None:
    chapter = get_chapter(session, checkin.chapter_id)
    family = session.get_one(Person, checkin.family_id)
    said = words(checkin, office, chapter, family.language, outbox.catalog)
    outbox.of(checkin.chapter_id).text(
        session,
        family,
        Text(
            "family_cancelled",
            once_key=f"cancelled:{checkin.id.hex}:family",
            subject=checkin.subject,
            values={"day": said.day},
        ),
        now=now,
    )
