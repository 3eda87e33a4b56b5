"""Calendar addresses: made, renewed, revoked by their owner; known by their hash only."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, delete, select

from service.db import new_id
from service.people.tables import CalendarFeed
from service.privacy.secrets import hash_secret, new_secret


def make_feed(
    session: Session, *, person_id: UUID | None = None, organizer_id: UUID | None = None,
    now: datetime,
) -> str:  # fmt: skip
    """Return the secret of a new address for a person or an organizer; the one before stops working."""
    revoke_feed(session, person_id=person_id, organizer_id=organizer_id)
    secret = new_secret()
    session.add(
        CalendarFeed(
            id=new_id(), person_id=person_id, organizer_id=organizer_id,
            secret_hash=hash_secret(secret), made_at=now,
        )
    )  # fmt: skip
    session.flush()
    return secret


def revoke_feed(
    session: Session, *, person_id: UUID | None = None, organizer_id: UUID | None = None
) -> None:
    """Make an address stop working. Safe to run twice."""
    session.exec(delete(CalendarFeed).where(_owned(person_id, organizer_id)))


def own_feed(
    session: Session, *, person_id: UUID | None = None, organizer_id: UUID | None = None
) -> CalendarFeed | None:
    """Return the owner's address, if there is one: since when, not which."""
    return session.exec(select(CalendarFeed).where(_owned(person_id, organizer_id))).first()


def find_feed(session: Session, secret: str) -> CalendarFeed | None:
    """Return whose address this is, or None."""
    query = select(CalendarFeed).where(CalendarFeed.secret_hash == hash_secret(secret))
    return session.exec(query).first()


def _owned(person_id: UUID | None, organizer_id: UUID | None) -> ColumnElement[bool]:
    if person_id is not None:
        return col(CalendarFeed.person_id) == person_id
    return col(CalendarFeed.organizer_id) == organizer_id
