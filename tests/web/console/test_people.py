"""Volunteers: masked, vetted on the record, invited once."""

from __future__ import annotations

from fastapi.testclient import TestClient
from sqlmodel import select

from service.outbox.tables import Delivery
from service.people.tables import Consent, Person, Volunteer
from service.privacy.audit import AuditLine
from service.wiring import Wiring
from tests.factories import make_volunteer
from tests.web.conftest import Group
from tests.web.console.conftest import text_of

INVITED = {
    "alias": "Rosa", "phone": "413-555-0101", "language": "es", "area": "Holyoke",
    "met_at": "la junta del 3 de marzo", "role_driver": "yes",
}  # fmt: skip


def test_an_empty_list_says_how_people_come(marta: TestClient) -> None:
    assert "Volunteers who join by text, or whom you invite, appear here." in text_of(
        marta.get("/people")
    )


def test_the_list_is_masked_and_says_trust_in_words(
    marta: TestClient, wiring: Wiring, group: Group, other_group: Group
) -> None:
    now = wiring.clock.now()
    with wiring.database.write() as session:
        make_volunteer(
            session, wiring.keyring, group.chapter, 101, now=now, name="Rosa", vetting=3,
            roles=["driver"],
        )  # fmt: skip
        make_volunteer(session, wiring.keyring, other_group.chapter, 102, now=now, name="Tom")
    page = marta.get("/people")
    assert "R••• +1•••0101 Lead English · driver" in text_of(page)
    assert "Rosa" not in page.text
    assert "T•••" not in page.text


def test_a_long_list_comes_a_page_at_a_time(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    now = wiring.clock.now()
    with wiring.database.write() as session:
        for number in range(100, 153):
            make_volunteer(session, wiring.keyring, group.chapter, number, now=now)
    page = marta.get("/people")
    assert page.text.count("person-name") == 50
    after = page.text.split("/people?after=")[1].split('"')[0]
    assert marta.get("/people", params={"after": after}).text.count("person-name") == 3


def test_vetting_is_changed_on_the_record(marta: TestClient, wiring: Wiring, group: Group) -> None:
    now = wiring.clock.now()
    with wiring.database.write() as session:
        rosa = make_volunteer(session, wiring.keyring, group.chapter, 101, now=now, vetting=0)
    assert "Vetted" in text_of(marta.post(f"/people/{rosa.id}/vetting", data={"vetting": "2"}))
    for wrong in ("4", "-1", "two", ""):
        answer = marta.post(f"/people/{rosa.id}/vetting", data={"vetting": wrong})
        assert answer.status_code == 422
    with wiring.database.read() as session:
        assert session.get_one(Volunteer, rosa.id).vetting == 2
        lines = session.exec(select(AuditLine).where(AuditLine.action == "volunteer.vet")).all()
    assert [(line.actor, line.detail) for line in lines] == [("Marta", "0 -> 2")]


def test_an_invitation_is_one_text(marta: TestClient, wiring: Wiring) -> None:
    for _ in range(2):
        assert "Invited" in text_of(marta.post("/people/new", data=INVITED))
    with wiring.database.read() as session:
        (person,) = session.exec(select(Person)).all()
        (volunteer,) = session.exec(select(Volunteer)).all()
        assert list(session.exec(select(Delivery.template))) == ["invitation"]
    assert (person.consent, person.area) == (Consent.INVITED, "Holyoke")
    assert (volunteer.vetting, volunteer.roles) == (0, ["driver"])


def test_a_mistake_in_an_invitation_keeps_everything(marta: TestClient, wiring: Wiring) -> None:
    for field, typed in (("alias", ""), ("phone", "12"), ("met_at", ""), ("met_at", "x" * 41)):
        page = marta.post("/people/new", data=INVITED | {field: typed})
        assert page.status_code == 422, (field, typed)
        assert f'id="{field}-wrong"' in page.text
        assert 'value="Holyoke"' in page.text
    with wiring.database.read() as session:
        assert session.exec(select(Person)).all() == []
