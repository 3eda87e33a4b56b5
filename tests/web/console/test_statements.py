"""No page asks the database once a row: each list takes as many statements with 50 rows as with 5.

To watch another page, write a function that makes `number` of its rows and add a line to PAGES.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from service.accounts.organizers import Badge, add_organizer
from service.chapters.find import get_chapter, sender_of
from service.chapters.own_texts import CANNED, say
from service.chapters.shifts import add_shift
from service.checkins.register import Registration, register
from service.db import new_id
from service.inbox.tables import Inbound
from service.inbox.threads import need_person
from service.people.register import Card
from service.privacy.keyring import KeyKind
from service.privacy.policy import SYSTEM, Role
from service.privacy.seal import seal
from service.wiring import Wiring
from tests.factories import make_family, make_volunteer
from tests.web.conftest import Group

FEW, MANY = 5, 50
Make = Callable[[Wiring, Group, int, int], None]  # the first one's number, and how many


@contextmanager
def counted(wiring: Wiring) -> Iterator[list[str]]:
    """Collect the statements that the data and the keyring are asked; no key is remembered."""
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA", "SAVEPOINT")):
            said.append(statement)

    keys = wiring.keyring._database
    engines = {wiring.database.reader, wiring.database.writer, keys.reader, keys.writer}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    wiring.keyring._remembered.clear()
    try:
        yield said
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


def volunteers(wiring: Wiring, group: Group, first: int, number: int) -> None:
    with wiring.database.write() as session:
        for each in range(first, first + number):
            make_volunteer(
                session,
                wiring.keyring,
                group.chapter,
                each,
                now=wiring.clock.now(),
                roles=["driver"],
            )


def families(wiring: Wiring, group: Group, first: int, number: int) -> None:
    with wiring.database.write() as session:
        for each in range(first, first + number):
            make_family(session, wiring.keyring, group.chapter, each, now=wiring.clock.now())


def threads(wiring: Wiring, group: Group, first: int, number: int) -> None:
    """A volunteer each, who wrote twice and waits."""
    now = wiring.clock.now()
    with wiring.database.write() as session:
        sender = sender_of(session, group.chapter.id)
        for each in range(first, first + number):
            person = make_volunteer(session, wiring.keyring, group.chapter, each, now=now)
            key = wiring.keyring.key(KeyKind.PERSON, person.id)
            for _ in range(2):
                text_id = new_id()
                text = Inbound(
                    id=text_id, message_sid=f"SM{text_id.hex}", person_id=person.id,
                    sender_id=sender.id, received_at=now, intent="unknown", done_at=now,
                    text_sealed=seal(key, "inbound", text_id, "text", "call me"),
                )  # fmt: skip
                need_person(session, text, now=now)


def checkins(wiring: Wiring, group: Group, first: int, number: int) -> None:
    now = wiring.clock.now()
    with wiring.database.write() as session:
        for each in range(first, first + number):
            card = Card(f"+1413555{each:04}", alias="Azucena", language="es")
            told = Registration(
                card, group.office.id, now + timedelta(days=5, minutes=each), how="web"
            )
            register(session, wiring.outbox, group.chapter, told, now=now)


def organizers(wiring: Wiring, group: Group, first: int, number: int) -> None:
    with wiring.database.write() as session:
        for each in range(first, first + number):
            badge = Badge(f"Somebody {each}", Role.VIEWER)
            add_organizer(session, group.chapter.id, badge, by=SYSTEM, now=wiring.clock.now())


def shifts(wiring: Wiring, group: Group, first: int, number: int) -> None:
    now = wiring.clock.now()
    with wiring.database.write() as session:
        for each in range(first, first + number):
            person = make_volunteer(session, wiring.keyring, group.chapter, each, now=now)
            starts_at = now + timedelta(hours=each)
            add_shift(
                session, group.chapter.id, person.id, starts_at=starts_at,
                ends_at=starts_at + timedelta(hours=1), by="Marta", now=now,
            )  # fmt: skip


def replies(wiring: Wiring, group: Group, first: int, number: int) -> None:
    with wiring.database.write() as session:
        chapter = get_chapter(session, group.chapter.id)
        for each in range(number):
            says = {"en": f"Hello {each}", "es": f"Hola {each}"}
            say(
                session, chapter, f"{CANNED}{new_id().hex}", says, by=SYSTEM, now=wiring.clock.now()
            )


PAGES: dict[str, tuple[Make, Role]] = {
    "/": (checkins, Role.ORGANIZER),
    "/?texts": (threads, Role.ORGANIZER),
    "/inbox": (threads, Role.ORGANIZER),
    "/inbox?show=all": (threads, Role.ORGANIZER),
    "/people": (volunteers, Role.ORGANIZER),
    "/people?kind=all": (families, Role.ORGANIZER),
    "/shifts": (shifts, Role.ORGANIZER),
    "/organizers": (organizers, Role.ADMIN),
    "/settings/replies": (replies, Role.ORGANIZER),
}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_asks_as_often_for_many_rows_as_for_few(
    marta: TestClient, wiring: Wiring, group: Group, path: str
) -> None:
    make, role = PAGES[path]
    with wiring.database.write() as session:
        group.organizer.role = role
        session.merge(group.organizer)

    def look() -> list[str]:
        with counted(wiring) as said:
            assert marta.get(path).status_code == 200
        return said

    make(wiring, group, 200, FEW)
    few = look()
    make(wiring, group, 300, MANY - FEW)
    many = look()
    assert len(few) > 1, "the way to count no longer works"
    assert len(many) == len(few), f"{len(many)} statements, {len(few)} for {FEW} rows"
