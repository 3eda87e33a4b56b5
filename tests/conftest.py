"""What every test can ask for: both databases, a keyring, a clock that stands still, the catalog."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import Engine, event
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from service.db import Database
from service.db.migrate import upgrade
from service.messages.catalog import Catalog, load_catalog
from service.privacy.keyring import Keyring
from tests import postgres
from tests.factories import StillClock

# How long an example takes depends on what else the machine does.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


@event.listens_for(Engine, "connect")
def _backwards(connection: Any, _record: object) -> None:
    """Have SQLite give rows that nobody asked to have in order the other way round.

    PostgreSQL gives them in an order that changes with what is written. A test, or the service,
    that leans on the order in which rows were put in is seen here every time.
    """
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA reverse_unordered_selects=ON")


MASTER_KEY = bytes(range(32))
PAGES = "tests/browser/"
DATABASES = ("sqlite", "postgresql")


class PagesTogether(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """Hands out tests one by one, but all page tests to one worker.

    Two Chromiums on two cores are slower than one. A mark would do (`xdist_group`), but pytest-xdist
    3.8 hands it on by a name that pytest 9.2 no longer reads.
    """

    def _split_scope(self, nodeid: str) -> str:
        return PAGES if nodeid.startswith(PAGES) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> PagesTogether:
    """Say how tests are shared among workers."""
    return PagesTogether(config, log)


@pytest.fixture(scope="session")
def pg_server() -> Iterator[postgres.Postgres]:
    """One PostgreSQL with a migrated database called `original`."""
    with postgres.running() as server:
        server.execute("create database original")
        upgrade(server.url("original"))
        yield server


@pytest.fixture(scope="session")
def sqlite_original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One migrated SQLite file."""
    path = tmp_path_factory.mktemp("original") / "original.sqlite"
    upgrade(f"sqlite:///{path}")
    return path


@dataclass(frozen=True)
class Urls:
    """The addresses of one test's own data and keyring."""

    database: str
    keyring: str


@pytest.fixture(params=DATABASES)
def urls(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Urls]:
    """A migrated database and an empty keyring, on SQLite and on PostgreSQL.

    Beside a PostgreSQL the keyring is a SQLite file, which is quicker, unless a test is marked
    `keyring_on_postgresql`: the tests of the keyring itself are.
    """
    if request.param == "sqlite":
        original = request.getfixturevalue("sqlite_original")
        shutil.copy(original, tmp_path / "acompana.sqlite")
        yield Urls(
            f"sqlite:///{tmp_path / 'acompana.sqlite'}", f"sqlite:///{tmp_path / 'keyring.sqlite'}"
        )
        return
    server: postgres.Postgres = request.getfixturevalue("pg_server")
    with server.lend("original") as data:
        if request.node.get_closest_marker("keyring_on_postgresql") is None:
            yield Urls(data, f"sqlite:///{tmp_path / 'keyring.sqlite'}")
            return
        with server.create() as keys:
            yield Urls(data, keys)


@pytest.fixture
def database(urls: Urls) -> Iterator[Database]:
    """The data, opened."""
    opened = Database(urls.database)
    try:
        yield opened
    finally:
        opened.dispose()


@pytest.fixture
def keyring(urls: Urls) -> Iterator[Keyring]:
    """The keyring, opened and prepared."""
    opened = Database(urls.keyring)
    try:
        made = Keyring(opened, MASTER_KEY)
        made.prepare()
        yield made
    finally:
        opened.dispose()


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """Every text, in both languages."""
    return load_catalog()


@pytest.fixture
def clock() -> StillClock:
    """A clock that stands still until a test moves it: Monday 2 March 2026, 10:00 in New York."""
    return StillClock(datetime(2026, 3, 2, 15, 0, tzinfo=UTC))
