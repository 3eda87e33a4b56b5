"""A number changed hands: whoever has it now is somebody else, and gets nothing of who had it."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlmodel import Session

from service.chapters.tables import Chapter
from service.people.consent import mark_unreachable
from service.people.register import Card, register_person
from service.people.tables import Person
from service.people.visits import close_page
from service.privacy.keyring import INDEX_KEY_BYTES, Keyring
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader

WHY = "number_changed_hands"


def change_hands(
    session: Session, keyring: Keyring, chapter: Chapter, was: Person, *, now: datetime
) -> Person:
    """Return a new person with the number of `was`, who can't be reached by it any more."""
    phone = Reader(keyring, SYSTEM).show(was.sealed_phone())
    lose_number(session, was, why=WHY)
    card = Card(phone, language=was.language)
    return register_person(session, keyring, chapter, card, now=now)


def lose_number(session: Session, person: Person, *, why: str) -> None:
    """Take a person's number from them: nobody is found under it, and no text leaves."""
    close_page(session, person)
    person.phone_key = secrets.token_bytes(INDEX_KEY_BYTES)
    mark_unreachable(person, why=why)
    session.add(person)
    session.flush()
