"""Remind those who said yes to a rally, once, the day before."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from service.chapters.find import get_chapter
from service.outbox.enqueue import Outbox, Text
from service.people.tables import Person
from service.rallies.rules import USEFUL_UNTIL
from service.rallies.tables import Rally, RallyState
from service.rallies.words import words
from service.rsvps.respond import rsvps_of
from service.rsvps.tables import COMING


def queue_due_reminders(session: Session, outbox: Outbox, *, now: datetime) -> int:
    """Queue one reminder per yes of each rally due at `now` (UTC); return how many are new.

    Safe to run twice: (rally, person) is unique. What is too late to help is not queued.
    """
    due = session.exec(
        select(Rally).where(col(Rally.remind_at) <= now, Rally.state == RallyState.ANNOUNCED)
    ).all()
    new = 0
    for rally in due:
        if now < rally.starts_at - USEFUL_UNTIL:
            new += _remind(session, outbox, rally, now)
        rally.remind_at = None
        session.add(rally)
    return new


def _remind(session: Session, outbox: Outbox, rally: Rally, now: datetime) -> int:
    zone = get_chapter(session, rally.chapter_id).time_zone
    new = 0
    for rsvp in rsvps_of(session, [rally.subject])[rally.subject]:
        if rsvp.state not in COMING:
            continue
        person = session.get_one(Person, rsvp.person_id)
        said = words(rally, zone, person.language, outbox.catalog)
        text = Text(
            "rally_reminder",
            once_key=f"remind:{rally.id.hex}:1d:{person.id.hex}",
            subject=rally.subject,
            values={"weekday": said.weekday, "time": said.time, "place": said.place},
            not_after=rally.starts_at - USEFUL_UNTIL,
        )
        new += outbox.text(session, person, text, now=now)
    return new
