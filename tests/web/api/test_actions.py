"""Actions over the API."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from schedules.jobs import run_all
from service.wiring import Wiring
from tests.factories import StillClock, make_volunteer
from tests.web.api import bodies
from tests.web.api.bodies import one_database, problem, wrong
from tests.web.conftest import Group


def test_an_action_is_drafted_changed_announced_and_closed(
    client: TestClient, group: Group, wiring: Wiring, clock: StillClock
) -> None:
    with wiring.database.write() as session:
        for number in (101, 102):
            make_volunteer(session, wiring.keyring, group.chapter, number, now=clock.now())
    own = str(uuid4())
    made = client.post("/api/v1/actions", json=bodies.action(id=own))
    assert made.status_code == 201, made.text
    assert client.post("/api/v1/actions", json=bodies.action(id=own)).status_code == 200
    address = f"/api/v1/actions/{own}"
    assert client.put(address, json=bodies.action(title="Stay")).json()["title"] == "Stay"
    first = client.post(f"{address}/announce")
    assert (first.status_code, first.json()["state"]) == (200, "announced")
    assert client.post(f"{address}/announce").json() == first.json()
    run_all(wiring, now=clock.tick(seconds=10))
    assert client.get(address).json()["days_sent"] == 1
    (blast,) = client.get("/api/v1/blasts").json()["items"]
    assert blast["about"] == {"kind": "action", "id": own}
    assert problem(client.put(address, json=bodies.action()), 409)["code"] == "action_not_in_state"
    half = client.post(f"{address}/close", json={"result_en": "They stay."})
    assert wrong(half) == {"result_es": "language_missing"}
    result = {"result_en": "They stay.", "result_es": "Se quedan.", "all_asked": True}
    closed = client.post(f"{address}/close", json=result).json()
    assert (closed["state"], closed["result_es"]) == ("closed", "Se quedan.")
    assert client.post(f"{address}/close", json=result).json() == closed
    kinds = [one["kind"] for one in client.get("/api/v1/blasts").json()["items"]]
    assert sorted(kinds) == ["action", "result"]


@one_database
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"title": ""}, {"title": "missing"}),
        ({"target_phone": ""}, {"target_phone": "missing"}),
        ({"kind": "sign"}, {"link": "missing"}),
        ({"link": "ftp://text.example.org"}, {"link": "bad_link"}),
        ({"deadline": "2026-03-01T17:00:00Z"}, {"deadline": "past_date"}),
        ({"days": 0}, {"days": "too_small"}),
        ({"days": 9}, {"days": "days_after_deadline"}),
        ({"text_es": ""}, {"text_es": "language_missing"}),
        ({"script_en": "Say this."}, {"script_es": "language_missing"}),
    ],
    ids=repr,
)
def test_a_draft_says_what_is_wrong(
    client: TestClient, changes: dict[str, Any], expected: dict[str, str]
) -> None:
    assert wrong(client.post("/api/v1/actions", json=bodies.action(**changes))) == expected
