"""Forget public forms whose phone never answered, and whoever was written down only to be asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, delete, exists, select

from service.db import Database
from service.erasure.erase import erase
from service.inbox.tables import Inbound
from service.outbox.tables import UNDER_WAY, Delivery, State
from service.people.tables import Consent, EmergencyContact, Family, PendingForm, Person, Volunteer
from service.people.uses import forget_uses
from service.privacy.keyring import Keyring

BATCH = 50
AT_LATEST = timedelta(days=1)  # then also while a text to them is under way
STRANGERS = (Consent.NONE, Consent.INVITED)


def forget_forms(database: Database, keyring: Keyring, *, now: datetime) -> int:
    """Forget what has run out; return how many forms. Safe to run twice, to miss, on two machines."""
    under_way = exists().where(
        col(Delivery.person_id) == PendingForm.person_id,
        col(Delivery.state).in_([State.PLANNED, *UNDER_WAY]),
    )
    with database.read() as session:
        due = session.exec(
            select(PendingForm.id, PendingForm.person_id)
            .where(
                PendingForm.expires_at <= now,
                ~under_way | (col(PendingForm.expires_at) <= now - AT_LATEST),
            )
            .limit(BATCH)
        ).all()
        strangers = {who for _, who in due if _is_stranger(session, who, now)}
    for person_id in strangers:
        erase(database, keyring, person_id, now=now)
    with database.write() as session:
        forget_uses(session, now=now)
        ids = [form_id for form_id, _ in due]
        session.exec(delete(PendingForm).where(col(PendingForm.id).in_(ids)))
    return len(due)


def _is_stranger(session: Session, person_id: UUID, now: datetime) -> bool:
    """Return whether we know nothing of this person but that a form named their phone."""
    one_form = select(PendingForm.id).where(
        PendingForm.person_id == person_id, col(PendingForm.is_new)
    )
    person = session.get_one(Person, person_id)
    if person.consent not in STRANGERS or session.exec(one_form).first() is None:
        return False
    ties = (
        exists().where(col(Family.person_id) == person_id),
        exists().where(col(Volunteer.person_id) == person_id),
        exists().where(col(EmergencyContact.person_id) == person_id),
        exists().where(col(Inbound.person_id) == person_id),
        exists().where(col(PendingForm.person_id) == person_id, col(PendingForm.expires_at) > now),
    )
    return not any(session.exec(select(tie)).one() for tie in ties)
