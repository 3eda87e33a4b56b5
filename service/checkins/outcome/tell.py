"""Who hears how it ended: those who came, organizers, and where the law is needed the legal contact."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, delete, select

from service.calls.plan import Call, plan_call
from service.chapters.find import get_chapter
from service.chapters.tables import Chapter, Office
from service.checkins.alarm import alarm_contacts, organizers_phones
from service.checkins.cast import cast
from service.checkins.outcome.rules import GRAVE, TOLD
from service.checkins.tables import CheckIn, LegalContact, Outcome
from service.checkins.words import CheckInWords, words
from service.db.insert import insert_new
from service.messages import dates
from service.messages.catalog import Catalog, Value
from service.outbox.advance import notice
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import Priority
from service.people.tables import Person
from service.rsvps.hold import quiet_of
from service.rsvps.respond import rsvps_of
from service.rsvps.rules import texting_time
from service.rsvps.tables import COMING, RsvpState

USEFUL_FOR = timedelta(hours=12)
CALL_FOR = timedelta(minutes=30)
ONE_KEY = "1"


def in_words(catalog: Catalog, outcome: Outcome, deadline_on: date | None, language: str) -> str:
    """Return an outcome in words, with its deadline where there is one."""
    said = catalog.word("outcome", outcome.value, language)
    if deadline_on is None:
        return said
    noon = datetime.combine(deadline_on, time(12), UTC)
    return f"{said}, {dates.day(noon, ZoneInfo('UTC'), language)}"


def tell_everybody(
    session: Session, outbox: Outbox, checkin: CheckIn, outcome: Outcome, *, told_by: UUID | None,
    now: datetime,
) -> None:  # fmt: skip
    """Thank those who came; tell organizers and page the legal contact where that is needed. Once.

    told_by: who reported it, and has been answered.
    """
    thank_who_came(session, outbox, checkin, outcome, told_by=told_by, now=now)
    if outcome not in TOLD:
        return
    for person in organizers_for(session, checkin):
        _text(session, outbox, checkin, person, "alert_outcome", outcome, now)
    notice(session, "outcome", 0, f"{checkin.about('outcome')}:{outcome}", now)
    if outcome in GRAVE:
        page_legal(session, outbox, checkin, outcome, now=now)


def thank_who_came(
    session: Session, outbox: Outbox, checkin: CheckIn, outcome: Outcome, *, told_by: UUID | None,
    now: datetime,
) -> None:  # fmt: skip
    """Thank everybody who came, once; that all are home is said where it is so."""
    template = "thanks_home" if outcome is Outcome.CAME_HOME else "thanks_over"
    for rsvp in rsvps_of(session, [checkin.subject])[checkin.subject]:
        if rsvp.state not in (*COMING, RsvpState.LEFT):
            continue
        if rsvp.person_id == told_by and template != "thanks_home":
            continue
        person = session.get_one(Person, rsvp.person_id)
        text = Text(
            template,
            once_key=f"thanks:{checkin.id.hex}:{person.id.hex}",
            subject=checkin.about("outcome"),
            values={"day": _said(session, outbox, checkin, person).day},
            quiet_exempt=True,
            not_before=texting_time(
                now, checkin.starts_at, quiet_of(session, person, checkin.chapter_id)
            ),
            not_after=now + timedelta(days=1),
        )
        outbox.of(checkin.chapter_id).text(session, person, text, now=now)


def page_legal(
    session: Session, outbox: Outbox, checkin: CheckIn, outcome: Outcome, *, now: datetime
) -> int:
    """Text and call everybody whom the chapter named for this; return how many.

    No quiet hours hold it. Where nobody is named, `trouble` says so.
    """
    people = cast(session, checkin, legal_contacts(session, checkin.chapter_id))
    for person in people:
        _text(session, outbox, checkin, person, "alert_legal", outcome, now)
        says = in_words(outbox.catalog, outcome, checkin.deadline_on, person.language)
        call = Call(
            "legal_call", f"legal:{checkin.id.hex}:{outcome}:{person.id.hex}", checkin.subject,
            ONE_KEY, {"outcome": says}, CALL_FOR,
        )  # fmt: skip
        plan_call(session, outbox.keyring, outbox.catalog, person, call, now=now)
    if not people:
        notice(session, "no_legal", 0, checkin.about("outcome"), now)
    return len(people)


def alarm_organizers(session: Session, outbox: Outbox, checkin: CheckIn, *, now: datetime) -> None:
    """Tell organizers that nobody has said how it ended; once an appointment."""
    for person in organizers_for(session, checkin):
        said = _said(session, outbox, checkin, person)
        text = Text(
            "alert_no_outcome",
            once_key=f"no_outcome:{checkin.id.hex}:{person.id.hex}",
            subject=checkin.about("outcome"),
            values={"day": said.day, "time": said.time, "area": said.area},
            quiet_exempt=True,
            not_before=texting_time(
                now, checkin.starts_at, quiet_of(session, person, checkin.chapter_id)
            ),
            not_after=now + USEFUL_FOR,
        )
        outbox.of(checkin.chapter_id).text(session, person, text, now=now)
    notice(session, "no_outcome", 0, checkin.about("outcome"), now)


def organizers_for(session: Session, checkin: CheckIn) -> list[Person]:
    """Return whom of them an appointment's news reaches: in a drill, who plays them."""
    return cast(session, checkin, organizers_of(session, checkin.chapter_id))


def organizers_of(session: Session, chapter_id: UUID) -> list[Person]:
    """Return the phones of the chapter's organizers and alarm contacts, each once."""
    own = organizers_phones(session, chapter_id)
    return _each([*own, *alarm_contacts(session, chapter_id)])


def legal_contacts(session: Session, chapter_id: UUID) -> list[Person]:
    """Return who is paged in this chapter when the law is needed, the longest known first."""
    return list(
        session.exec(
            select(Person)
            .join(LegalContact, col(LegalContact.person_id) == Person.id)
            .where(LegalContact.chapter_id == chapter_id)
            .order_by(col(LegalContact.created_at), col(Person.id))
        )
    )


def add_legal_contact(session: Session, chapter: Chapter, person: Person, *, now: datetime) -> None:
    """Let somebody be paged from now on. Safe to run twice."""
    row = {"chapter_id": chapter.id, "person_id": person.id, "created_at": now}
    session.execute(insert_new(session, LegalContact).values(**row))


def remove_legal_contact(session: Session, chapter: Chapter, person: Person) -> None:
    """Page them no more. Safe to run twice."""
    session.exec(
        delete(LegalContact).where(
            col(LegalContact.chapter_id) == chapter.id, col(LegalContact.person_id) == person.id
        )
    )


def _each(people: Iterable[Person]) -> list[Person]:
    return list({person.id: person for person in people}.values())


def _said(session: Session, outbox: Outbox, checkin: CheckIn, person: Person) -> CheckInWords:
    office = session.get_one(Office, checkin.office_id)
    chapter = get_chapter(session, checkin.chapter_id)
    return words(checkin, office, chapter, person.language, outbox.catalog)


def _text(
    session: Session, outbox: Outbox, checkin: CheckIn, person: Person, template: str,
    outcome: Outcome, now: datetime,
) -> None:  # fmt: skip
    """Text somebody at once, whatever the hour: an appointment ended so that people are needed."""
    said = _said(session, outbox, checkin, person)
    values: dict[str, Value] = {
        "area": said.area,
        "outcome": in_words(outbox.catalog, outcome, None, person.language),  # one segment
    }
    if template == "alert_outcome":
        values["day"] = said.day
    text = Text(
        template,
        once_key=f"{template}:{checkin.id.hex}:{outcome}:{person.id.hex}",
        subject=checkin.about("outcome"),
        values=values,
        priority=Priority.URGENT,
        quiet_exempt=True,
        resends=True,
        not_after=now + USEFUL_FOR,
    )
    outbox.of(checkin.chapter_id).text(session, person, text, now=now)
