"""Rallies and their blasts over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from schedules.jobs import run_all
from service.blasts.tables import Blast
from service.outbox.tables import Delivery
from service.privacy.audit import AuditLine, first_broken
from service.rallies.tables import RallyKind
from service.rsvps.plan import launch_due_blasts
from service.wiring import Wiring
from tests.factories import StillClock, make_volunteer
from tests.web.api import bodies
from tests.web.api.bodies import one_database, problem, wrong
from tests.web.conftest import Group


def draft(client: TestClient, **changes: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/rallies", json=bodies.rally(**changes))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def announce(client: TestClient, rally_id: str, **body: Any) -> Any:
    return client.post(f"/api/v1/rallies/{rally_id}/announce", json=body)


def test_a_draft_reads_back_and_can_be_changed(client: TestClient) -> None:
    made = draft(client)
    assert made["state"] == "draft"
    assert made["starts_at"] == "2026-03-06T22:00:00Z"
    assert made["ends_at"] == "2026-03-07T00:00:00Z"
    assert made["time_zone"] == "America/New_York"
    address = f"/api/v1/rallies/{made['id']}"
    changed = client.put(address, json=bodies.rally(title="Vigil", kind="vigil"))
    assert changed.json() == made | {"title": "Vigil", "kind": "vigil"}
    assert client.get(address).json() == changed.json()


def test_a_draft_with_its_own_id_is_safe_to_send_twice(
    client: TestClient, other_client: TestClient
) -> None:
    own = str(uuid4())
    made = draft(client, id=own)
    again = client.post("/api/v1/rallies", json=bodies.rally(id=own))
    assert (again.status_code, again.json()) == (200, made)
    taken = other_client.post("/api/v1/rallies", json=bodies.rally(id=own))
    assert wrong(taken) == {"id": "id_taken"}


@one_database
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"title": " ", "place": ""}, {"title": "missing", "place": "missing"}),
        ({"title": "x" * 81}, {"title": "too_long"}),
        ({"title": "two\nlines"}, {"title": "not_text"}),
        ({"kind": "party"}, {"kind": "not_in_list"}),
        ({"text_es": ""}, {"text_es": "language_missing"}),
        ({"text_en": "x" * 1601}, {"text_en": "too_long"}),
        ({"text_en": ["hi"]}, {"text_en": "not_text"}),
        ({"starts_at": "2026-03-06T17:00:00"}, {"starts_at": "no_time_zone"}),
        ({"starts_at": "2026-03-01T17:00:00Z"}, {"starts_at": "past_date"}),
        ({"ends_at": "2026-03-06T17:00:00-05:00"}, {"ends_at": "ends_before_start"}),
        ({"people_limit": 0}, {"people_limit": "too_small"}),
        ({"people_limit": 2**40}, {"people_limit": "too_big"}),
        ({"target": "someone"}, {"target": "unknown_field"}),
        ({"id": 7}, {"id": "bad_id"}),
    ],
    ids=repr,
)
def test_a_draft_says_what_is_wrong(
    client: TestClient, changes: dict[str, Any], expected: dict[str, str]
) -> None:
    assert wrong(client.post("/api/v1/rallies", json=bodies.rally(**changes))) == expected


def test_a_text_that_is_too_long_with_our_name_is_refused(client: TestClient) -> None:
    made = draft(client, text_en="x" * 1590)
    assert wrong(announce(client, made["id"])) == {"text_en": "too_long_whole"}
    assert client.get(f"/api/v1/rallies/{made['id']}").json()["state"] == "draft"


def test_the_same_blast_id_is_the_same_send(client: TestClient, wiring: Wiring) -> None:
    made, blast_id = draft(client), str(uuid4())
    first = announce(client, made["id"], blast_id=blast_id)
    again = announce(client, made["id"], blast_id=blast_id)
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert first.json()["id"] == blast_id
    assert first.json()["about"] == {"kind": "rally", "id": made["id"]}
    assert first.json()["texts"] == {  # as they arrive: with a way out
        "en": f"{made['text_en']} STOP to stop.", "es": f"{made['text_es']} STOP o ALTO: fin.",
    }  # fmt: skip
    assert problem(announce(client, made["id"]), 409)["code"] == "rally_not_in_state"
    with wiring.database.read() as session:
        assert len(session.exec(select(Blast)).all()) == 1


def test_a_blast_id_of_something_else_is_refused_and_nothing_is_announced(
    client: TestClient, other_client: TestClient
) -> None:
    theirs = announce(other_client, draft(other_client)["id"]).json()["id"]
    made = draft(client)
    assert wrong(announce(client, made["id"], blast_id=theirs)) == {"blast_id": "id_taken"}
    assert client.get(f"/api/v1/rallies/{made['id']}").json()["state"] == "draft"


def test_a_call_cannot_go_out_after_the_start(client: TestClient) -> None:
    made = draft(client)
    late = announce(client, made["id"], at="2026-03-06T18:00:00-05:00")
    assert problem(late, 409)["code"] == "rally_over"
    assert wrong(announce(client, made["id"], at="2026-03-06T18:00")) == {"at": "no_time_zone"}


def test_an_announced_rally_is_no_draft_any_more(client: TestClient) -> None:
    made = draft(client)
    answer = client.post(f"/api/v1/rallies/{made['id']}/announce")  # no body: now
    assert answer.status_code == 200
    refused = client.put(f"/api/v1/rallies/{made['id']}", json=bodies.rally())
    assert problem(refused, 409)["code"] == "rally_not_in_state"


@pytest.mark.parametrize("kind", RallyKind)
def test_every_kind_of_rally_can_be_called_off_twice(
    client: TestClient, group: Group, wiring: Wiring, clock: StillClock, kind: RallyKind
) -> None:
    with wiring.database.write() as session:
        make_volunteer(session, wiring.keyring, group.chapter, 101, now=clock.now())
    made = draft(client, kind=kind.value)
    announce(client, made["id"])
    launch_due_blasts(wiring.database, now=clock.now())
    first = client.post(f"/api/v1/rallies/{made['id']}/cancel")
    assert first.json()["state"] == "cancelled"
    assert first.json()["answers"]["asked"] == 1
    assert client.post(f"/api/v1/rallies/{made['id']}/cancel").json() == first.json()
    blasts = client.get("/api/v1/blasts").json()["items"]
    assert [blast["kind"] for blast in blasts] == ["call", "change"]


def test_a_blast_is_paused_resumed_and_stopped_each_safely_twice(
    client: TestClient, group: Group, wiring: Wiring, clock: StillClock
) -> None:
    with wiring.database.write() as session:
        for number in (101, 102, 103):
            make_volunteer(session, wiring.keyring, group.chapter, number, now=clock.now())
    address = f"/api/v1/blasts/{announce(client, draft(client)['id']).json()['id']}"
    assert problem(client.post(f"{address}/pause"), 409)["code"] == "message_not_in_state"
    launch_due_blasts(wiring.database, now=clock.now())
    assert client.get(address).json()["counts"]["waiting"] == 3
    for verb, state in (("pause", "paused"), ("resume", "sending"), ("stop", "stopped")):
        for _ in range(2):
            answer = client.post(f"{address}/{verb}")
            assert (answer.status_code, answer.json()["state"]) == (200, state)
    assert client.get(address).json()["counts"]["withdrawn"] == 3
    assert problem(client.post(f"{address}/resume"), 409)["code"] == "message_not_in_state"
    with wiring.database.read() as session:
        actions = [line.action for line in session.exec(select(AuditLine))]
        assert actions.count("blast.stop") == 1
        assert first_broken(session) is None


def test_rallies_and_blasts_are_paged(client: TestClient) -> None:
    made = [draft(client, title=f"Rally {number}")["id"] for number in range(3)]
    sent = [announce(client, rally).json()["id"] for rally in made]
    for name, ids in (("rallies", made), ("blasts", sorted(sent))):
        page = client.get(f"/api/v1/{name}", params={"limit": 2}).json()
        assert [each["id"] for each in page["items"]] == ids[:2]
        rest = client.get(f"/api/v1/{name}", params={"limit": 2, "after": page["next"]}).json()
        assert [each["id"] for each in rest["items"]] == ids[2:]
        assert rest["next"] is None


CHANGED = {
    "starts_at": "2026-03-06T18:00:00-05:00", "ends_at": "2026-03-06T20:00:00-05:00",
    "place": "City Hall",
}  # fmt: skip


def called(client: TestClient, group: Group, wiring: Wiring, **changes: Any) -> dict[str, Any]:
    with wiring.database.write() as session:
        make_volunteer(session, wiring.keyring, group.chapter, 101, now=wiring.clock.now())
    made = draft(client, **changes)
    announce(client, made["id"])
    launch_due_blasts(wiring.database, now=wiring.clock.now())
    return made


def test_a_rally_is_moved_once_however_often_it_is_said(
    client: TestClient, group: Group, wiring: Wiring
) -> None:
    address = f"/api/v1/rallies/{called(client, group, wiring)['id']}/move"
    body = CHANGED | {"whom": "asked", "blast_id": str(uuid4())}
    first = client.post(address, json=body)
    assert first.status_code == 200, first.text
    assert (first.json()["place"], first.json()["moves"]) == ("City Hall", 1)
    assert first.json()["starts_at"] == "2026-03-06T23:00:00Z"
    assert client.post(address, json=body).json() == first.json()
    kinds = [blast["kind"] for blast in client.get("/api/v1/blasts").json()["items"]]
    assert kinds == ["call", "change"]
    again = client.post(address, json=body | {"blast_id": str(uuid4())})
    assert wrong(again) == {"place": "nothing_changed"}


def test_a_draft_is_changed_and_not_moved(client: TestClient) -> None:
    answer = client.post(f"/api/v1/rallies/{draft(client)['id']}/move", json=CHANGED)
    assert problem(answer, 409)["code"] == "rally_not_in_state"


def test_all_clear_and_who_came_are_said_over_the_api(
    client: TestClient, group: Group, wiring: Wiring, clock: StillClock
) -> None:
    cleared, held = called(client, group, wiring), called(client, group, wiring, title="Vigil")
    answer = client.post(f"/api/v1/rallies/{cleared['id']}/all-clear")
    assert answer.json()["state"] == "all_clear"
    assert client.post(f"/api/v1/rallies/{cleared['id']}/all-clear").json() == answer.json()
    closing = f"/api/v1/rallies/{held['id']}/close"
    assert problem(client.post(closing, json={}), 409)["code"] == "rally_not_begun"
    clock.tick(days=4, hours=8)
    assert wrong(client.post(closing, json={"people_came": -1})) == {"people_came": "too_small"}
    ended = client.post(closing, json={"people_came": 31}).json()
    assert (ended["state"], ended["people_came"]) == ("closed", 31)
    assert problem(client.post(closing, json={"came": [str(uuid4())]}), 404)


def test_more_people_are_called_by_the_api_and_nobody_twice(
    client: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    with wiring.database.write() as session:
        make_volunteer(session, wiring.keyring, group.chapter, 101, now=clock.now())
    made = draft(client)
    early = client.post(f"/api/v1/rallies/{made['id']}/more", json={})
    assert problem(early, 409)["code"] == "rally_not_in_state"
    announce(client, made["id"])
    run_all(wiring, now=clock.tick(seconds=5))
    with wiring.database.write() as session:
        beto = make_volunteer(session, wiring.keyring, group.chapter, 102, now=clock.now())
    own = str(uuid4())
    for _ in range(2):
        sent = client.post(f"/api/v1/rallies/{made['id']}/more", json={"blast_id": own})
        assert (sent.status_code, sent.json()["id"]) == (200, own)
    run_all(wiring, now=clock.tick(seconds=5))
    with wiring.database.read() as session:
        got = session.exec(select(Delivery.person_id).where(Delivery.gate_id == UUID(own))).all()
    assert got == [beto.id]
