"""People: found without opening a name, shown masked, changed and forgotten on the record."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from service.accounts.sign_in import make_link
from service.checkins.register import Registration, register
from service.checkins.safety.contacts import name_contact
from service.checkins.tables import CheckIn, CheckInState
from service.erasure.erase import erase_who_asked
from service.outbox.tables import Delivery
from service.people.consent import opt_in
from service.people.register import Card, find_person
from service.people.tables import Consent, Family, Person, Volunteer
from service.privacy.audit import AuditLine
from service.privacy.policy import Role
from service.privacy.seal import unseal
from service.wiring import Wiring
from tests.factories import StillClock, make_family, make_organizer, make_volunteer
from tests.web.api.bodies import texted
from tests.web.conftest import Group
from tests.web.console.conftest import browser_of, new_link, text_of


@pytest.fixture
def rosa(wiring: Wiring, group: Group) -> Person:
    """Rosa Luz, who drives, vetted, in Holyoke."""
    with wiring.database.write() as session:
        made = make_volunteer(
            session, wiring.keyring, group.chapter, 101, now=wiring.clock.now(), name="Rosa Luz",
            language="es", vetting=2, roles=["driver"],
        )  # fmt: skip
        made.area = "Holyoke"
        session.add(made)
        return made


@pytest.fixture
def others(wiring: Wiring, group: Group, other_group: Group) -> None:
    """Tom and a family here, another Rosa elsewhere."""
    now = wiring.clock.now()
    with wiring.database.write() as session:
        make_volunteer(session, wiring.keyring, group.chapter, 102, now=now, name="Tom", vetting=0)
        make_family(session, wiring.keyring, group.chapter, 120, now=now, name="Azucena")
        make_volunteer(session, wiring.keyring, other_group.chapter, 103, now=now, name="Rosa")


def viewer(marta: TestClient, wiring: Wiring, group: Group, role: Role) -> TestClient:
    with wiring.database.write() as session:
        now = wiring.clock.now()
        made = make_organizer(session, group.chapter, now=now, name="Vera", role=role)
        link = f"/signin/{make_link(session, made, now=now)}"
    browser = browser_of(marta.app)  # type: ignore[arg-type]  # it is the FastAPI app
    browser.post(link)
    return browser


def numbers(page: Any) -> list[str]:
    """The last digits of everybody on a list."""
    return re.findall(r"\+1•••(\d{4})", page.text)


@pytest.mark.parametrize(
    ("who", "found"),
    [
        ("rosa", ["0101"]), ("LUZ Rosa", ["0101"]), ("azucena", ["0120"]), ("ros", []),
        ("rosa tom", []), ("413-555-0102", ["0102"]), ("(413) 555 0120", ["0120"]),
        ("+14135550103", []), ("413-555-0199", []),
    ],
)  # fmt: skip
def test_names_are_found_by_whole_words_and_numbers_exactly(
    marta: TestClient, rosa: Person, others: None, who: str, found: list[str]
) -> None:
    page = marta.post("/people/find", data={"who": who})
    assert page.status_code == 200
    assert numbers(page) == found
    assert "Azucena" not in page.text


@pytest.mark.parametrize("who", ["", "12", "555-01", "???"])
def test_what_is_neither_a_name_nor_a_number_is_asked_again(marta: TestClient, who: str) -> None:
    page = marta.post("/people/find", data={"who": who})
    assert page.status_code == 422
    assert 'id="who-wrong"' in page.text


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["0101", "0102"]),
        ({"kind": "family"}, ["0120"]),
        ({"kind": "all"}, ["0101", "0102", "0120"]),
        ({"area": "holy"}, ["0101"]),
        ({"area": "%"}, []),
        ({"language": "es"}, ["0101"]),
        ({"role": "driver"}, ["0101"]),
        ({"role": "interpreter"}, []),
        ({"vetting": "0"}, ["0102"]),
        ({"vetting": "nine", "role": "x", "kind": "y"}, ["0101", "0102"]),
    ],
)
def test_people_are_found_by_what_they_offer(
    marta: TestClient, rosa: Person, others: None, asked: dict[str, str], found: list[str]
) -> None:
    assert sorted(numbers(marta.get("/people", params=asked))) == found


def test_finding_opens_no_more_than_a_page(
    marta: TestClient, wiring: Wiring, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = wiring.clock.now()
    with wiring.database.write() as session:
        for number in range(60):
            make_volunteer(
                session, wiring.keyring, group.chapter, 200 + number, now=now, name="Ana"
            )
    opened: list[UUID] = []

    def noted(key: bytes, table: str, row_id: UUID, column: str, blob: bytes) -> str:
        opened.append(row_id)
        return unseal(key, table, row_id, column, blob)

    monkeypatch.setattr("service.privacy.read.unseal", noted)
    assert "There are more" in text_of(marta.post("/people/find", data={"who": "ana"}))
    assert len(opened) == 100  # fifty names and fifty numbers
    opened.clear()
    assert marta.post("/people/find", data={"who": "nobody"}).status_code == 200
    assert opened == []


def test_a_page_says_what_somebody_offers_agreed_to_and_was_asked(
    marta: TestClient, wiring: Wiring, rosa: Person, group: Group
) -> None:
    with wiring.database.write() as session:
        person = session.get_one(Person, rosa.id)
        person.consent = Consent.INVITED
        opt_in(session, person, how="text", now=wiring.clock.now())
    page = marta.get(f"/people/{rosa.id}")
    said = text_of(page)
    assert "R••• +1•••0101 Vetted" in said
    assert "Can do driver" in said
    assert "gets our texts (by text)" in said
    assert "Rosa" not in page.text
    assert "Nothing promised now." in said


def test_a_family_page_has_dates_contacts_and_ticks(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    now = wiring.clock.now()
    with wiring.database.write() as session:
        card = Card("+14135550120", alias="Azucena", language="es")
        told = Registration(card, group.office.id, now + timedelta(days=5), how="web")
        register(session, wiring.outbox, group.chapter, told, now=now)
        family = find_person(session, wiring.keyring, "+14135550120")
        assert family
        contact = Card("+14135550121", alias="Carmen", language="es")
        name_contact(session, wiring.outbox, group.chapter, family, contact, now=now)
    path = f"/people/{family.id}"
    said = text_of(marta.get(path))
    assert "Hartford, Sat 7 Mar waits for our call" in said
    assert "C••• +1•••0121 no answer yet" in said
    marta.post(f"{path}/ticks", data={"papers_are_held": "yes"})
    with wiring.database.read() as session:
        kept = session.get_one(Family, family.id)
        assert (kept.has_lawyer, kept.papers_are_held) == (False, True)
        (line,) = session.exec(select(AuditLine).where(AuditLine.action == "family.change")).all()
    assert line.detail == "papers_are_held"


CHANGES = {
    "alias": "Rosita", "language": "en", "area": "Chicopee", "role_interpreter": "yes",
    "speaks_es": "yes", "speaks_ht": "yes", "car_seats": "3", "training_0": "Know your rights",
    "until_0": "2027-03-01", "training_1": "De-escalation", "until_1": "",
    "paused_until": "2026-03-20",
}  # fmt: skip


def test_a_volunteer_is_changed_on_the_record(
    marta: TestClient, wiring: Wiring, rosa: Person
) -> None:
    path = f"/people/{rosa.id}"
    said = text_of(marta.post(f"{path}/edit", data=CHANGES))
    assert "Speaks Spanish, Haitian Creole" in said
    assert "Know your rights until 2027-03-01" in said
    assert "Takes a break until Fri 20 Mar" in said
    with wiring.database.read() as session:
        kept = session.get_one(Volunteer, rosa.id)
        person = session.get_one(Person, rosa.id)
        assert (person.language, person.area) == ("en", "Chicopee")
        assert (kept.roles, kept.languages, kept.car_seats) == (["interpreter"], ["es", "ht"], 3)
        assert kept.trainings == [
            {"name": "Know your rights", "until": "2027-03-01"}, {"name": "De-escalation", "until": ""},
        ]  # fmt: skip
        assert kept.paused_until
        assert kept.paused_until.isoformat() == "2026-03-21T04:00:00+00:00"
        lines = session.exec(select(AuditLine).where(AuditLine.action == "person.change")).all()
    assert [line.detail for line in lines] == [
        "alias, area, car_seats, language, languages, paused_until, roles, trainings"
    ]
    assert numbers(marta.post("/people/find", data={"who": "rosita"})) == ["0101"]
    again = marta.get(f"{path}/edit")
    assert 'value="2026-03-20"' in again.text
    assert "Rosita" not in again.text


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("area", "x" * 41), ("alias", "A123456789"), ("car_seats", "99"), ("car_seats", "two"),
        ("paused_until", "soon"), ("until_0", "never"), ("training_1", ""), ("language", "fr"),
    ],
)  # fmt: skip
def test_a_mistake_keeps_everything_that_was_typed(
    marta: TestClient, wiring: Wiring, rosa: Person, field: str, typed: str
) -> None:
    extra = {"until_1": "2027-01-01"} if field == "training_1" else {}
    page = marta.post(f"/people/{rosa.id}/edit", data=CHANGES | extra | {field: typed})
    assert page.status_code == 422
    assert 'value="Know your rights"' in page.text
    with wiring.database.read() as session:
        assert session.get_one(Volunteer, rosa.id).roles == ["driver"]


def test_who_asks_one_of_us_is_forgotten_by_key(
    marta: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    now = clock.now()
    with wiring.database.write() as session:
        card = Card("+14135550120", alias="Azucena", language="es")
        told = Registration(card, group.office.id, now + timedelta(days=5), how="web")
        register(session, wiring.outbox, group.chapter, told, now=now)
        family = find_person(session, wiring.keyring, "+14135550120")
        assert family
        name_contact(session, wiring.outbox, group.chapter, family, Card("+14135550121"), now=now)
    path = f"/people/{family.id}/erase"
    shown = text_of(marta.get(path))
    assert "1 appointment is cancelled" in shown
    assert "1 person whom they named" in shown
    assert marta.post(path).status_code == 422
    assert "is being erased" in text_of(marta.post(path, data={"asked_us": "yes"}))
    with wiring.database.read() as session:
        assert session.exec(select(CheckIn)).one().state is CheckInState.CANCELLED
        assert last_template(session) == "erased"
    clock.tick(days=2)
    assert erase_who_asked(wiring.database, wiring.keyring, now=clock.now()) == 1
    marta.post(new_link(wiring, group))
    assert marta.get(f"/people/{family.id}").status_code == 404
    assert numbers(marta.get("/people?kind=all")) == []


def last_template(session: Session) -> str:
    return session.exec(select(Delivery.template).order_by(col(Delivery.id).desc())).first() or ""


def test_a_viewer_sees_masks_and_changes_nothing(
    marta: TestClient, wiring: Wiring, group: Group, rosa: Person
) -> None:
    vera = viewer(marta, wiring, group, Role.VIEWER)
    page = vera.get(f"/people/{rosa.id}")
    assert page.status_code == 200
    assert "0101" not in page.text
    assert "<form" not in page.text.split("<main")[1]
    assert "/people/find" not in vera.get("/people").text
    for verb in ("edit", "ticks", "conversation", "erase", "opt-out"):
        assert vera.post(f"/people/{rosa.id}/{verb}").status_code == 403
    assert vera.post("/people/find", data={"who": "rosa"}).status_code == 403


def test_a_conversation_begins_where_there_is_none(
    marta: TestClient, wiring: Wiring, rosa: Person
) -> None:
    page = marta.post(f"/people/{rosa.id}/conversation")
    assert "/inbox/" in str(page.url)
    assert "No texts so far." in text_of(page)
    assert "Nobody waits" in text_of(marta.get("/inbox"))
    texted(wiring, "my cousin needs to talk with one of you please", "+14135550101")
    assert marta.post(f"/people/{rosa.id}/conversation").url == page.url
    assert "0101" in text_of(marta.get("/inbox"))


def test_another_chapters_people_are_not_there(
    marta: TestClient, wiring: Wiring, other_group: Group
) -> None:
    with wiring.database.write() as session:
        elsewhere = make_volunteer(
            session, wiring.keyring, other_group.chapter, 103, now=wiring.clock.now()
        )
    for verb in ("", "/edit", "/erase", "/opt-out"):
        assert marta.get(f"/people/{elsewhere.id}{verb}").status_code == 404
    for verb in ("edit", "erase", "ticks", "conversation", "opt-out"):
        assert marta.post(f"/people/{elsewhere.id}/{verb}", data=CHANGES).status_code == 404
