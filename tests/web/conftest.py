"""The web, without a server: two chapters that must never see each other, and who calls."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from service.accounts.tables import Organizer
from service.accounts.tokens import make_token
from service.chapters.tables import Chapter, Office
from service.db import Database
from service.messages.catalog import Catalog
from service.privacy.keyring import Keyring
from service.settings import Settings
from service.sms.signature import Signatures
from service.wiring import Wiring
from tests.apps import app_of
from tests.factories import StillClock, make_chapter, make_office, make_organizer, make_sender

PUBLIC_URL = "http://localhost:8000"
ACCOUNT_SID = "AC" + "0" * 32
AUTH_TOKEN = "made-up"


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    """What is logged, as data: nothing is written, so no traceback is ever drawn."""
    with capture_logs() as written:
        yield written


@pytest.fixture
def wiring(database: Database, keyring: Keyring, catalog: Catalog, clock: StillClock) -> Wiring:
    """The parts of one process, on this test's own data."""
    return Wiring(
        settings=Settings(public_url=PUBLIC_URL, twilio_account_sid=ACCOUNT_SID, demo=True),
        database=database,
        keyring=keyring,
        clock=clock,
        catalog=catalog,
        signatures=Signatures(
            public_url=PUBLIC_URL, account_sid=ACCOUNT_SID, auth_tokens=[AUTH_TOKEN]
        ),
    )


@dataclass(frozen=True)
class Group:
    """A chapter with one sender, one office, one organizer, and that organizer's token."""

    chapter: Chapter
    office: Office
    organizer: Organizer
    token: str


def make_group(wiring: Wiring, name: str, sender: str, *, language: str = "en") -> Group:
    """Write a group down."""
    now = wiring.clock.now()
    with wiring.database.write() as session:
        chapter = make_chapter(session, name)
        make_sender(session, chapter, sender)
        organizer = make_organizer(session, chapter, now=now, language=language)
        return Group(
            chapter,
            make_office(session, chapter),
            organizer,
            make_token(session, organizer, label="test", now=now),
        )


@pytest.fixture
def group(wiring: Wiring) -> Group:
    """Marta's chapter."""
    return make_group(wiring, "Valley", "+14135550100")


@pytest.fixture
def other_group(wiring: Wiring) -> Group:
    """A chapter that Marta has nothing to do with; its organizer reads Spanish."""
    return make_group(wiring, "Coast", "+14135550109", language="es")


@pytest.fixture
def app(wiring: Wiring) -> FastAPI:
    """The whole web."""
    return app_of(wiring)


def client_of(app: FastAPI, token: str = "") -> TestClient:
    """A client with this token; what breaks inside is answered and not raised."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return TestClient(app, headers=headers, raise_server_exceptions=False)


@pytest.fixture
def client(app: FastAPI, group: Group) -> Iterator[TestClient]:
    """Marta's program."""
    with client_of(app, group.token) as opened:
        yield opened


@pytest.fixture
def other_client(app: FastAPI, client: TestClient, other_group: Group) -> TestClient:
    """The other chapter's program."""
    return client_of(app, other_group.token)


@pytest.fixture
def stranger(app: FastAPI, client: TestClient) -> TestClient:
    """A program without a token."""
    return client_of(app)
