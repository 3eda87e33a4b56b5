"""A check-in is near and lacks people: whom the network named for it is texted, else its organizers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, delete, select

from service.accounts.tables import Organizer
from service.chapters.tables import Chapter, Office
from service.checkins.cast import cast
from service.checkins.tables import AlarmContact, CheckIn
from service.checkins.words import words
from service.db.insert import insert_new
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import Priority
from service.people.tables import Person
from service.rsvps.rules import Filling

STEPS = (timedelta(hours=6), timedelta(hours=24))  # before the start, nearest first


def alarm_if_short(
    session: Session, outbox: Outbox, chapter: Chapter, office: Office, checkin: CheckIn,
    places: Filling, *, is_out_of_people: bool, now: datetime,
) -> int:  # fmt: skip
    """Text that places are open to who is alarmed; return how many texts are new.

    Once when nobody is left to ask, once within 24 hours of the start, once within 6: safe to run
    twice. The board shows the same as long as it lasts.
    """
    left = checkin.starts_at - now
    step = next((f"{at // timedelta(hours=1)}h" for at in STEPS if left <= at), "")
    step = step or ("nobody" if is_out_of_people else "")
    if not step or places.is_full:
        return 0
    new = 0
    for person in cast(session, checkin, who_is_alarmed(session, chapter.id)):
        said = words(checkin, office, chapter, person.language, outbox.catalog)
        missing = {role.value: count for role, count in places.missing.items()}
        text = Text(
            "alert_short",
            once_key=f"short:{checkin.id.hex}:{checkin.moves}:{step}:{person.id.hex}",
            subject=checkin.subject,
            values={
                "day": said.day, "time": said.time, "area": said.area,
                "missing": outbox.catalog.missing(missing, person.language),
            },
            priority=Priority.URGENT,
            quiet_exempt=left <= STEPS[-1],  # waves go 5:30 to 22:00 then, and so does this
            not_after=checkin.starts_at,
        )  # fmt: skip
        new += outbox.of(chapter.id).text(session, person, text, now=now)
    return new


def who_is_alarmed(session: Session, chapter_id: UUID) -> Sequence[Person]:
    """Return the chapter's alarm contacts; where it named none, the organizers' own phones."""
    return alarm_contacts(session, chapter_id) or organizers_phones(session, chapter_id)


def organizers_phones(session: Session, chapter_id: UUID) -> Sequence[Person]:
    """Return the phones that the chapter's organizers gave as their own."""
    return session.exec(
        select(Person)
        .join(Organizer, col(Organizer.person_id) == Person.id)
        .where(Organizer.chapter_id == chapter_id, col(Organizer.is_active))
        .order_by(col(Person.id))
    ).all()


def alarm_contacts(session: Session, chapter_id: UUID) -> Sequence[Person]:
    """Return whom the chapter named to be texted when a check-in is short."""
    return session.exec(
        select(Person)
        .join(AlarmContact, col(AlarmContact.person_id) == Person.id)
        .where(AlarmContact.chapter_id == chapter_id)
        .order_by(col(AlarmContact.created_at), col(Person.id))
    ).all()


def add_alarm_contact(session: Session, chapter: Chapter, person: Person, *, now: datetime) -> None:
    """Let somebody be texted from now on. Safe to run twice."""
    row = {"chapter_id": chapter.id, "person_id": person.id, "created_at": now}
    session.execute(insert_new(session, AlarmContact).values(**row))


def remove_alarm_contact(session: Session, chapter: Chapter, person: Person) -> None:
    """Text them no more. Safe to run twice."""
    session.exec(
        delete(AlarmContact).where(
            col(AlarmContact.chapter_id) == chapter.id, col(AlarmContact.person_id) == person.id
        )
    )
