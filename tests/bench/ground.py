"""Where it is measured: a database and a keyring of their own, on disk, with invented people."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg
from sqlalchemy import insert

from service.chapters.tables import Chapter, Sender
from service.db import Database, new_id
from service.db.migrate import upgrade
from service.people.tables import Consent, Person, Volunteer
from service.privacy.keyring import KeyKind, Keyring
from service.privacy.seal import seal
from tests import postgres
from tests.factories import ZONE, make_chapter, make_sender

MASTER_KEY = bytes(range(32))
DATABASES = ("sqlite", "postgresql")
AT_ONCE = 10_000
NUMBER = "+14135550100"
LEAD = 3


@dataclass
class Ground:
    """One database with its keyring, opened here, and how others open them."""

    kind: str
    database_url: str
    keyring_url: str
    folder: Path
    database: Database = field(init=False)
    keyring: Keyring = field(init=False)
    chapter: Chapter = field(init=False)
    sender: Sender = field(init=False)

    def open(self, rate: float) -> None:
        """Open both and write a chapter with its sender: `rate` segments a second, 0 for unpaced."""
        self.database = Database(self.database_url)
        self.keyring = Keyring(Database(self.keyring_url), MASTER_KEY)
        self.keyring.prepare()
        with self.database.write() as session:
            self.chapter = make_chapter(session)
            self.sender = make_sender(session, self.chapter, NUMBER)
            self.sender.segments_per_second = rate
            session.add(self.sender)

    def close(self) -> None:
        """Close both."""
        self.database.dispose()
        self.keyring.close()

    def settle(self) -> None:
        """Bring what was seeded to where it would be by the next day: on disk, with statistics."""
        if self.kind == "postgresql":
            with psycopg.connect(self.database_url, autocommit=True) as connection:
                connection.execute("vacuum analyze")
                connection.execute("checkpoint")
            return
        with self.database.writer.connect() as connection_:
            raw = connection_.connection.driver_connection
            assert raw is not None
            raw.execute("pragma wal_checkpoint(truncate)")

    def bytes_on_disk(self) -> int:
        """Return the size of the SQLite file, without its log."""
        self.settle()
        return (self.folder / "data.sqlite").stat().st_size


@dataclass
class Grounds:
    """Makes grounds for one run: both schemas are migrated once, and PostgreSQL starts once."""

    folder: Path
    _stack: contextlib.ExitStack
    _server: postgres.Postgres | None = None

    @contextlib.contextmanager
    def ground(
        self, kind: str, people: int, *, rate: float = 0, leads: int = 0
    ) -> Iterator[Ground]:
        """Give a ground with so many volunteers, the first `leads` of them leads."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        with contextlib.ExitStack() as stack:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            ground = self._empty(kind, folder, stack)
            ground.open(rate)
            stack.callback(ground.close)
            add_people(ground, people, leads=leads)
            ground.settle()
            yield ground

    def _empty(self, kind: str, folder: Path, stack: contextlib.ExitStack) -> Ground:
        if kind == "sqlite":
            original = self.folder / "original.sqlite"
            if not original.exists():
                upgrade(f"sqlite:///{original}")
            shutil.copy(original, folder / "data.sqlite")
            data, keys = (f"sqlite:///{folder / name}.sqlite" for name in ("data", "keyring"))
            return Ground(kind, data, keys, folder)
        if self._server is None:
            self._server = self._stack.enter_context(postgres.running(fast=False))
            self._server.execute("create database original")
            upgrade(self._server.url("original"))
        data = stack.enter_context(self._server.create("original"))
        return Ground(kind, data, stack.enter_context(self._server.create()), folder)


@contextlib.contextmanager
def prepared() -> Iterator[Grounds]:
    """Give the grounds; everything on them is gone afterwards."""
    with contextlib.ExitStack() as stack:
        folder = tempfile.TemporaryDirectory(prefix="acompana-bench-", dir="/tmp")
        yield Grounds(Path(stack.enter_context(folder)), stack)


def number(place: int) -> str:
    """Return the place-th invented number: 555-xxxx in one area first, then an area that is none."""
    return f"+1413555{place:04}" if place < 10_000 else f"+1555{place:07}"


def add_people(ground: Ground, people: int, *, leads: int = 0, first: int = 0) -> None:
    """Write volunteers who agreed to texts, quickly; their numbers begin with the first-th."""
    for at in range(first, first + people, AT_ONCE):
        _add_some(ground, at, min(AT_ONCE, first + people - at), leads)


def _add_some(ground: Ground, first: int, people: int, leads: int) -> None:
    now, keyring = datetime.now(UTC), ground.keyring
    ids = [new_id() for _ in range(people)]
    keyring.create(KeyKind.PERSON, ids)
    keys: dict[UUID, bytes] = {}
    for at in range(0, people, 1000):
        keys |= keyring.keys(KeyKind.PERSON, ids[at : at + 1000])
    rows = []
    for place, id_ in enumerate(ids, start=first):
        phone = number(place)
        rows.append({
            "id": id_, "chapter_id": ground.chapter.id, "phone_key": keyring.phone_key(phone),
            "phone_sealed": seal(keys[id_], "person", id_, "phone", phone),
            "language": ("en", "es")[place % 2], "time_zone": ZONE, "area": "",
            "consent": Consent.ACTIVE, "is_unreachable": False, "unreachable_why": "",
            "unknown_handsets": 0, "created_at": now,
        })  # fmt: skip
    volunteers = [
        {"person_id": id_, "vetting": LEAD if place < leads else 2, "roles": [],
         "languages": ["en"], "car_seats": 0, "created_at": now}
        for place, id_ in enumerate(ids, start=first)
    ]  # fmt: skip
    with ground.database.write() as session:
        session.execute(insert(Person), rows)
        session.execute(insert(Volunteer), volunteers)
