"""Volunteers who are asked, and what a wave left on record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlmodel import select

from service.chapters.tables import Chapter
from service.checkins.approve import Approval, approve
from service.checkins.register import Registration, register
from service.checkins.tables import CheckIn
from service.outbox.tables import State
from service.people.register import Card
from service.people.tables import Person
from service.privacy.policy import SYSTEM
from service.rsvps.tables import Ask, SeatRole
from tests.flows.town import Town

EVERY = tuple(State)
ONE_COMPANION = {SeatRole.ACCOMPANIER: 1}


def set_up(town: Town, **settings: Any) -> None:
    """Let the chapter ask in waves of four hours, unless said otherwise."""
    with town.wiring.database.write() as session:
        chapter = session.get_one(Chapter, town.chapter.id)
        for name, value in ({"wave_minutes": 240} | settings).items():
            setattr(chapter, name, value)
        session.add(chapter)


def someone(
    town: Town, number: int, *, area: str = "06103", language: str = "es", **more: Any
) -> Person:
    person = town.volunteer(number, language=language, **more)
    with town.wiring.database.write() as session:
        found = session.get_one(Person, person.id)
        found.area = area
        session.add(found)
    return person


def a_checkin(
    town: Town, *, days: float = 5, places: dict[SeatRole, int] | None = None, family: int = 120
) -> CheckIn:
    with town.wiring.database.write() as session:
        now = town.clock.now()
        told = Registration(
            Card(f"+1413555{family:04}", alias="Azucena", language="es"), town.office.id,
            now + timedelta(days=days), "web",
        )  # fmt: skip
        made = register(session, town.wiring.outbox, town.chapter, told, now=now)
        approval = Approval(places or ONE_COMPANION, agreed_to_texts=True)
        approve(session, town.wiring.outbox, made, approval, by=SYSTEM, now=now)
    return made


def asked(town: Town, number: int) -> int:
    words = ("Reply Y or N", "Responda S o N")
    return sum(any(one in body for one in words) for body in town.got(number, states=EVERY))


def reasons(town: Town, checkin: CheckIn) -> dict[int, set[str]]:
    """wave -> the reasons that are on record."""
    found: dict[int, set[str]] = {}
    with town.session() as session:
        for ask in session.exec(select(Ask).where(Ask.subject == checkin.subject)).all():
            found.setdefault(ask.wave or 0, set()).add(ask.reason or "")
    return found
