"""Remind those who said yes to a rally: the day before, and two hours before."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from service.chapters.find import get_chapter
from service.chapters.rules import EARLY, LATE, next_at, within
from service.outbox.enqueue import Outbox, Text
from service.people.tables import Person
from service.rallies.rules import Reminder, due_reminder, how_near, next_reminder_at
from service.rallies.tables import Rally, RallyState
from service.rallies.together import voices
from service.rallies.words import words
from service.rsvps.respond import rsvps_of
from service.rsvps.tables import COMING


def queue_due_reminders(session: Session, outbox: Outbox, *, now: datetime) -> int:
    """Queue one reminder per yes of each rally due at `now` (UTC); return how many are new.

    Safe to run twice: (rally, move, reminder, person) is unique. What is too late to help is not
    queued. Quiet hours don't hold them: their time lies between 5:30 and 22:00, or is the evening
    before; a clock that comes late at night waits for the morning.
    """
    due = session.exec(
        select(Rally).where(col(Rally.remind_at) <= now, Rally.state == RallyState.ANNOUNCED)
    ).all()
    new = 0
    for rally in due:
        zone = get_chapter(session, rally.chapter_id).time_zone
        reminder = due_reminder(rally.starts_at, zone, now)
        following = next_reminder_at(rally.starts_at, zone, now)
        if reminder is not None and not within(now, zone, EARLY, LATE):
            morning = next_at(now, zone, EARLY, LATE)
            following = min(following or morning, morning)
        elif reminder is not None:
            new += _remind(session, outbox, rally, reminder, now)
        rally.remind_at = following
        session.add(rally)
    return new


def _remind(
    session: Session, outbox: Outbox, rally: Rally, reminder: Reminder, now: datetime
) -> int:
    zone = get_chapter(session, rally.chapter_id).time_zone
    near = how_near(rally.starts_at, zone, now)
    new = 0
    answers = rsvps_of(session, [rally.subject])[rally.subject]
    coming = {rsvp.person_id: rsvp for rsvp in answers if rsvp.state in COMING}
    spoken_to = voices(session, rally, coming)
    speakers = {one: caller for caller, people in spoken_to.items() for one in people}
    for rsvp in coming.values():
        person = session.get_one(Person, rsvp.person_id)
        said = words(rally, zone, person.language, outbox.catalog)
        when = outbox.catalog.word("when", near, person.language)
        text = Text(
            "rally_reminder",
            once_key=f"remind:{rally.id.hex}:{rally.moves}:{reminder.name}:{person.id.hex}",
            subject=rally.subject,
            values={
                "when": when,
                "weekday": said.weekday,
                "time": said.time,
                "place": said.place,
            },
            quiet_exempt=True,
            not_after=rally.starts_at - reminder.useful_until,
        )
        new += outbox.of(speakers[person.id]).text(session, person, text, now=now)
    return new
