"""The inbox over the API: threads listed, taken, answered, done; misreadings put right."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from service.outbox.tables import Delivery
from service.privacy.audit import AuditLine
from service.rsvps.ask import open_asks
from service.rsvps.seats import make_seats
from service.rsvps.tables import SeatRole
from service.wiring import Wiring
from tests.factories import make_volunteer
from tests.web.api import bodies
from tests.web.api.bodies import PHONE, one_database, problem, texted, wrong
from tests.web.conftest import Group


@pytest.fixture
def rally(client: TestClient, wiring: Wiring, group: Group) -> dict[str, Any]:
    """A rally that Alma, on 103, was asked about."""
    made: dict[str, Any] = client.post("/api/v1/rallies", json=bodies.rally()).json()
    subject, now = f"rally:{UUID(made['id']).hex}", wiring.clock.now()
    with wiring.database.write() as session:
        alma = make_volunteer(session, wiring.keyring, group.chapter, 103, now=now)
        starts_at = now.replace(day=20)
        make_seats(session, subject, {SeatRole.CROWD: None}, starts_at=starts_at, ends_at=starts_at)
        open_asks(session, [alma.id], subject, now=now, expires_at=starts_at)
    return {"kind": "rally", "id": made["id"]}


def threads(client: TestClient, **filters: str) -> list[dict[str, Any]]:
    answer = client.get("/api/v1/threads", params=filters)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_a_thread_is_listed_masked_and_shows_what_was_understood(
    client: TestClient, wiring: Wiring, rally: dict[str, Any]
) -> None:
    texted(wiring, "yes 2, but where do we park?")
    (thread,) = threads(client)
    assert (thread["state"], thread["phone"], thread["alias"]) == ("open", "+1•••0103", "A•••")
    whole = client.get(f"/api/v1/threads/{thread['id']}").json()
    came, *answers = whole["texts"]
    assert came["direction"] == "in"
    assert (came["understood_as"], came["read_as"]) == ("yes", "yes")
    assert came["why"]
    assert came["certainty"] == "sure"
    assert came["needs_person"]
    assert came["did"] == [{"about": rally, "answer": "yes", "before": None}]
    assert {one["direction"] for one in answers} == {"out"}


def test_a_thread_is_taken_answered_and_done(
    client: TestClient, wiring: Wiring, group: Group
) -> None:
    texted(wiring, "my cousin was taken, what do I do")
    (thread,) = threads(client, state="open")
    path = f"/api/v1/threads/{thread['id']}"
    assert client.post(f"{path}/assign", json={}).json()["assigned_to"] == str(group.organizer.id)
    assert threads(client, state="open") == []
    words = {"id": str(uuid4()), "text": "I call you in 5 minutes."}
    for _ in range(2):
        said = client.post(f"{path}/answer", json=words).json()["texts"]
        assert [one["text"] for one in said if "5 minutes" in one["text"]] == [
            "Acompaña: I call you in 5 minutes."
        ]
    done = client.post(f"{path}/done").json()
    assert (done["state"], done["done_by"]) == ("done", "Marta")
    assert not any(one["needs_person"] for one in done["texts"])
    assert client.post(f"{path}/done").status_code == 200
    assert problem(client.post(f"{path}/assign", json={}), 409)["code"] == "thread_done"
    assert client.post(f"{path}/reopen").json()["state"] == "open"
    with wiring.database.read() as session:
        audited = session.exec(select(AuditLine.action).order_by(col(AuditLine.number))).all()
    assert [line for line in audited if line.startswith("thread.")] == [
        "thread.assign", "thread.answer", "thread.done", "thread.reopen",
    ]  # fmt: skip


def test_a_misreading_is_put_right_in_one_touch(
    client: TestClient, wiring: Wiring, rally: dict[str, Any]
) -> None:
    text_id = texted(wiring, "asdf qwerty")
    path = f"/api/v1/texts/{text_id}/correct"
    told = client.post(path, json={"meant": "yes", "party": 3}).json()
    assert (told["understood_as"], told["read_as"]) == ("yes", "unknown")
    assert told["corrected_by"] == "Marta"
    assert told["did"] == [{"about": rally, "answer": "yes", "before": None}]
    assert threads(client, state="open") == []
    with wiring.database.read() as session:
        templates = session.exec(select(Delivery.template).order_by(col(Delivery.id))).all()
    assert templates[-1] == "party_confirmed"
    counted = client.get(f"/api/v1/rallies/{rally['id']}").json()["answers"]
    assert (counted["yes"], counted["coming_people"]) == (1, 3)
    assert (
        client.post(path, json={"meant": "no", "about": rally}).json()["did"][0]["answer"] == "no"
    )


@one_database
def test_what_can_not_be_is_told(client: TestClient, wiring: Wiring, group: Group) -> None:
    text_id = texted(wiring, "asdf qwerty")
    path = f"/api/v1/texts/{text_id}/correct"
    assert wrong(client.post(path, json={"meant": "yes"})) == {"about": "not_asked"}
    assert wrong(client.post(path, json={"meant": "perhaps"})) == {"meant": "not_in_list"}
    (thread,) = threads(client)
    threaded = f"/api/v1/threads/{thread['id']}"
    body = {"organizer_id": str(uuid4())}
    assert wrong(client.post(f"{threaded}/assign", json=body)) == {
        "organizer_id": "unknown_organizer"
    }
    never = {"id": str(uuid4()), "text": "Your number is A123456789"}
    assert wrong(client.post(f"{threaded}/answer", json=never)) == {"text": "never_kept"}
    assert wrong(client.get("/api/v1/threads", params={"state": "lost"})) == {
        "state": "not_in_list"
    }


def test_a_number_is_revealed_on_the_record(
    client: TestClient, wiring: Wiring, group: Group
) -> None:
    texted(wiring, "my cousin was taken, what do I do")
    (thread,) = threads(client)
    asked = {"fields": ["phone"], "reason": "calling back"}
    shown = client.post(f"/api/v1/threads/{thread['id']}/reveal", json=asked).json()
    assert shown["phone"] == PHONE
    with wiring.database.read() as session:
        assert "reveal.phone" in session.exec(select(AuditLine.action)).all()


def test_threads_come_a_page_at_a_time(client: TestClient, wiring: Wiring, group: Group) -> None:
    for number in range(3):
        texted(wiring, "my cousin was taken, what do I do", f"+1413555011{number}")
    first = client.get("/api/v1/threads", params={"limit": 2}).json()
    rest = client.get("/api/v1/threads", params={"limit": 2, "after": first["next"]}).json()
    ids = [one["id"] for page in (first, rest) for one in page["items"]]
    assert len(set(ids)) == len(ids) == 3
    assert rest["next"] is None


def test_another_chapter_sees_none_of_it(
    client: TestClient, other_client: TestClient, wiring: Wiring, group: Group
) -> None:
    text_id = texted(wiring, "my cousin was taken, what do I do")
    (thread,) = threads(client)
    assert threads(other_client) == []
    path = f"/api/v1/threads/{thread['id']}"
    problem(other_client.get(path), 404)
    for verb in ("assign", "done", "reopen", "answer", "reveal"):
        body = {
            "assign": {}, "answer": {"id": str(uuid4()), "text": "hi"},
            "reveal": {"fields": ["phone"], "reason": "x"},
        }.get(verb)  # fmt: skip
        problem(other_client.post(f"{path}/{verb}", json=body), 404)
    problem(other_client.post(f"/api/v1/texts/{text_id}/correct", json={"meant": "no"}), 404)
