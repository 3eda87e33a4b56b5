"""Somebody's own page, without an account: a link to their phone opens it, once, for half an hour.

Links and visits are known by their hashes only. A phone number identifies and never authenticates:
what opens the page is that the link arrived at the phone.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, select

from service.db import new_id
from service.people.tables import CalendarFeed, Consent, Family, Person, PhoneLink, Visit, Volunteer
from service.privacy.secrets import hash_secret, new_secret, new_short_secret

LINK_LASTS = timedelta(minutes=30)
VISIT_LASTS = timedelta(minutes=30)


def has_page(session: Session, person: Person) -> bool:
    """Return whether there is anything to show them, and we may text them that it is there.

    Who was only invited by somebody else, and has not answered, gets one invitation and no more.
    """
    if person.erase_at is not None or person.is_unreachable:
        return False
    if session.get(Family, person.id) is not None:
        return person.consent in (Consent.ACTIVE, Consent.INVITED, Consent.HELD)
    is_volunteer = session.get(Volunteer, person.id) is not None
    return is_volunteer and person.consent in (Consent.ACTIVE, Consent.HELD)


def make_link(session: Session, person: Person, *, now: datetime) -> str:
    """Return the secret of a new link; those before stop working."""
    session.exec(delete(PhoneLink).where(col(PhoneLink.person_id) == person.id))
    secret = new_short_secret()
    session.add(
        PhoneLink(
            id=new_id(), person_id=person.id, secret_hash=hash_secret(secret),
            expires_at=now + LINK_LASTS,
        )
    )  # fmt: skip
    session.flush()
    return secret


def is_good(session: Session, secret: str, *, now: datetime) -> bool:
    """Return whether this link still opens something; looking does not use it up."""
    found = session.exec(select(PhoneLink).where(PhoneLink.secret_hash == hash_secret(secret)))
    link = found.first()
    return link is not None and link.expires_at > now


def use_link(session: Session, secret: str, *, now: datetime) -> str | None:
    """Use a link up; return the secret for the browser, None when it opens nothing (any more)."""
    used = session.execute(
        delete(PhoneLink)
        .where(col(PhoneLink.secret_hash) == hash_secret(secret), col(PhoneLink.expires_at) > now)
        .returning(col(PhoneLink.person_id))
    ).first()
    if used is None:
        return None
    session.exec(delete(Visit).where(col(Visit.expires_at) <= now))
    cookie = new_secret()
    session.add(
        Visit(
            id=new_id(), person_id=used[0], secret_hash=hash_secret(cookie),
            expires_at=now + VISIT_LASTS,
        )
    )  # fmt: skip
    session.flush()
    return cookie


def find_visitor(session: Session, secret: str, *, now: datetime) -> Person | None:
    """Return whose page this browser has open, or None when its time is over."""
    query = (
        select(Person)
        .join(Visit, col(Visit.person_id) == Person.id)
        .where(Visit.secret_hash == hash_secret(secret), Visit.expires_at > now)
    )
    person = session.exec(query).first()
    return person if person is not None and person.erase_at is None else None


def end_visit(session: Session, secret: str) -> None:
    """Close the page in this browser. Safe to run twice."""
    session.exec(delete(Visit).where(col(Visit.secret_hash) == hash_secret(secret)))


def close_page(session: Session, person: Person) -> None:
    """Close somebody's page everywhere, waiting links and their calendar included. Safe to run twice."""
    for table in (PhoneLink, Visit, CalendarFeed):
        session.exec(delete(table).where(col(table.person_id) == person.id))
