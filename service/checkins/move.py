"""Move a check-in to another time: nobody comes at the old one, and nobody is asked about it again."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from service.blasts.stop import NOT_YET_OUT, stop
from service.blasts.tables import Blast
from service.chapters.find import get_chapter
from service.chapters.tables import Chapter, Office
from service.checkins.rules import check_start, next_reminder_at
from service.checkins.safety.arm import follow
from service.checkins.tables import CheckIn, CheckInState
from service.checkins.words import CheckInWords, words
from service.errors import WrongState
from service.messages.catalog import Catalog, Value
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import Priority
from service.outbox.withdraw import withdraw_subject
from service.people.tables import Person
from service.privacy import audit
from service.privacy.policy import Viewer
from service.rsvps.ask import CONFIRM, close_asks, open_asks
from service.rsvps.respond import rsvps_of
from service.rsvps.tables import COMING, RsvpState, Seat

TO_COMPANIONS, TO_FAMILY = "checkin_moved", "family_moved"
TOLD = (*COMING, RsvpState.STANDBY, RsvpState.MAYBE)
MOVABLE = (CheckInState.SUBMITTED, CheckInState.APPROVED)


def move(
    session: Session, outbox: Outbox, checkin: CheckIn, starts_at: datetime, *, by: Viewer,
    now: datetime,
) -> None:  # fmt: skip
    """Give an approved or waiting check-in another start (aware UTC). Raises WrongState, InvalidValue.

    What waits to be sent about the old time is taken back. Whoever comes keeps the place and is asked
    whether they still can; open questions of a wave are closed, and the next wave may ask the same
    people again, about the new time. The question afterwards moves too. The family is told. The same
    start again does nothing.
    """
    session.refresh(checkin, with_for_update=True)  # two organizers at once take turns
    if checkin.state not in MOVABLE or checkin.starts_at <= now:
        raise WrongState("checkin_not_in_state", f"check-in {checkin.id} is {checkin.state}")
    check_start(starts_at, now)
    if starts_at == checkin.starts_at:
        return
    _take_back(session, checkin, now)
    by_how_much = starts_at - checkin.starts_at
    for seat in session.exec(select(Seat).where(Seat.subject == checkin.subject)).all():
        seat.starts_at, seat.ends_at = seat.starts_at + by_how_much, seat.ends_at + by_how_much
        session.add(seat)
    office = session.get_one(Office, checkin.office_id)
    checkin.starts_at, checkin.moved_at, checkin.moves = starts_at, now, checkin.moves + 1
    if checkin.state is CheckInState.APPROVED:
        checkin.wave_at = now
        checkin.remind_at = next_reminder_at(starts_at, office.time_zone, now) or now
    session.add(checkin)
    follow(session, checkin)
    _tell(session, outbox, checkin, office, now)
    audit.record(session, actor=by, action="checkin.move", subject=checkin.subject, now=now)


def moved_text(
    catalog: Catalog, chapter: Chapter, office: Office, checkin: CheckIn, template: str,
    language: str, *, starts_at: datetime,
) -> str:  # fmt: skip
    """Return what people would read about a new start (aware UTC): `template` is checkin_moved, for those
    who come, or family_moved. catalog: as the chapter speaks it."""
    told = checkin.model_copy(update={"starts_at": starts_at})
    values = _values(words(told, office, chapter, language, catalog), template)
    return catalog.text(template, language, **values)


def _values(said: CheckInWords, template: str) -> dict[str, Value]:
    values: dict[str, Value] = {"day": said.day, "time": said.time}
    return values | {"area": said.area} if template == TO_COMPANIONS else values


def _take_back(session: Session, checkin: CheckIn, now: datetime) -> None:
    running = select(Blast).where(
        Blast.subject == checkin.subject, col(Blast.state).in_(NOT_YET_OUT)
    )
    for blast in session.exec(running).all():
        stop(session, blast, reason="moved", now=now)
    withdraw_subject(session, checkin.subject, reason="moved", now=now)
    close_asks(session, checkin.subject, now=now)


def _tell(
    session: Session, outbox: Outbox, checkin: CheckIn, office: Office, now: datetime
) -> None:
    for rsvp in rsvps_of(session, [checkin.subject])[checkin.subject]:
        if rsvp.state not in TOLD:
            continue
        if rsvp.state is RsvpState.CONFIRMED:  # they confirmed the old time
            rsvp.state = RsvpState.YES
            session.add(rsvp)
        person = session.get_one(Person, rsvp.person_id)
        open_asks(
            session, [person.id], checkin.subject, kind=CONFIRM, now=now,
            expires_at=checkin.starts_at,
        )  # fmt: skip
        _text(session, outbox, checkin, office, person, TO_COMPANIONS, now)
    family = session.get_one(Person, checkin.family_id)
    _text(session, outbox, checkin, office, family, TO_FAMILY, now)


def _text(
    session: Session, outbox: Outbox, checkin: CheckIn, office: Office, person: Person,
    template: str, now: datetime,
) -> None:  # fmt: skip
    chapter = get_chapter(session, checkin.chapter_id)
    said = words(checkin, office, chapter, person.language, outbox.catalog)
    text = Text(
        template,
        once_key=f"moved:{checkin.id.hex}:{checkin.moves}:{person.id.hex}",
        subject=checkin.subject,
        values=_values(said, template),
        priority=Priority.URGENT,
        not_after=checkin.starts_at,
    )
    outbox.of(checkin.chapter_id).text(session, person, text, now=now)
