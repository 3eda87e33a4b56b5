"""An organizer's own phone: texted a code, and theirs once they have typed it."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from service.accounts.sign_in import viewer_of
from service.accounts.tables import CodeFor, Organizer
from service.accounts.text_codes import make_code, use_code
from service.errors import InvalidValue
from service.people.tables import Consent, Person
from service.privacy import audit


def begin_phone(session: Session, organizer: Organizer, person: Person, *, now: datetime) -> str:
    """Return the digits to text to that phone. Raises InvalidValue on `phone` for who may not be texted."""
    if person.consent is Consent.OPTED_OUT:
        raise InvalidValue("phone", "number_opted_out")
    return make_code(session, organizer, person.id, CodeFor.PHONE, now=now)


def finish_phone(
    session: Session, organizer: Organizer, person: Person, digits: str, *, now: datetime
) -> bool:
    """Make the phone theirs, now that its code was typed; return whether it was right.

    The caller commits either way: a wrong try counts.
    """
    used = use_code(session, person.id, CodeFor.PHONE, digits, organizer_id=organizer.id, now=now)
    if used is None:
        return False
    organizer.person_id = person.id
    session.add(organizer)
    audit.record(
        session, actor=viewer_of(organizer), action="account.phone", subject="organizer", now=now
    )
    return True
