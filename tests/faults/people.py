"""Invented people by the thousand, and a message to all of them. Every number is 555-01xx."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlmodel import insert

from service.blasts.launch import Plan, launch
from service.blasts.tables import BlastKind
from service.chapters.tables import Chapter
from service.db import new_id
from service.outbox.tables import Priority
from service.people.audience import Audience
from service.people.tables import Consent, Person, Volunteer
from service.privacy.keyring import KeyKind
from service.privacy.seal import seal
from service.rsvps.plan import launch_due_blasts
from service.wiring import Wiring
from tests.factories import ZONE, make_chapter, make_sender
from tests.sandbox.driver import OURS

MOST = 70_000


def number(place: int) -> str:
    """Return the place-th invented number: 100 an area code, 200 to 999 but for N11."""
    codes = [code for code in range(200, 1000) if code % 100 != 11]
    return f"+1{codes[place // 100]}55501{place % 100:02}"


def seed(wiring: Wiring, people: int, *, first: int = 0, rate: float = 0) -> Chapter:
    """Write a chapter with its sender (`rate` segments a second; 0: unpaced) and its volunteers."""
    with wiring.database.write() as session:
        chapter = make_chapter(session)
        sender = make_sender(session, chapter, OURS)
        sender.segments_per_second = rate
        session.add(sender)
    add_people(wiring, chapter, people, first=first)
    return chapter


def add_people(wiring: Wiring, chapter: Chapter, people: int, *, first: int = 0) -> list[UUID]:
    """Write volunteers who agreed to texts; return their ids in the order of their numbers."""
    now = wiring.clock.now()
    ids = [new_id() for _ in range(people)]
    wiring.keyring.create(KeyKind.PERSON, ids)
    keys: dict[UUID, bytes] = {}
    for at in range(0, people, 1000):
        keys |= wiring.keyring.keys(KeyKind.PERSON, ids[at : at + 1000])
    rows = []
    for place, id_ in enumerate(ids, start=first):
        phone = number(place)
        rows.append({
            "id": id_, "chapter_id": chapter.id, "phone_key": wiring.keyring.phone_key(phone),
            "phone_sealed": seal(keys[id_], "person", id_, "phone", phone),
            "language": ("en", "es")[place % 2], "time_zone": ZONE, "area": "",
            "consent": Consent.ACTIVE, "is_unreachable": False, "unreachable_why": "",
            "unknown_handsets": 0, "created_at": now,
        })  # fmt: skip
    volunteers = [
        {"person_id": id_, "vetting": 2, "roles": [], "languages": ["en"], "car_seats": 0,
         "created_at": now}
        for id_ in ids
    ]  # fmt: skip
    with wiring.database.write() as session:
        if rows:
            session.execute(insert(Person), rows)
            session.execute(insert(Volunteer), volunteers)
    return ids


def plan_for(wiring: Wiring, chapter: Chapter, words: str) -> Plan:
    """Return a message to all volunteers of the chapter."""
    return Plan(
        id=new_id(),
        subject=f"rally:{new_id().hex}",
        kind=BlastKind.CALL,
        audience=Audience(chapter.id),
        bodies={"en": f"Acompaña: {words}", "es": f"Acompaña: {words} (es)"},
        priority=Priority.BULK,
        not_after=wiring.clock.now() + timedelta(days=2),
        created_by="Marta",
    )


def blast(wiring: Wiring, chapter: Chapter, words: str) -> UUID:
    """Send a message to everybody in the chapter; return the blast's id. Its copies are written."""
    plan = plan_for(wiring, chapter, words)
    with wiring.database.write() as session:
        launch(session, plan, now=wiring.clock.now())
    launch_due_blasts(wiring.database, now=wiring.clock.now())
    return plan.id
