"""Somebody said, by phone or in person, that they want no more texts: an organizer notes it."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import ConsentNeeded, Priority
from service.outbox.withdraw import withdraw_person
from service.people.consent import opt_out
from service.people.tables import Person
from service.privacy import audit
from service.privacy.policy import Viewer


def opt_out_by_hand(
    session: Session, outbox: Outbox, person: Person, *, by: Viewer, now: datetime
) -> bool:
    """End somebody's texts and confirm it by a last one; return whether that is new.

    What waited for them is taken back. Safe to run twice. Only they themself can come back.
    """
    if not opt_out(session, person, how="organizer", now=now):
        return False
    withdraw_person(session, person.id, reason="opted_out", now=now)
    text = Text(
        "opt_out",
        once_key=f"opt_out:{person.id.hex}:{now.isoformat()}",
        subject=f"person:{person.id.hex}",
        priority=Priority.NORMAL,
        consent_needed=ConsentNeeded.ALWAYS,
    )
    outbox.text(session, person, text, now=now)
    subject = f"person:{person.id.hex}"
    audit.record(session, actor=by, action="person.opt_out", subject=subject, now=now)
    return True
