"""Forget whoever asked for it: their keys are destroyed, so that no backup can be read either."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, delete, exists, select, update

from service.calls.tables import VoiceCall
from service.checkins.safety.tables import SafetyCheck
from service.checkins.tables import CheckIn, Relay, SheetLink
from service.db import Database, new_id
from service.erasure.contacts import let_go_of_contacts
from service.erasure.day import LOOSE, day_of, forget_what_was_said
from service.erasure.named import forget_where_named
from service.inbox.tables import Inbound
from service.outbox.tables import DRILL, UNDER_WAY, Attempt, Delivery, State
from service.people.change_hands import lose_number
from service.people.consent import WORDING
from service.people.tables import (
    AliasWord,
    Consent,
    ConsentEvent,
    Family,
    Membership,
    PendingForm,
    Person,
    Volunteer,
)  # fmt: skip
from service.privacy import audit
from service.privacy.keyring import KeyKind, Keyring
from service.privacy.policy import SYSTEM
from service.replies.tables import Talk
from service.rsvps.tables import Rsvp

AT_LATEST = timedelta(days=1)  # then it happens even if the last text to them has not left
BATCH = 50
WHY = "erased"


def erase_who_asked(database: Database, keyring: Keyring, *, now: datetime) -> int:
    """Erase everybody who asked for it and has been told so; return how many. Safe to repeat.

    Their keys go first: what is left of a run that ended half way can't be read, and is tried again.
    """
    with database.read() as session:
        due = session.exec(
            select(Person.id)
            .where(
                col(Person.erase_at) <= now,
                _nothing_waits() | (col(Person.erase_at) <= now - AT_LATEST),
            )
            .limit(BATCH)
        ).all()
    for person_id in due:
        erase(database, keyring, person_id, now=now)
    return len(due)


def _nothing_waits() -> ColumnElement[bool]:
    waiting = exists().where(
        col(Delivery.person_id) == Person.id,
        col(Delivery.state).in_([State.PLANNED, *UNDER_WAY]),
    )
    return ~waiting


def erase(database: Database, keyring: Keyring, person_id: UUID, *, now: datetime) -> None:
    """Erase one person: what names them, their keys, then what these sealed. Safe to run twice.

    Whom a family named, and who is nothing else to us, is erased with the next who ask.
    """
    with database.write() as session:
        person = session.get_one(Person, person_id)
        forget_where_named(session, keyring, person, now=now)
    with database.read() as session:
        checkins = session.exec(select(CheckIn.id).where(CheckIn.family_id == person_id)).all()
    keyring.destroy(KeyKind.CHECKIN, checkins)
    keyring.destroy(KeyKind.PERSON, [person_id])
    with database.write() as session:
        let_go_of_contacts(session, person_id, now=now)
        _empty_rows(session, person_id, now)
        subject = f"person:{person_id.hex}"
        audit.record(session, actor=SYSTEM, action="person.erase", subject=subject, now=now)


def _empty_rows(session: Session, person_id: UUID, now: datetime) -> None:
    """Leave only what counts people: who came where, and that a text was sent."""
    person = session.get_one(Person, person_id)
    lose_number(session, person, why=WHY)
    person.phone_sealed, person.alias_sealed, person.area = b"", None, ""
    person.also_in = None
    person.consent, person.erase_at = Consent.ERASED, None
    session.add(person)
    told = ConsentEvent(
        id=new_id(),
        person_id=person_id,
        consent=Consent.ERASED,
        how="text",
        wording=WORDING,
        at=now,
    )
    session.add(told)
    session.exec(delete(Membership).where(col(Membership.person_id) == person_id))
    session.exec(delete(AliasWord).where(col(AliasWord.person_id) == person_id))
    _forget_what_was_sent(session, person)
    _forget_what_was_passed_on(session, person_id)
    _forget_their_days(session, person_id, now)
    session.exec(delete(PendingForm).where(col(PendingForm.person_id) == person_id))
    session.exec(delete(SheetLink).where(col(SheetLink.person_id) == person_id))
    session.exec(delete(Talk).where(col(Talk.person_id) == person_id))
    session.exec(update(Inbound).where(col(Inbound.person_id) == person_id).values(text_sealed=b""))
    session.exec(update(Rsvp).where(col(Rsvp.person_id) == person_id).values(remainder_sealed=None))
    session.exec(
        update(CheckIn).where(col(CheckIn.family_id) == person_id).values(note_sealed=None)
    )
    volunteer = session.get(Volunteer, person_id)
    if volunteer is not None:
        volunteer.roles, volunteer.languages, volunteer.vetting = [], [], 0
        volunteer.trainings, volunteer.paused_until = None, None
        session.add(volunteer)
    family = session.get(Family, person_id)
    if family is not None:
        family.has_lawyer = family.papers_are_held = False
        family.speaks = ""
        session.add(family)


def _forget_what_was_passed_on(session: Session, person_id: UUID) -> None:
    """What they wrote through us to somebody else is theirs, in whosever thread it lies."""
    relays = session.exec(select(Relay).where(Relay.from_person_id == person_id)).all()
    names = [name for one in relays for name in (one.subject, DRILL + one.subject)]
    session.exec(
        update(Delivery)
        .where(col(Delivery.subject).in_(names))
        .values(body_sealed=None)
        .execution_options(**LOOSE)
    )


def _forget_their_days(session: Session, person_id: UUID, now: datetime) -> None:
    """What anybody was told or wrote about a family's appointments and alarms goes with it."""
    days = session.exec(select(CheckIn).where(CheckIn.family_id == person_id)).all()
    subjects = [subject for checkin in days for subject in day_of(session, checkin).subjects]
    about_them = select(SafetyCheck).where(SafetyCheck.person_id == person_id)
    subjects += [check.own_subject for check in session.exec(about_them)]
    forget_what_was_said(session, subjects, now=now)


def _forget_what_was_sent(session: Session, person: Person) -> None:
    """That a text was sent stays; what it said and under which number it can be found does not."""
    theirs = select(Delivery.id).where(Delivery.person_id == person.id)
    session.exec(
        update(Attempt)
        .where(col(Attempt.delivery_id).in_(theirs))
        .values(to_key=person.phone_key)
        .execution_options(**LOOSE)
    )
    session.exec(
        update(Delivery)
        .where(col(Delivery.person_id) == person.id)
        .values(to_key=person.phone_key, body_sealed=None)
        .execution_options(**LOOSE)
    )
    session.exec(
        update(VoiceCall)
        .where(col(VoiceCall.person_id) == person.id)
        .values(says_sealed=b"")
        .execution_options(**LOOSE)
    )
