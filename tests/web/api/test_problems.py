"""Whatever goes wrong is a problem document, in the caller's language, that repeats nothing."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event
from sqlmodel import Session, select

from service.accounts.tables import ApiToken, Organizer
from service.db import Database
from service.errors import Unavailable
from service.messages.catalog import Catalog
from service.web.api import blasts
from service.wiring import Wiring
from tests.web.api import bodies
from tests.web.api.bodies import one_database, problem, wrong
from tests.web.conftest import Group

UNKNOWN = "0195a0c3-1111-7000-8000-000000000001"
CLOSED = [
    ("GET", "/api/v1/chapter"),
    ("GET", "/api/v1/offices"),
    ("GET", "/api/v1/checkins"),
    ("POST", "/api/v1/checkins"),
    ("GET", f"/api/v1/checkins/{UNKNOWN}"),
    ("POST", f"/api/v1/checkins/{UNKNOWN}/approve"),
    ("POST", f"/api/v1/checkins/{UNKNOWN}/cancel"),
    ("POST", f"/api/v1/checkins/{UNKNOWN}/outcome"),
    ("POST", f"/api/v1/checkins/{UNKNOWN}/relay"),
    ("GET", f"/api/v1/checkins/{UNKNOWN}/rsvps"),
    ("GET", "/api/v1/rallies"),
    ("POST", "/api/v1/rallies"),
    ("GET", f"/api/v1/rallies/{UNKNOWN}"),
    ("PUT", f"/api/v1/rallies/{UNKNOWN}"),
    ("POST", f"/api/v1/rallies/{UNKNOWN}/announce"),
    ("POST", f"/api/v1/rallies/{UNKNOWN}/more"),
    ("POST", f"/api/v1/rallies/{UNKNOWN}/open"),
    ("POST", f"/api/v1/rallies/{UNKNOWN}/join"),
    ("GET", "/api/v1/rallies/opened"),
    ("POST", f"/api/v1/rallies/{UNKNOWN}/cancel"),
    ("POST", f"/api/v1/rallies/{UNKNOWN}/move"),
    ("POST", f"/api/v1/rallies/{UNKNOWN}/all-clear"),
    ("POST", f"/api/v1/rallies/{UNKNOWN}/close"),
    ("GET", f"/api/v1/rallies/{UNKNOWN}/rsvps"),
    ("GET", "/api/v1/actions"),
    ("POST", "/api/v1/actions"),
    ("GET", f"/api/v1/actions/{UNKNOWN}"),
    ("PUT", f"/api/v1/actions/{UNKNOWN}"),
    ("POST", f"/api/v1/actions/{UNKNOWN}/announce"),
    ("POST", f"/api/v1/actions/{UNKNOWN}/close"),
    ("GET", "/api/v1/blasts"),
    ("GET", f"/api/v1/blasts/{UNKNOWN}"),
    ("POST", f"/api/v1/blasts/{UNKNOWN}/pause"),
    ("POST", f"/api/v1/blasts/{UNKNOWN}/resume"),
    ("POST", f"/api/v1/blasts/{UNKNOWN}/stop"),
    ("GET", "/api/v1/volunteers"),
    ("POST", "/api/v1/volunteers"),
    ("GET", f"/api/v1/volunteers/{UNKNOWN}"),
    ("PATCH", f"/api/v1/volunteers/{UNKNOWN}"),
    ("POST", f"/api/v1/volunteers/{UNKNOWN}/reveal"),
    ("GET", "/api/v1/families"),
    ("POST", "/api/v1/families"),
    ("GET", f"/api/v1/families/{UNKNOWN}"),
    ("POST", f"/api/v1/families/{UNKNOWN}/reveal"),
    ("GET", "/api/v1/safety"),
    ("GET", f"/api/v1/safety/{UNKNOWN}"),
    ("GET", f"/api/v1/safety/{UNKNOWN}/steps"),
    ("POST", f"/api/v1/safety/{UNKNOWN}/spoken"),
    ("POST", f"/api/v1/safety/{UNKNOWN}/take"),
    ("GET", "/api/v1/threads"),
    ("GET", f"/api/v1/threads/{UNKNOWN}"),
    ("POST", f"/api/v1/threads/{UNKNOWN}/assign"),
    ("POST", f"/api/v1/threads/{UNKNOWN}/done"),
    ("POST", f"/api/v1/threads/{UNKNOWN}/reopen"),
    ("POST", f"/api/v1/threads/{UNKNOWN}/answer"),
    ("POST", f"/api/v1/threads/{UNKNOWN}/reveal"),
    ("POST", f"/api/v1/texts/{UNKNOWN}/correct"),
]
ROUTE_BODIES: dict[str, dict[str, Any]] = {
    "approve": {"agreed_to_texts": True},
    "reveal": {"fields": ["phone"], "reason": "calling back"},
    "assign": {},
    "move": {
        "starts_at": "2026-03-07T17:00:00Z",
        "ends_at": "2026-03-07T19:00:00Z",
        "place": "Here",
    },
    "close": {},
    "outcome": {"outcome": "came_home"},
    "relay": {"is_on": False},
    "answer": {"id": UNKNOWN, "text": "We call you."},
    "correct": {"meant": "yes"},
}


@one_database
def test_every_closed_route_is_in_this_list(client: TestClient) -> None:
    described = client.get("/api/v1/openapi.json").json()["paths"]
    routes = {
        (verb.upper(), path)
        for path, item in described.items()
        for verb in item
        if not path.startswith("/api/v1/problems/")
    }
    assert routes == {(verb, re.sub(UNKNOWN, _parameter(path), path)) for verb, path in CLOSED}


def _parameter(path: str) -> str:
    name = {"rallies": "rally", "families": "family"}.get(path.split("/")[3])
    return "{" + (name or path.split("/")[3].rstrip("s")) + "_id}"


def test_nothing_opens_without_a_good_token(app: FastAPI, stranger: TestClient) -> None:
    for verb, path in CLOSED:
        for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic YTpi"}):
            answer = stranger.request(verb, path, headers=headers)
            code = "unknown_token" if "nonsense" in str(headers) else "no_token"
            assert problem(answer, 401)["code"] == code
            assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("ended", ["token", "organizer"])
def test_a_token_that_was_taken_back_opens_nothing(
    client: TestClient, wiring: Wiring, group: Group, ended: str
) -> None:
    assert client.get("/api/v1/chapter").status_code == 200
    with wiring.database.write() as session:
        if ended == "token":
            token = session.exec(select(ApiToken)).one()
            token.revoked_at = wiring.clock.now()
        else:
            session.get_one(Organizer, group.organizer.id).is_active = False
    assert problem(client.get("/api/v1/chapter"), 401)["code"] == "unknown_token"


def test_what_is_another_chapters_is_not_there(
    client: TestClient, other_client: TestClient, wiring: Wiring, group: Group
) -> None:
    made = {
        "checkins": client.post("/api/v1/checkins", json=bodies.checkin(group)).json()["id"],
        "rallies": client.post("/api/v1/rallies", json=bodies.rally()).json()["id"],
        "actions": client.post("/api/v1/actions", json=bodies.action()).json()["id"],
        "volunteers": client.post("/api/v1/volunteers", json=bodies.volunteer()).json()["id"],
        "families": client.post("/api/v1/families", json=bodies.family()).json()["id"],
    }
    announced = client.post(f"/api/v1/rallies/{made['rallies']}/announce")
    made["blasts"] = announced.json()["id"]
    text = bodies.texted(wiring, "my cousin was taken, what do I do")
    made["threads"] = client.get("/api/v1/threads").json()["items"][0]["id"]
    made["safety"] = client.get("/api/v1/safety").json()["items"][0]["id"]
    for name, id_ in made.items():
        assert client.get(f"/api/v1/{name}/{id_}").status_code == 200
        assert other_client.get(f"/api/v1/{name}").json() == {"items": [], "next": None}
    made["texts"] = text
    for verb, path in CLOSED:
        if UNKNOWN not in path:
            continue
        name, last = path.split("/")[3], path.split("/")[-1]
        changed = bodies.action() if name == "actions" else bodies.rally()
        body = ROUTE_BODIES.get(last, {"PUT": changed, "PATCH": {"vetting": 1}}.get(verb))
        theirs = other_client.request(verb, path.replace(UNKNOWN, made[name]), json=body)
        nobodys = other_client.request(verb, path, json=body)
        assert problem(theirs, 404) == problem(nobodys, 404)


def test_what_is_no_id_is_not_found(client: TestClient) -> None:
    assert problem(client.get("/api/v1/checkins/123"), 404)["code"] == "not_found"
    assert problem(client.get("/api/v1/nowhere"), 404)["code"] == "not_found"
    assert problem(client.get("/api/"), 404)["code"] == "not_found"


@one_database
def test_a_wrong_method_names_the_right_ones(client: TestClient) -> None:
    answer = client.delete("/api/v1/chapter")
    assert problem(answer, 405)["code"] == "wrong_method"
    assert "GET" in answer.headers["allow"]


@one_database
@pytest.mark.parametrize(
    ("content", "media_type", "status", "code"),
    [
        (b'{"phone": "413-555-0142",', "application/json", 400, "bad_json"),
        (b"\xff\xfe", "application/json", 400, "bad_json"),
        (b"[" * 100_000, "application/json", 400, "bad_json"),
        (b"phone=4135550142", "application/x-www-form-urlencoded", 415, "not_json"),
        (b'{"phone": "413-555-0142"}', "", 415, "not_json"),
        (b"[]", "application/json", 422, "not_an_object"),
        (b'"413-555-0142"', "application/json", 422, "not_an_object"),
        (b"null", "application/json", 422, "not_an_object"),
        (b"", "application/json", 422, "missing"),
        (b'{"alias": "\\ud800"}', "application/json", 422, "check_fields"),
        (b'{"alias": NaN, "phone": 1e999}', "application/json", 422, "check_fields"),
    ],
    ids=repr,
)
def test_a_body_that_cannot_be_read_is_a_problem(
    client: TestClient, content: bytes, media_type: str, status: int, code: str
) -> None:
    headers = {"Content-Type": media_type} if media_type else {}
    answer = client.post("/api/v1/checkins", content=content, headers=headers)
    assert problem(answer, status)["code"] == code
    assert "0142" not in answer.text


@one_database
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("limit=0", {"limit": "too_small"}),
        ("limit=201", {"limit": "too_big"}),
        ("limit=many", {"limit": "not_a_number"}),
        ("after=first", {"after": "bad_id"}),
        ("state=lost", {"state.0": "not_in_list"}),
        ("page=2", {"page": "unknown_field"}),
        ("limit=0&after=x", {"limit": "too_small", "after": "bad_id"}),
    ],
)
def test_a_query_says_what_is_wrong(
    client: TestClient, query: str, expected: dict[str, str]
) -> None:
    assert wrong(client.get(f"/api/v1/checkins?{query}")) == expected


@one_database
def test_nothing_that_was_sent_comes_back(client: TestClient, group: Group) -> None:
    secret = "+14135550199"
    for field in ("phone", "alias", "language", "office_id", "starts_at", "people", "note"):
        body = bodies.checkin(group, **{field: [secret], "phone_" + secret: secret, secret: 1})
        answer = client.post("/api/v1/checkins", json=body)
        assert problem(answer, 422)
        assert "0199" not in answer.text


@one_database
def test_problems_speak_the_organizers_language(
    other_client: TestClient, stranger: TestClient, catalog: Catalog
) -> None:
    answer = other_client.post("/api/v1/families", json=bodies.family(phone="12"))
    assert answer.headers["content-language"] == "es"
    told = problem(answer, 422)
    assert told["detail"] == told["errors"][0]["detail"] == catalog.error("bad_phone", "es")
    spanish = stranger.get("/api/v1/chapter", headers={"Accept-Language": "es-MX,es;q=0.9"})
    assert problem(spanish, 401)["detail"] == catalog.error("no_token", "es")


def test_a_database_that_is_away_is_a_503(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise Unavailable("the database does not answer")

    monkeypatch.setattr(Database, "read", lambda _: away())
    assert problem(client.get("/api/v1/chapter"), 503)["code"] == "unavailable"


def test_a_commit_that_fails_is_a_503_and_not_a_success(client: TestClient) -> None:
    made = client.post("/api/v1/volunteers", json=bodies.volunteer(vetting=1)).json()
    address = f"/api/v1/volunteers/{made['id']}"

    def fail(_session: Session) -> None:
        raise Unavailable("the database does not answer")

    event.listen(Session, "before_commit", fail)
    try:
        answer = client.patch(address, json={"vetting": 3})
    finally:
        event.remove(Session, "before_commit", fail)
    assert problem(answer, 503)["code"] == "unavailable"
    assert client.get(address).json() == made


def test_our_own_mistake_is_a_500_that_tells_nothing(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("phone +14135550199")

    monkeypatch.setattr(blasts, "list_blasts", break_down)
    answer = client.get("/api/v1/blasts")
    assert problem(answer, 500)["code"] == "unexpected"
    assert "0199" not in answer.text


@one_database
def test_every_problem_explains_itself(stranger: TestClient, catalog: Catalog) -> None:
    for code in catalog.errors:
        told = stranger.get(f"/api/v1/problems/{code}").json()
        assert told == {"code": code, "says": dict(catalog.errors[code])}
    assert problem(stranger.get("/api/v1/problems/none"), 404)["code"] == "not_found"


def test_an_id_that_was_never_given_is_not_found(client: TestClient) -> None:
    assert problem(client.get(f"/api/v1/families/{uuid4()}"), 404)["errors"] == []
