"""Emergency contacts: somebody whom a family named, and who is told of nothing before they agree."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from service.chapters.tables import Chapter
from service.checkins.safety.tell import first_name
from service.db import new_id
from service.db.insert import insert_new
from service.errors import InvalidValue
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import ConsentNeeded
from service.people.consent import invite, opt_in
from service.people.register import Card, register_person
from service.people.tables import EmergencyContact, Person


def name_contact(
    session: Session, outbox: Outbox, chapter: Chapter, family: Person, card: Card, *,
    now: datetime,
) -> EmergencyContact:  # fmt: skip
    """Write down whom a family named, and ask them, once. Safe to run twice.

    Raises InvalidValue on `phone` when it is the family's own.
    """
    person = register_person(session, outbox.keyring, chapter, card, now=now)
    if person.id == family.id:
        raise InvalidValue("phone", "own_phone")
    session.execute(
        insert_new(session, EmergencyContact).values(
            id=new_id(), family_id=family.id, person_id=person.id, asked_at=now, agreed=False
        )
    )
    contact = session.exec(
        select(EmergencyContact).where(
            EmergencyContact.family_id == family.id, EmergencyContact.person_id == person.id
        )
    ).one()
    invite(session, person, how="family", now=now)
    name = first_name(outbox, family) or outbox.catalog.word("safety", "someone", person.language)
    text = Text(
        "contact_ask",
        once_key=f"contact:{contact.id.hex}:ask",
        subject=f"person:{person.id.hex}",
        values={"name": name},
        consent_needed=ConsentNeeded.ANSWER,
    )
    outbox.of(chapter.id).text(session, person, text, now=now)
    return contact


def open_question_of(session: Session, person_id: UUID) -> EmergencyContact | None:
    """Return the family's wish that this person has not answered, the oldest first."""
    return session.exec(
        select(EmergencyContact)
        .where(EmergencyContact.person_id == person_id, col(EmergencyContact.answered_at).is_(None))
        .order_by(col(EmergencyContact.id))
        .limit(1)
    ).first()


def answer_contact(
    session: Session, contact: EmergencyContact, person: Person, *, agrees: bool, now: datetime
) -> None:
    """Write down what they answered: a yes is also their consent to such texts."""
    contact.answered_at, contact.agreed = now, agrees
    session.add(contact)
    if agrees:
        opt_in(session, person, how="text", now=now)


def contacts_of(session: Session, family_id: UUID) -> list[EmergencyContact]:
    """Return whom a family named, in that order."""
    return list(
        session.exec(
            select(EmergencyContact)
            .where(EmergencyContact.family_id == family_id)
            .order_by(col(EmergencyContact.id))
        )
    )
