"""Volunteers and families over the API: added, masked, trusted, revealed on the record."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from service.outbox.tables import Delivery
from service.people.consent import opt_out
from service.people.register import LANGUAGES, ROLES
from service.people.tables import Consent, ConsentEvent, Person
from service.privacy.audit import AuditLine
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader
from service.web.api.shapes import Language, OfferedRole
from service.wiring import Wiring
from tests.factories import StillClock
from tests.web.api import bodies
from tests.web.api.bodies import one_database, wrong
from tests.web.conftest import Group


def add(client: TestClient, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(f"/api/v1/{kind}", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def texts(wiring: Wiring) -> list[str]:
    reader = Reader(wiring.keyring, SYSTEM)
    with wiring.database.read() as session:
        return [reader.show(each.sealed_body(None)) for each in session.exec(select(Delivery))]


def test_a_volunteer_is_added_masked_and_invited_once(
    client: TestClient, group: Group, wiring: Wiring
) -> None:
    made = add(client, "volunteers", bodies.volunteer())
    assert made["phone"] == "+1•••0101"
    assert made["alias"] == "A•••"
    assert made["consent"] == "invited"
    assert (made["vetting"], made["roles"], made["car_seats"]) == (2, ["driver"], 3)
    assert made["languages"] == ["en", "ht"]
    assert made == client.get(f"/api/v1/volunteers/{made['id']}").json()
    again = client.post("/api/v1/volunteers", json=bodies.volunteer(met_at="another meeting"))
    assert (again.status_code, again.json()) == (200, made)
    (invitation,) = texts(wiring)
    assert "you gave us your number at the March 3 meeting" in invitation
    assert "STOP" in invitation


def test_nobody_who_answered_is_invited(
    client: TestClient, group: Group, wiring: Wiring, clock: StillClock
) -> None:
    add(client, "families", bodies.family(phone="413-555-0101"))
    with wiring.database.write() as session:
        opt_out(session, session.exec(select(Person)).one(), how="text", now=clock.now())
    made = add(client, "volunteers", bodies.volunteer())
    assert made["consent"] == "opted_out"
    assert texts(wiring) == []


@one_database
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"phone": ""}, {"phone": "missing"}),
        ({"phone": "555"}, {"phone": "bad_phone"}),
        ({"phone": "+525512345678"}, {"phone": "country_not_allowed"}),
        ({"met_at": "  "}, {"met_at": "missing"}),
        ({"met_at": "x" * 41}, {"met_at": "too_long"}),
        ({"vetting": 4}, {"vetting": "too_big"}),
        ({"roles": ["lead"]}, {"roles.0": "not_in_list"}),
        ({"roles": "driver"}, {"roles": "not_a_list"}),
        ({"roles": ["driver"] * 5}, {"roles": "too_many"}),
        ({"languages": ["Spanish"]}, {"languages.0": "bad_language_code"}),
        ({"car_seats": 99}, {"car_seats": "too_big"}),
        ({"area": "123-45-6789"}, {"area": "never_kept"}),
        ({"address": "1 Main St"}, {"address": "unknown_field"}),
    ],
    ids=repr,
)
def test_a_volunteer_says_what_is_wrong(
    client: TestClient, changes: dict[str, Any], expected: dict[str, str]
) -> None:
    assert wrong(client.post("/api/v1/volunteers", json=bodies.volunteer(**changes))) == expected


@one_database
@pytest.mark.parametrize(
    "field", ["a_number", "status", "nationality", "date_of_birth", "address", "surname", "notes"]
)
def test_a_family_takes_nothing_that_we_never_keep(client: TestClient, field: str) -> None:
    answer = client.post("/api/v1/families", json=bodies.family(**{field: "x"}))
    assert wrong(answer) == {field: "unknown_field"}


def test_a_family_is_added_without_a_text(client: TestClient, group: Group, wiring: Wiring) -> None:
    made = add(client, "families", bodies.family(has_lawyer=True))
    assert (made["phone"], made["alias"]) == ("+1•••0121", "C•••")
    assert (made["has_lawyer"], made["papers_are_held"]) == (True, False)
    assert made == client.get(f"/api/v1/families/{made['id']}").json()
    assert client.post("/api/v1/families", json=bodies.family()).status_code == 200
    assert texts(wiring) == []
    with wiring.database.read() as session:
        assert [each.consent for each in session.exec(select(ConsentEvent))] == [Consent.INVITED]


def test_vetting_changes_on_the_record(client: TestClient, wiring: Wiring) -> None:
    made = add(client, "volunteers", bodies.volunteer())
    address = f"/api/v1/volunteers/{made['id']}"
    for _ in range(2):
        assert client.patch(address, json={"vetting": 3}).json() == made | {"vetting": 3}
    assert wrong(client.patch(address, json={"vetting": -1})) == {"vetting": "too_small"}
    with wiring.database.read() as session:
        vetted = session.exec(select(AuditLine).where(AuditLine.action == "volunteer.vet")).all()
    assert [(line.actor, line.detail) for line in vetted] == [("Marta", "2 -> 3")]


@pytest.mark.parametrize("kind", ["volunteers", "families"])
def test_a_reveal_shows_what_was_asked_and_is_written_down(
    client: TestClient, wiring: Wiring, kind: str
) -> None:
    body = bodies.volunteer() if kind == "volunteers" else bodies.family()
    made = add(client, kind, body)
    address = f"/api/v1/{kind}/{made['id']}/reveal"
    shown = client.post(address, json={"fields": ["phone"], "reason": "calling back"}).json()
    assert shown == {
        "id": made["id"], "phone": f"+1{body['phone'].replace('-', '')}", "alias": None,
    }  # fmt: skip
    both = client.post(address, json={"fields": ["phone", "alias"], "reason": "meeting"}).json()
    assert both["alias"] == body["alias"]
    with wiring.database.read() as session:
        query = select(AuditLine).where(AuditLine.detail != "vetting 2")
        lines = session.exec(query.order_by(col(AuditLine.number))).all()
    assert [(line.action, line.detail) for line in lines] == [
        ("reveal.phone", "calling back"), ("reveal.phone", "meeting"), ("reveal.alias", "meeting"),
    ]  # fmt: skip


@one_database
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"fields": [], "reason": "x"}, {"fields": "missing"}),
        ({"fields": ["note"], "reason": "x"}, {"fields.0": "not_in_list"}),
        ({"fields": ["phone"], "reason": " "}, {"reason": "missing"}),
        ({"fields": ["phone"]}, {"reason": "missing"}),
        ({"fields": ["phone"], "reason": "x" * 201}, {"reason": "too_long"}),
    ],
    ids=repr,
)
def test_a_reveal_needs_a_field_and_a_reason(
    client: TestClient, wiring: Wiring, body: dict[str, Any], expected: dict[str, str]
) -> None:
    made = add(client, "families", bodies.family())
    assert wrong(client.post(f"/api/v1/families/{made['id']}/reveal", json=body)) == expected
    with wiring.database.read() as session:
        assert session.exec(select(AuditLine)).all() == []


def test_lists_are_paged_and_masked(client: TestClient) -> None:
    for kind, make in (("volunteers", bodies.volunteer), ("families", bodies.family)):
        ids = [
            add(client, kind, make(phone=f"413-555-01{number}", alias="Beto"))["id"]
            for number in (31, 32, 33)
        ]
        page = client.get(f"/api/v1/{kind}", params={"limit": 2}).json()
        rest = client.get(f"/api/v1/{kind}", params={"after": page["next"]}).json()
        assert [each["id"] for each in page["items"] + rest["items"]] == ids
        assert {each["alias"] for each in page["items"]} == {"B•••"}
        assert rest["next"] is None


def test_the_api_speaks_the_rooms_words() -> None:
    assert tuple(OfferedRole) == ROLES
    assert Language.__args__ == LANGUAGES  # type: ignore[attr-defined]


def test_a_family_of_another_group_is_a_family_here_too(
    client: TestClient, other_client: TestClient
) -> None:
    first = add(client, "families", bodies.family())
    answer = other_client.post("/api/v1/families", json=bodies.family())
    assert answer.status_code == 201
    assert answer.json()["id"] == first["id"]
    assert answer.json()["phone"] == first["phone"]


def test_what_somebody_is_to_another_group_is_not_shown(
    client: TestClient, other_client: TestClient
) -> None:
    family = add(client, "families", bodies.family())
    other_client.post("/api/v1/volunteers", json=bodies.volunteer(phone=bodies.family()["phone"]))
    assert other_client.get(f"/api/v1/families/{family['id']}").status_code == 404
    assert client.get(f"/api/v1/volunteers/{family['id']}").status_code == 404
    assert other_client.get("/api/v1/families").json()["items"] == []
    assert client.get("/api/v1/volunteers").json()["items"] == []
