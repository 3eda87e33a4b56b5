"""The clock that everybody follows, and the book that nobody rewrites."""

from __future__ import annotations

import json
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.clock import FollowedClock
from tests.sandbox.driver import ALMA, BETO, Sandbox, moment


def test_the_file_holds_the_offset_in_place(sandbox: Sandbox) -> None:
    inode = sandbox.clock_file.stat().st_ino
    assert sandbox.clock_file.read_bytes() == bytes(8)
    sandbox.advance(-90)
    assert struct.unpack("<q", sandbox.clock_file.read_bytes()) == (-90_000_000,)
    assert sandbox.clock_file.stat().st_ino == inode


def test_another_process_follows(sandbox: Sandbox) -> None:
    followed = FollowedClock(sandbox.clock_file)
    wanted = datetime(2026, 3, 8, 6, 59, tzinfo=UTC)
    answer = sandbox.post("/clock", {"at": wanted.isoformat()}).json()
    assert moment(answer["now"]) >= wanted
    assert wanted <= followed.now() < wanted + timedelta(minutes=5)


@pytest.mark.parametrize(
    "body",
    [
        {"at": "2026-03-08T06:59:00"},
        {"at": "soon"},
        {},
        {"at": "2026-03-08T06:59:00Z", "advance_seconds": 1},
        {"advance_seconds": "long"},
        {"seconds": 5},
        {"advance_seconds": 1e11},
        {"advance_seconds": "nan"},
        {"at": "2900-01-01T00:00:00Z"},
    ],
    ids=str,
)
def test_an_unclear_time_is_refused(sandbox: Sandbox, body: dict[str, Any]) -> None:
    before = sandbox.get("/clock")["offset_microseconds"]
    assert sandbox.post("/clock", body).status_code == 422
    assert sandbox.get("/clock")["offset_microseconds"] == before


def test_messages_carry_the_sandbox_s_time(sandbox: Sandbox) -> None:
    sandbox.post("/clock", {"at": "2026-12-24T12:00:00-05:00"})
    assert sandbox.create().json()["date_created"].startswith("Thu, 24 Dec 2026 17:0")


def test_going_back_in_time_delays_what_was_due(sandbox: Sandbox) -> None:
    sid = sandbox.create().json()["sid"]
    sandbox.advance(-3600)
    assert sandbox.fetch(sid)["status"] == "queued"
    assert sandbox.get("/idle")["settled"] is True
    sandbox.advance(3610)
    sandbox.run_out()
    assert sandbox.fetch(sid)["status"] == "delivered"


def test_what_was_accepted_is_on_disk_before_the_answer(sandbox: Sandbox) -> None:
    sid = sandbox.create(BETO, "¿Viene?").json()["sid"]
    lines = [json.loads(line) for line in sandbox.ledger_file.read_text("utf-8").splitlines()]
    (entry,) = [line for line in lines if line["kind"] == "created" and line["sid"] == sid]
    assert (entry["to"], entry["body"]) == (BETO, "¿Viene?")


def test_the_ledger_can_be_asked(sandbox: Sandbox) -> None:
    sandbox.create()
    sandbox.create(BETO)
    sandbox.create(BETO, "")
    assert [entry["kind"] for entry in sandbox.ledger("created,refused", to=BETO)] == [
        "created",
        "refused",
    ]
    last = sandbox.ledger("created")[-1]["seq"]
    assert sandbox.ledger("created", since=str(last)) == []
    found = sandbox.http.get(f"/_sandbox/ledger?kind=created&to={ALMA}").json()["entries"]
    assert len(found) == 1


def test_the_summary_finds_what_came_twice(sandbox: Sandbox) -> None:
    twice = [sandbox.create(body="see you at 8").json()["sid"] for _ in range(2)]
    sandbox.create(BETO, "see you at 8")
    sandbox.text(BETO, "HELP")
    sandbox.run_out()
    summary = sandbox.get("/summary")
    assert summary["repeated"] == [{"to": ALMA, "body": "see you at 8", "sids": twice}]
    assert summary["by_status"] == {"delivered": 3}
    assert summary["by_to"][BETO] == {"created": 1, "carrier-reply": 1, "inbound": 1}
    assert summary["total"] == {"created": 3, "carrier-reply": 1, "inbound": 1}


def test_a_reset_forgets_all_but_the_clock(sandbox: Sandbox) -> None:
    sandbox.advance(500)
    sandbox.create()
    sandbox.text(BETO, "STOP")
    sandbox.post("/faults", [{"fault": "429"}])
    assert sandbox.post("/reset", {}).status_code == 200
    assert sandbox.listed() == []
    assert sandbox.get("/phones") == {"phones": []}
    assert sandbox.get("/faults") == {"rules": []}
    assert sandbox.get("/idle")["idle"] is True
    assert sandbox.create(BETO).status_code == 201
    assert sandbox.get("/clock")["offset_microseconds"] == 500_000_000
