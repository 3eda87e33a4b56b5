"""Safety checks over the API: seen by their own chapter, ended by whoever spoke with them."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from service.checkins.safety.report import raise_alarm
from service.wiring import Wiring
from tests.factories import make_family
from tests.web.conftest import Group


@pytest.fixture
def alarm(wiring: Wiring, group: Group) -> str:
    """Azucena wrote that she is in danger."""
    now = wiring.clock.now()
    with wiring.database.write() as session:
        family = make_family(session, wiring.keyring, group.chapter, 120, now=now)
        return str(raise_alarm(session, wiring.outbox, family, now=now).id)


def test_what_is_open_is_listed_masked(client: TestClient, alarm: str) -> None:
    (found,) = client.get("/api/v1/safety").json()["items"]
    assert (found["id"], found["state"], found["why"]) == (alarm, "escalated", "distress")
    assert found["alias"] == "A•••"
    assert client.get(f"/api/v1/safety/{alarm}").json() == found


def test_its_steps_say_what_was_done(client: TestClient, alarm: str) -> None:
    steps = client.get(f"/api/v1/safety/{alarm}/steps").json()["items"]
    assert [step["did"] for step in steps] == ["said_distress", "nobody"]


def test_spoken_ends_it_with_name_and_time_and_may_be_sent_twice(
    client: TestClient, alarm: str
) -> None:
    assert client.post(f"/api/v1/safety/{alarm}/take").json()["taken_by"] == "Marta"
    ended = client.post(f"/api/v1/safety/{alarm}/spoken").json()
    assert (ended["state"], ended["resolved_by"]) == ("resolved", "Marta")
    assert ended["resolved_at"] is not None
    assert client.post(f"/api/v1/safety/{alarm}/spoken").json() == ended
    assert client.get("/api/v1/safety").json()["items"] == []
    late = client.post(f"/api/v1/safety/{alarm}/take")
    assert (late.status_code, late.json()["code"]) == (409, "safety_not_open")


def test_another_chapter_finds_nothing(
    client: TestClient, other_client: TestClient, alarm: str
) -> None:
    assert other_client.get("/api/v1/safety").json()["items"] == []
    for address in (f"/api/v1/safety/{alarm}", f"/api/v1/safety/{alarm}/steps"):
        assert other_client.get(address).status_code == 404
    assert other_client.post(f"/api/v1/safety/{alarm}/spoken").status_code == 404
