"""Whom a family named is known to us for its sake alone, unless they are somebody else here too."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, delete, or_, select, update

from service.accounts.tables import Organizer
from service.chapters.tables import Shift
from service.checkins.tables import AlarmContact, LegalContact
from service.erasure.day import LOOSE, still_to_be_sent
from service.outbox.tables import Delivery, DrillGuest
from service.people.tables import EmergencyContact, Family, Person, Volunteer

ELSE = (Volunteer, Family, Organizer, AlarmContact, LegalContact, DrillGuest, Shift)


def known_through(session: Session, family_id: UUID) -> list[UUID]:
    """Return whom a family named and who is nothing else to us: nobody's contact but theirs."""
    named = select(EmergencyContact.person_id).where(EmergencyContact.family_id == family_id)
    return [
        one
        for one in session.exec(named.order_by(col(EmergencyContact.id)))
        if not _is_somebody_else(session, one, family_id)
    ]


def let_go_of_contacts(session: Session, person_id: UUID, *, now: datetime) -> None:
    """Part whoever is erased from whom they named and who named them; empty what it was told by.

    Whom they named and who is nothing else to us is to be erased from `now` on. Safe to run twice.
    """
    for contact_id in known_through(session, person_id):
        contact = session.get_one(Person, contact_id)
        contact.erase_at = now
        session.add(contact)
    named = select(EmergencyContact.person_id).where(EmergencyContact.family_id == person_id)
    session.exec(
        update(Delivery)
        .where(
            col(Delivery.person_id).in_(named),
            col(Delivery.template).startswith("contact_"),
            ~still_to_be_sent(now),
        )
        .values(body_sealed=None)
        .execution_options(**LOOSE)
    )
    is_theirs = EmergencyContact.family_id == person_id, EmergencyContact.person_id == person_id
    session.exec(delete(EmergencyContact).where(or_(*is_theirs)))


def _is_somebody_else(session: Session, person_id: UUID, family_id: UUID) -> bool:
    of_others = select(EmergencyContact.id).where(
        EmergencyContact.person_id == person_id, EmergencyContact.family_id != family_id
    )
    if session.exec(of_others.limit(1)).first() is not None:
        return True
    return any(
        session.exec(select(table.person_id).where(table.person_id == person_id).limit(1)).first()
        is not None
        for table in ELSE
    )
