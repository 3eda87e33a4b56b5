"""Register a check-in: the family's own words, sealed, until an organizer has called them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from service.chapters.find import get_office
from service.chapters.tables import Chapter, Office
from service.checkins.ride import USUALLY_LEAVES, Wish, check_ride, save_ride
from service.checkins.rules import check_start
from service.checkins.tables import CheckIn, CheckInState
from service.db import new_id
from service.errors import InvalidValue
from service.messages import dates
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import ConsentNeeded
from service.people.consent import invite
from service.people.register import Card, find_person, make_family, register_person
from service.people.tables import Person
from service.privacy.keyring import KeyKind, Keyring
from service.privacy.scrub import scrub
from service.privacy.seal import seal

CALL_WITHIN = timedelta(hours=24)
LONGEST_NOTE = 200
MOST_PEOPLE = 12


@dataclass(frozen=True)
class Registration:
    """What the form, the API or a sponsor says. `starts_at` is aware; `card.phone` is E.164.

    may_text: they want texts about it; without, somebody calls and nothing is sent.
    speaks: the language that they speak best, as an ISO code.   registered_by: a sponsor.
    pickup, child_seats: of a ride, where they have said so already.
    """

    card: Card
    office_id: UUID
    starts_at: datetime
    how: str  # web, api, console or text
    people: int = 1
    needs_ride: bool = False
    note: str = ""
    may_text: bool = True
    speaks: str = ""
    registered_by: UUID | None = None
    pickup: str = ""
    child_seats: int = 0


def register(
    session: Session, outbox: Outbox, chapter: Chapter, told: Registration, *, now: datetime
) -> CheckIn:
    """Write the check-in down and tell the family who will call them.

    Safe to send twice: the same family, office and time is the same check-in.
    Raises InvalidValue naming the field.
    """
    office = check(session, chapter, told, now=now)
    person = register_person(session, outbox.keyring, chapter, told.card, now=now)
    session.refresh(person, with_for_update=True)  # the same form twice at once takes turns
    make_family(session, person, chapter.id, now=now, speaks=told.speaks)
    invite(session, person, how=told.how, now=now)
    existing = _same(session, person, told)
    if existing is not None:
        return existing
    checkin = _write(session, outbox.keyring, chapter, person, told, now)
    if told.pickup.strip():
        save_ride(session, outbox.keyring, checkin, wish_of(told), now=now)
    if told.may_text:
        _tell_who_calls(session, outbox, chapter, office, person, checkin, now)
    return checkin


def find_same(session: Session, keyring: Keyring, told: Registration) -> CheckIn | None:
    """Return the check-in that these words have registered already, or None."""
    person = find_person(session, keyring, told.card.phone)
    return None if person is None else _same(session, person, told)


def check(session: Session, chapter: Chapter, told: Registration, *, now: datetime) -> Office:
    """Return the office. Raises InvalidValue for what can't be a check-in."""
    office = get_office(session, chapter.id, told.office_id)
    check_start(told.starts_at, now)
    if not 1 <= told.people <= MOST_PEOPLE:
        raise InvalidValue("people", "people_out_of_range", limit=MOST_PEOPLE)
    if len(told.note) > LONGEST_NOTE:
        raise InvalidValue("note", "too_long", limit=LONGEST_NOTE)
    if told.pickup.strip():
        check_ride(told.starts_at, wish_of(told))
    return office


def wish_of(told: Registration) -> Wish:
    """Return the ride that they ask for: a seat for each who goes, an hour before."""
    return Wish(told.pickup, told.starts_at - USUALLY_LEAVES, told.people, told.child_seats)


def call_by(checkin: CheckIn) -> datetime:
    """Return until when somebody calls the family: within a day, and before they leave for it."""
    at = min(checkin.created_at + CALL_WITHIN, checkin.starts_at - timedelta(hours=1))
    return max(at, checkin.created_at)


def _same(session: Session, person: Person, told: Registration) -> CheckIn | None:
    return session.exec(
        select(CheckIn).where(
            CheckIn.family_id == person.id,
            CheckIn.office_id == told.office_id,
            CheckIn.starts_at == told.starts_at,
            ~col(CheckIn.is_drill),
            col(CheckIn.state) != CheckInState.CANCELLED,
        )
    ).first()


def _write(
    session: Session, keyring: Keyring, chapter: Chapter, person: Person, told: Registration,
    now: datetime,
) -> CheckIn:  # fmt: skip
    checkin_id = new_id()
    keyring.create(KeyKind.CHECKIN, [checkin_id])  # committed before the row that it seals
    note = scrub(told.note).strip()
    key = keyring.key(KeyKind.CHECKIN, checkin_id)
    checkin = CheckIn(
        id=checkin_id,
        chapter_id=chapter.id,
        family_id=person.id,
        office_id=told.office_id,
        starts_at=told.starts_at,
        people=told.people,
        needs_ride=told.needs_ride,
        note_sealed=seal(key, "checkin", checkin_id, "note", note) if note else None,
        registered_how=told.how,
        registered_by=told.registered_by,
        created_at=now,
    )
    session.add(checkin)
    session.flush()
    return checkin


def _tell_who_calls(
    session: Session, outbox: Outbox, chapter: Chapter, office: Office, person: Person,
    checkin: CheckIn, now: datetime,
) -> None:  # fmt: skip
    zone, language = ZoneInfo(office.time_zone), person.language
    outbox.of(chapter.id).text(
        session,
        person,
        Text(
            "family_registered",
            once_key=f"registered:{checkin.id.hex}",
            subject=checkin.subject,
            values={
                "day": dates.day(checkin.starts_at, zone, language),
                "time": dates.time(checkin.starts_at, zone),
                "name": chapter.caller_name,
                "deadline": dates.deadline(call_by(checkin), zone, language),
            },
            consent_needed=ConsentNeeded.ANSWER,
            quiet_exempt=True,  # an answer to what they just did
        ),
        now=now,
    )
