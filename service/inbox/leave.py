"""Leaving is confirmed once; an organizer notes it where somebody said so by phone or in person."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import ConsentNeeded, Priority
from service.outbox.withdraw import withdraw_person
from service.people.consent import opt_out, opt_out_in_force
from service.people.tables import Person
from service.privacy import audit
from service.privacy.policy import Viewer


def confirmation_key(session: Session, person: Person) -> str:
    """Return the reason for the one text that confirms an opt-out, however often they say it."""
    left = opt_out_in_force(session, person)
    return f"opt_out:{person.id.hex}:{left.at.isoformat() if left is not None else 'before'}"


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
        once_key=confirmation_key(session, person),
        subject=f"person:{person.id.hex}",
        priority=Priority.NORMAL,
        consent_needed=ConsentNeeded.ALWAYS,
    )
    outbox.text(session, person, text, now=now)
    subject = f"person:{person.id.hex}"
    audit.record(session, actor=by, action="person.opt_out", subject=subject, now=now)
    return True
