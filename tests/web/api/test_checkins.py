"""Check-ins over the API: registered, seen, approved, cancelled."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from service.outbox.tables import Delivery
from service.people.tables import Consent, Person
from service.privacy.audit import AuditLine
from service.rsvps.ask import open_asks
from service.rsvps.respond import Answer, respond
from service.rsvps.tables import Seat
from service.wiring import Wiring
from tests.factories import StillClock, make_volunteer
from tests.web.api import bodies
from tests.web.api.bodies import one_database, problem, wrong
from tests.web.conftest import Group

PLACES = {"lead": 1, "accompanier": 2}


def register(client: TestClient, group: Group, **changes: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/checkins", json=bodies.checkin(group, **changes))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def approve(client: TestClient, checkin_id: str, **changes: Any) -> Any:
    body = {"places": PLACES, "agreed_to_texts": True} | changes
    return client.post(f"/api/v1/checkins/{checkin_id}/approve", json=body)


def test_a_registered_checkin_reads_back_with_masked_names(
    client: TestClient, group: Group
) -> None:
    made = register(client, group)
    assert made == client.get(f"/api/v1/checkins/{made['id']}").json()
    assert made["state"] == "submitted"
    assert made["stage"] is None
    assert made["starts_at"] == "2026-03-10T13:00:00Z"
    assert made["time_zone"] == "America/New_York"
    assert made["family_alias"] == "A•••"
    assert made["note"] == "Viene con su hija."
    assert made["registered_how"] == "api"
    assert made["seats"] == []


def test_registering_twice_is_the_same_checkin_and_one_text(
    client: TestClient, group: Group, wiring: Wiring
) -> None:
    made = register(client, group)
    again = client.post("/api/v1/checkins", json=bodies.checkin(group))
    assert again.status_code == 200
    assert again.json()["id"] == made["id"]
    with wiring.database.read() as session:
        assert len(session.exec(select(Delivery)).all()) == 1


@one_database
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"starts_at": "2026-03-10T09:00:00"}, {"starts_at": "no_time_zone"}),
        ({"starts_at": "next Tuesday"}, {"starts_at": "bad_time"}),
        ({"starts_at": 1773147600}, {"starts_at": "bad_time"}),
        ({"starts_at": "9999-12-31T23:59:59-12:00"}, {"starts_at": "bad_time"}),
        ({"starts_at": "2026-03-01T09:00:00Z"}, {"starts_at": "past_date"}),
        ({"starts_at": "2030-03-01T09:00:00Z"}, {"starts_at": "too_far_off"}),
        ({"starts_at": "2026-03-14T13:00:00Z"}, {"starts_at": "weekend_unconfirmed"}),
        ({"starts_at": "2026-05-26T03:00:00Z"}, {"starts_at": "holiday_unconfirmed"}),
        ({"phone": "12"}, {"phone": "bad_phone"}),
        ({"phone": "+442071838750"}, {"phone": "country_not_allowed"}),
        ({"phone": None}, {"phone": "not_text"}),
        ({"language": "fr"}, {"language": "not_in_list"}),
        ({"office_id": "hartford"}, {"office_id": "bad_id"}),
        ({"office_id": "0195a0c3-1111-7000-8000-000000000001"}, {"office_id": "unknown_office"}),
        ({"people": 0}, {"people": "too_small"}),
        ({"people": 10**30}, {"people": "too_big"}),
        ({"people": "many"}, {"people": "not_a_number"}),
        ({"needs_ride": "perhaps"}, {"needs_ride": "not_yes_or_no"}),
        ({"note": "x" * 201}, {"note": "too_long"}),
        ({"note": "a\u0000b"}, {"note": "not_text"}),
        ({"alias": "x" * 41}, {"alias": "too_long"}),
        ({"alias": "A 012 345 678"}, {"alias": "never_kept"}),
        ({"alien_number": "A012345678"}, {"alien_number": "unknown_field"}),
        (
            {"starts_at": "2026-03-01T09:00:00Z", "phone": "+442071838750",
             "office_id": "0195a0c3-1111-7000-8000-000000000001"},
            {"starts_at": "past_date", "phone": "country_not_allowed",
             "office_id": "unknown_office"},
        ),
        (
            {"starts_at": "2026-03-10T09:00:00", "phone": "12", "people": 13},
            {"starts_at": "no_time_zone", "phone": "bad_phone", "people": "too_big"},
        ),
    ],
    ids=repr,
)  # fmt: skip
def test_every_wrong_field_is_named_at_once(
    client: TestClient, group: Group, changes: dict[str, Any], expected: dict[str, str]
) -> None:
    answer = client.post("/api/v1/checkins", json=bodies.checkin(group, **changes))
    assert wrong(answer) == expected


def test_a_weekend_that_the_letter_names_is_registered(client: TestClient, group: Group) -> None:
    saturday = bodies.checkin(group, starts_at="2026-03-14T13:00:00Z")
    asked = client.post("/api/v1/checkins", json=saturday).json()
    assert "day_is_right: true" in asked["detail"]
    made = client.post("/api/v1/checkins", json=saturday | {"day_is_right": True})
    assert (made.status_code, made.json()["starts_at"]) == (201, "2026-03-14T13:00:00Z")


def test_an_hour_that_the_letter_names_is_registered(client: TestClient, group: Group) -> None:
    night = bodies.checkin(group, starts_at="2026-03-10T07:00:00Z")
    asked = client.post("/api/v1/checkins", json=night)
    assert wrong(asked) == {"starts_at": "hour_unconfirmed"}
    assert "3:00 am where the office is" in asked.json()["detail"]
    made = client.post("/api/v1/checkins", json=night | {"hour_is_right": True})
    assert (made.status_code, made.json()["starts_at"]) == (201, "2026-03-10T07:00:00Z")


@one_database
def test_a_missing_field_is_named(client: TestClient) -> None:
    answer = client.post("/api/v1/checkins", json={})
    assert wrong(answer) == dict.fromkeys(
        ["phone", "language", "office_id", "starts_at"], "missing"
    )


def test_a_phone_of_another_group_is_taken_here_too(
    client: TestClient, other_client: TestClient, group: Group, other_group: Group
) -> None:
    register(client, group)
    answer = other_client.post("/api/v1/checkins", json=bodies.checkin(other_group))
    assert answer.status_code == 201


def test_approving_opens_the_places_and_notes_the_consent(
    client: TestClient, group: Group, wiring: Wiring
) -> None:
    made = register(client, group)
    approved = approve(client, made["id"]).json()
    assert approved["state"] == "approved"
    assert approved["stage"] == "recruiting"
    assert {s["role"]: (s["capacity"], s["taken"]) for s in approved["seats"]} == {
        "lead": (1, 0),
        "accompanier": (2, 0),
    }
    with wiring.database.read() as session:
        assert session.exec(select(Person)).one().consent is Consent.ACTIVE


def test_the_same_approval_again_changes_nothing_and_another_is_refused(
    client: TestClient, group: Group
) -> None:
    made = register(client, group)
    first = approve(client, made["id"])
    again = approve(client, made["id"])
    assert again.status_code == 200
    assert again.json() == first.json()
    refused = problem(approve(client, made["id"], places={"lead": 1}), 409)
    assert refused["code"] == "checkin_not_in_state"


def test_two_approvals_at_once_open_the_places_once(
    client: TestClient, group: Group, wiring: Wiring
) -> None:
    made = register(client, group)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: approve(client, made["id"]), range(2)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    with wiring.database.read() as session:
        assert len(session.exec(select(Seat)).all()) == 2


@one_database
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"places": {"lead": -1}}, {"places.lead": "too_small"}),
        ({"places": {"lead": 31}}, {"places.lead": "too_big"}),
        ({"places": {"lead": 20, "accompanier": 20}}, {"places": "places_out_of_range"}),
        ({"places": {}}, {"places": "no_places"}),
        ({"places": {"lead": 0}}, {"places": "no_places"}),
        ({"places": {"crowd": 3}}, {"places": "unknown_role"}),
        ({"places": {"captain": 1}}, {"places.captain": "not_in_list"}),
        ({"places": {"+14135550142": 1}}, {"places.?": "not_in_list"}),
        ({"places": [1]}, {"places": "not_an_object"}),
        ({"agreed_to_texts": None}, {"agreed_to_texts": "not_yes_or_no"}),
    ],
    ids=repr,
)
def test_places_that_make_no_sense_are_refused(
    client: TestClient, group: Group, changes: dict[str, Any], expected: dict[str, str]
) -> None:
    made = register(client, group)
    assert wrong(approve(client, made["id"], **changes)) == expected


def test_stage_and_answers_follow_the_places(
    client: TestClient, group: Group, wiring: Wiring, clock: StillClock
) -> None:
    made = register(client, group)
    approve(client, made["id"], places={"accompanier": 1})
    address = f"/api/v1/checkins/{made['id']}"
    clock.tick(days=6)
    assert client.get(address).json()["stage"] == "short"
    subject, now = f"checkin:{made['id'].replace('-', '')}", clock.now()
    with wiring.database.write() as session:
        alma, beto = (
            make_volunteer(session, wiring.keyring, group.chapter, number, now=now, name=name)
            for number, name in ((101, "Alma"), (102, "Beto"))
        )
        open_asks(session, [alma.id, beto.id], subject, now=now, expires_at=now.replace(year=2027))
        respond(session, alma.id, subject, Answer.YES, now=now)
        respond(session, beto.id, subject, Answer.MAYBE, now=now)
    seen = client.get(address).json()
    assert seen["stage"] == "staffed"
    assert seen["answers"] == {
        "asked": 2, "yes": 1, "no": 0, "maybe": 1, "standby": 0, "coming_people": 1,
    }  # fmt: skip
    page = client.get(f"{address}/rsvps", params={"limit": 1}).json()
    rest = client.get(f"{address}/rsvps", params={"after": page["next"]}).json()
    assert [each["alias"] for each in page["items"] + rest["items"]] == ["A•••", "B•••"]
    assert [each["state"] for each in page["items"] + rest["items"]] == ["yes", "maybe"]
    assert rest["next"] is None


def test_cancelling_twice_is_the_same_as_once(client: TestClient, group: Group) -> None:
    made = register(client, group)
    approve(client, made["id"])
    first = client.post(f"/api/v1/checkins/{made['id']}/cancel")
    again = client.post(f"/api/v1/checkins/{made['id']}/cancel")
    assert first.json() == again.json()
    assert first.json()["state"] == "cancelled"
    assert first.json()["stage"] is None
    assert problem(approve(client, made["id"]), 409)["code"] == "checkin_not_in_state"


def test_a_list_is_filtered_and_paged(client: TestClient, group: Group) -> None:
    made = [register(client, group, starts_at=f"2026-03-1{day}T09:00:00-04:00") for day in range(4)]
    approve(client, made[0]["id"])
    ids = [each["id"] for each in made]
    submitted = client.get("/api/v1/checkins", params={"state": "submitted"}).json()
    assert [each["id"] for each in submitted["items"]] == ids[1:]
    both = client.get("/api/v1/checkins", params={"state": ["submitted", "approved"], "limit": 3})
    assert [each["id"] for each in both.json()["items"]] == ids[:3]
    assert both.json()["next"] == ids[2]
    last = client.get("/api/v1/checkins", params={"after": ids[2], "limit": 3}).json()
    assert [each["id"] for each in last["items"]] == ids[3:]
    assert last["next"] is None


def test_the_relay_is_switched_off_and_on_and_says_by_whom(
    client: TestClient, other_client: TestClient, group: Group, wiring: Wiring, clock: StillClock
) -> None:
    made = register(client, group)
    assert (made["relay_off_at"], made["relay_off_by"]) == (None, "")
    path = f"/api/v1/checkins/{made['id']}/relay"
    for _ in range(2):
        off = client.post(path, json={"is_on": False}).json()
        assert (off["relay_off_at"], off["relay_off_by"]) == ("2026-03-02T15:00:00Z", "Marta")
        clock.tick(minutes=1)
    assert client.get(f"/api/v1/checkins/{made['id']}").json() == off
    for _ in range(2):
        assert client.post(path, json={"is_on": True}).json() == made
    with wiring.database.read() as session:
        query = select(AuditLine.actor, AuditLine.action).order_by(col(AuditLine.number))
        lines = session.exec(query).all()
    assert [line for line in lines if "relay" in line[1]] == [
        ("Marta", "checkin.relay_off"), ("Marta", "checkin.relay_on"),
    ]  # fmt: skip
    problem(other_client.post(path, json={"is_on": False}), 404)
    assert wrong(client.post(path, json={})) == {"is_on": "missing"}
