"""Take back all that somebody registered and promised, before what we know of them is erased."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from service.checkins.cancel import cancel
from service.checkins.find import all_of_family
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import ConsentNeeded
from service.people.consent import ask_to_be_erased
from service.people.tables import Person
from service.privacy import audit
from service.privacy.policy import Viewer
from service.rsvps.commitments import coming_to
from service.rsvps.respond import Answer, respond


def take_all_back(
    session: Session, outbox: Outbox, person: Person, *, by: Viewer, now: datetime
) -> None:
    """Cancel their appointments and their yeses that are still to come."""
    for checkin in all_of_family(session, person.id, now=now):
        cancel(session, outbox, checkin, by=by, now=now, tell_family=False)
    for rsvp in coming_to(session, person.id, now=now):
        respond(session, person.id, rsvp.subject, Answer.NO, now=now)


def forget_by_hand(
    session: Session, outbox: Outbox, person: Person, *, by: Viewer, now: datetime
) -> None:
    """Do what ERASE does, for somebody who asked one of us. Safe to run twice.

    They get one last text; once that has left, or after a day, erasure/erase.py destroys their keys.
    """
    if person.erase_at is not None:
        return
    take_all_back(session, outbox, person, by=by, now=now)
    subject = f"person:{person.id.hex}"
    text = Text(
        "erased",
        once_key=f"erased:{person.id.hex}",
        subject=subject,
        consent_needed=ConsentNeeded.ALWAYS,
    )
    outbox.text(session, person, text, now=now)
    ask_to_be_erased(session, person, how="organizer", now=now)
    audit.record(session, actor=by, action="person.erase_asked", subject=subject, now=now)
