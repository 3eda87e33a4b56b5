"""Forget whoever asked for it: their keys are destroyed, so that no backup can be read either."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, delete, exists, or_, select, update

from service.checkins.tables import CheckIn, Relay, SheetLink
from service.db import Database, new_id
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
    """Erase one person: keys first, then what they sealed. Safe to run twice."""
    with database.read() as session:
        checkins = session.exec(select(CheckIn.id).where(CheckIn.family_id == person_id)).all()
    keyring.destroy(KeyKind.CHECKIN, checkins)
    keyring.destroy(KeyKind.PERSON, [person_id])
    with database.write() as session:
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
    own = select(CheckIn.id).where(col(CheckIn.family_id) == person_id)
    theirs = or_(col(Relay.from_person_id) == person_id, col(Relay.checkin_id).in_(own))
    relays = session.exec(select(Relay).where(theirs)).all()
    names = [name for one in relays for name in (one.subject, DRILL + one.subject)]
    session.exec(
        update(Delivery)
        .where(col(Delivery.subject).in_(names))
        .values(body_sealed=None)
        .execution_options(synchronize_session=False)
    )


def _forget_what_was_sent(session: Session, person: Person) -> None:
    """That a text was sent stays; what it said and under which number it can be found does not."""
    theirs = select(Delivery.id).where(Delivery.person_id == person.id)
    session.exec(
        update(Attempt)
        .where(col(Attempt.delivery_id).in_(theirs))
        .values(to_key=person.phone_key)
        .execution_options(synchronize_session=False)
    )
    session.exec(
        update(Delivery)
        .where(col(Delivery.person_id) == person.id)
        .values(to_key=person.phone_key, body_sealed=None)
        .execution_options(synchronize_session=False)
    )
