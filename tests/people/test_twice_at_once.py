"""The same form sent twice at the same moment is one person, one volunteer, one appointment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlmodel import Session, select

from service.checkins.register import Registration, register
from service.checkins.tables import CheckIn
from service.db import Database
from service.messages.catalog import Catalog
from service.outbox.enqueue import Outbox
from service.outbox.tables import Delivery
from service.people.register import Card, make_family, make_volunteer, register_person
from service.people.tables import AliasWord, ConsentEvent, Family, Person, Volunteer
from service.privacy.keyring import Keyring
from tests.factories import StillClock, make_chapter, make_office, make_sender

TIMES = 8


def at_once(database: Database, work: Callable[[Session], None]) -> None:
    """Do the same in as many transactions, begun at the same moment."""
    ready = threading.Barrier(TIMES)

    def one(_n: int) -> None:
        ready.wait(10)
        with database.write() as session:
            work(session)

    with ThreadPoolExecutor(TIMES) as pool:
        list(pool.map(one, range(TIMES)))


def test_a_person_a_volunteer_and_a_family(
    database: Database, keyring: Keyring, clock: StillClock
) -> None:
    with database.write() as session:
        chapter = make_chapter(session)

    def work(session: Session) -> None:
        card = Card("+14135550120", alias="Azucena Flor", language="es", area="010")
        person = register_person(session, keyring, chapter, card, now=clock.now())
        make_volunteer(session, person, now=clock.now(), roles=["driver"])
        make_family(session, person, now=clock.now(), speaks="mam")

    at_once(database, work)
    with database.read() as session:
        for table, rows in ((Person, 1), (Volunteer, 1), (Family, 1), (AliasWord, 2)):
            assert len(session.exec(select(table)).all()) == rows, table


def test_an_appointment(
    database: Database, keyring: Keyring, catalog: Catalog, clock: StillClock
) -> None:
    outbox = Outbox(catalog, keyring)
    with database.write() as session:
        chapter = make_chapter(session)
        make_sender(session, chapter)
        office = make_office(session, chapter)
    told = Registration(
        Card("+14135550120", alias="Azucena", language="es"), office.id,
        clock.now() + timedelta(days=8), how="web",
    )  # fmt: skip

    def work(session: Session) -> None:
        register(session, outbox, chapter, told, now=clock.now())

    at_once(database, work)
    with database.read() as session:
        for table, rows in ((Person, 1), (CheckIn, 1), (Delivery, 1), (ConsentEvent, 1)):
            assert len(session.exec(select(table)).all()) == rows, table
