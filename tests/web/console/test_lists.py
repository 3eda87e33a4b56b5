"""A list comes in by the console: uploaded, understood, looked at row by row, applied, or thrown away."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlmodel import select

from schedules.jobs import run_all
from service.accounts import sessions
from service.accounts.tables import How
from service.outbox.tables import Delivery
from service.people.tables import UploadedList, Volunteer
from service.privacy.policy import Role
from service.wiring import Wiring
from tests.factories import StillClock, make_organizer, make_volunteer
from tests.web.conftest import Group
from tests.web.console.conftest import text_of

LIST = (
    "Spring volunteers;;\n"
    "Nombre;Teléfono;Idioma\n"
    "José Núñez;413-555-0101;español\n"
    "Ana;4135550102.0;inglés\n"
    "Ana bis;(413) 555-0102;\n"
    "Beto;4.14E+09;\n"
    "Known;413-555-0110;\n"
).encode("utf-16")


@pytest.fixture
def ana(guest: TestClient, wiring: Wiring, group: Group) -> TestClient:
    """An admin's browser."""
    now = wiring.clock.now()
    with wiring.database.write() as session:
        admin = make_organizer(session, group.chapter, now=now, name="Ana", role=Role.ADMIN)
        guest.cookies.set("acompana", sessions.begin(session, admin, How.PASSKEY, now=now))
        make_volunteer(session, wiring.keyring, group.chapter, 110, now=now)
    return guest


def upload(browser: TestClient, data: bytes) -> Response:
    return browser.post("/people/lists/new", files={"file": ("people.csv", data, "text/csv")})


def chosen(page: Response) -> dict[str, str]:
    """What each select of a form has chosen."""
    found = {}
    for name, body in re.findall(
        r'<select id="[^"]+" name="([^"]+)"[^>]*>(.*?)</select>', page.text, re.S
    ):
        picked = re.search(r'value="([^"]*)" selected', body)
        found[name] = picked[1] if picked else ""
    return found


def test_from_a_file_to_people_who_are_invited(ana: TestClient, wiring: Wiring) -> None:
    page = upload(ana, LIST)
    guessed = chosen(page)
    assert guessed == {
        "header": "1", "column_name": "0", "column_phone": "1", "column_language": "2",
        "column_area": "", "column_roles": "", "column_source": "",
    }  # fmt: skip
    assert "José Núñez" in page.text
    path = page.url.path
    sent = guessed | {"language": "en", "consent": "invite", "source": ""}
    page = ana.post(path, data=sent)
    assert page.status_code == 422
    assert "Please say where these people gave you their numbers." in text_of(page)
    page = ana.post(path, data=sent | {"source": "the March meeting"})
    said = text_of(page)
    assert "2 people are new" in said
    assert "Row 6 Beto The spreadsheet has rounded this number" in said
    assert "Row 5 Ana bis •••0102 The same number as in row 4." in said
    assert "Row 7 Known •••0110" in said
    assert "413-555-0101" not in page.text

    page = ana.post(f"{page.url.path}/apply")
    assert "People are being added" in text_of(page)
    run_all(wiring, now=wiring.clock.now())
    assert "2 people added so far." in text_of(ana.get(page.url.path))
    ana.post(f"{page.url.path}/apply")
    run_all(wiring, now=wiring.clock.now())
    with wiring.database.read() as session:
        assert [row.template for row in session.exec(select(Delivery))] == ["invitation"] * 2
        assert len(session.exec(select(Volunteer)).all()) == 3


def test_in_writing_needs_to_say_how(ana: TestClient, wiring: Wiring) -> None:
    page = upload(ana, LIST)
    sent = chosen(page) | {"language": "es", "consent": "paper", "source": "the meeting"}
    refused = ana.post(page.url.path, data=sent)
    assert refused.status_code == 422
    assert 'value="the meeting"' in refused.text
    page = ana.post(page.url.path, data=sent | {"agreed": "signed form, 2026"})
    assert "Each agreed in writing (signed form, 2026)" in text_of(page)


def test_what_is_no_list_is_told_in_words(ana: TestClient) -> None:
    for data, told in (
        (b"", "There is nothing in this file."),
        (b"\xd0\xcf\x11\xe0" + bytes(500), "old or locked spreadsheet"),
        (b"PK\x03\x04" + bytes(500), "couldn't read this file"),
        (b"x\n" * 6000, "This list is too long."),
    ):
        page = upload(ana, data)
        assert page.status_code == 422
        assert told in text_of(page)
    assert upload(ana, b"x" * (6 * 1024 * 1024)).status_code == 413
    assert ana.post("/people/lists/new", data={"file": "words"}).status_code == 422


def test_columns_that_do_not_exist_break_nothing(ana: TestClient) -> None:
    page = upload(ana, LIST)
    sent = chosen(page) | {"source": "x", "column_phone": "77", "header": "88"}
    assert ana.post(page.url.path, data=sent).status_code == 200
    assert ana.get(page.url.path).status_code == 200
    sent = chosen(page) | {"source": "x", "column_phone": "-1", "header": "²"}
    assert ana.post(page.url.path, data=sent).status_code == 422


def test_a_list_thrown_away_is_gone(ana: TestClient, wiring: Wiring) -> None:
    page = upload(ana, LIST)
    address = page.url.path.removesuffix("/columns")
    ana.post(f"{address}/drop")
    assert ana.get(page.url.path).status_code == 409
    assert ana.post(f"{address}/apply").status_code == 409
    with wiring.database.read() as session:
        assert session.exec(select(UploadedList.table_sealed)).all() == [None]


def test_a_list_is_taken_in_by_who_has_just_been_there(ana: TestClient, clock: StillClock) -> None:
    page = upload(ana, LIST)
    clock.tick(minutes=11)
    for path in ("/people/lists/new", page.url.path, page.url.path.removesuffix("/columns")):
        assert "Is it still you?" in text_of(ana.get(path))


def test_another_chapters_list_is_not_there(
    ana: TestClient, wiring: Wiring, other_group: Group
) -> None:
    page = upload(ana, LIST)
    now = wiring.clock.now()
    with wiring.database.write() as session:
        stranger = make_organizer(session, other_group.chapter, now=now, role=Role.ADMIN)
        ana.cookies.set("acompana", sessions.begin(session, stranger, How.PASSKEY, now=now))
    assert ana.get(page.url.path).status_code == 404
