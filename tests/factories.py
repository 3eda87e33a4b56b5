"""Made-up people and things for tests. Every number is 555-01xx; nobody here exists."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

import service.people.register as people
from service.accounts.tables import Organizer
from service.chapters.tables import NO_LIST, Chapter, Office, OfficeKind, Sender
from service.db import new_id
from service.people.register import Card, register_person
from service.people.tables import Consent, Person
from service.privacy.keyring import Keyring
from service.privacy.policy import Role


class StillClock:
    """A clock that moves only when a test moves it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def wait_until(self, moment: datetime, stop: threading.Event) -> bool:
        self.at = max(self.at, moment)
        return not stop.is_set()

    def tick(self, **timedelta_arguments: float) -> datetime:
        """Move on by a timedelta's arguments and return the new time."""
        self.at += timedelta(**timedelta_arguments)
        return self.at


ZONE = "America/New_York"


def make_chapter(session: Session, name: str = "Valley", **changes: Any) -> Chapter:
    """A chapter without quiet hours and weekly list, which asks whoever fits at once."""
    values: dict[str, Any] = {
        "network_name": "Acompaña", "contact_phone": "413-555-0142", "caller_name": "Marta",
        "hotline": "413-555-0188", "time_zone": ZONE, "quiet_from_minute": 0,
        "quiet_until_minute": 0, "list_weekday": NO_LIST, "wave_minutes": 0,
    }  # fmt: skip
    chapter = Chapter(id=new_id(), name=name, **values | changes)
    session.add(chapter)
    session.flush()
    return chapter


def make_sender(session: Session, chapter: Chapter, number: str = "+14135550100") -> Sender:
    """The number that the chapter texts from."""
    sender = Sender(id=new_id(), chapter_id=chapter.id, number=number)
    session.add(sender)
    session.flush()
    return sender


def make_office(session: Session, chapter: Chapter, **changes: Any) -> Office:
    """An office in Hartford where it usually takes four hours."""
    values: dict[str, Any] = {
        "name": "Hartford field office", "kind": OfficeKind.ICE, "area": "Hartford",
        "address": "450 Invented St, Hartford", "meeting_point": "Café Sol, 90 Main St, Hartford",
        "time_zone": ZONE,
    }  # fmt: skip
    office = Office(id=new_id(), chapter_id=chapter.id, **values | changes)
    session.add(office)
    session.flush()
    return office


def make_organizer(
    session: Session, chapter: Chapter, *, now: datetime, **changes: Any
) -> Organizer:
    """Marta, who works the console."""
    values: dict[str, Any] = {"name": "Marta", "role": Role.ORGANIZER}
    organizer = Organizer(id=new_id(), chapter_id=chapter.id, created_at=now, **values | changes)
    session.add(organizer)
    session.flush()
    return organizer


def make_volunteer(
    session: Session, keyring: Keyring, chapter: Chapter, number: int, *, now: datetime,
    name: str = "Alma", language: str = "en", vetting: int = 2, roles: Iterable[str] = (),
    consent: Consent = Consent.ACTIVE,
) -> Person:  # fmt: skip
    """A volunteer on the phone +1413555<number>, who has agreed to texts."""
    card = Card(f"+1413555{number:04}", alias=name, language=language)
    person = register_person(session, keyring, chapter, card, now=now)
    people.make_volunteer(session, person, now=now, vetting=vetting, roles=roles)
    person.consent = consent
    session.add(person)
    session.flush()
    return person


def make_family(
    session: Session, keyring: Keyring, chapter: Chapter, number: int, *, now: datetime,
    name: str = "Azucena", language: str = "es", consent: Consent = Consent.ACTIVE,
) -> Person:  # fmt: skip
    """A family on the phone +1413555<number>, who has agreed to texts."""
    card = Card(f"+1413555{number:04}", alias=name, language=language)
    person = register_person(session, keyring, chapter, card, now=now)
    people.make_family(session, person, now=now)
    person.consent = consent
    session.add(person)
    session.flush()
    return person
