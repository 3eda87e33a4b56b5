"""Taking people out by the console: by an admin who has just been there, encrypted, on the record."""

from __future__ import annotations

import pyrage
import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from service.accounts import sessions
from service.accounts.tables import How
from service.privacy.audit import AuditLine
from service.privacy.policy import Role
from service.wiring import Wiring
from tests.factories import StillClock, make_organizer, make_volunteer
from tests.web.conftest import Group
from tests.web.console.conftest import text_of


@pytest.fixture
def ana(guest: TestClient, wiring: Wiring, group: Group) -> TestClient:
    """An admin's browser."""
    now = wiring.clock.now()
    with wiring.database.write() as session:
        admin = make_organizer(session, group.chapter, now=now, name="Ana", role=Role.ADMIN)
        guest.cookies.set("acompana", sessions.begin(session, admin, How.PASSKEY, now=now))
        make_volunteer(session, wiring.keyring, group.chapter, 101, now=now, name="Alma")
    return guest


def lines(wiring: Wiring) -> list[str]:
    with wiring.database.read() as session:
        query = select(AuditLine.detail).where(col(AuditLine.action) == "export.volunteers")
        return list(session.exec(query))


def test_to_a_key(ana: TestClient, wiring: Wiring) -> None:
    key = pyrage.x25519.Identity.generate()
    file = ana.post("/people/export", data={"way": "key", "recipient": str(key.to_public())})
    assert file.headers["content-disposition"] == 'attachment; filename="volunteers.csv.age"'
    assert file.headers["cache-control"] == "no-store"
    assert b"Alma,413-555-0101" in pyrage.decrypt(file.content, [key])
    assert lines(wiring) == ["1 people, key"]


def test_plain_only_when_that_is_understood(ana: TestClient, wiring: Wiring) -> None:
    page = ana.post("/people/export", data={"way": "plain"})
    assert page.status_code == 422
    assert lines(wiring) == []
    file = ana.post("/people/export", data={"way": "plain", "understood": "yes"})
    assert b"Alma,413-555-0101" in file.content
    assert lines(wiring) == ["1 people, plain"]


def test_what_is_wrong_is_said_beside_its_field(ana: TestClient, wiring: Wiring) -> None:
    page = ana.post("/people/export", data={"way": "key", "recipient": "age1abc"})
    assert page.status_code == 422
    assert "couldn't read this public key" in text_of(page)
    assert 'value="age1abc"' in page.text
    page = ana.post("/people/export", data={"way": "passphrase", "passphrase": "short"})
    assert "at least 12 letters" in text_of(page)
    assert 'value="short"' not in page.text
    assert lines(wiring) == []


def test_only_who_has_just_been_there(ana: TestClient, clock: StillClock, wiring: Wiring) -> None:
    clock.tick(minutes=11)
    assert "Is it still you?" in text_of(ana.get("/people/export"))
    page = ana.post("/people/export", data={"way": "plain", "understood": "yes"})
    assert "Is it still you?" in text_of(page)
    assert lines(wiring) == []


def test_an_organizer_takes_nothing_out(marta: TestClient) -> None:
    assert marta.get("/people/export").status_code == 403
    assert "Take the volunteers out" not in marta.get("/people").text
