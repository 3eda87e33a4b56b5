"""What goes wrong on request, goes wrong exactly as asked."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox.driver import (
    ACCOUNT,
    ALMA,
    BETO,
    MESSAGES,
    TOKEN,
    Sandbox,
    Webhooks,
)


def accepted(sandbox: Sandbox, to: str = ALMA) -> int:
    """Return how many messages to this phone the ledger knows as accepted."""
    return len(sandbox.ledger("created", to=to))


@pytest.mark.parametrize(
    ("fault", "status", "count"),
    [
        ("429", 429, 0),
        ("refuse-then-500", 500, 0),
        ("accept-then-500", 500, 1),
        ("refuse-then-slow; seconds=0", 500, 0),
        ("accept-then-slow; seconds=0", 201, 1),
        ("slow-then-accept; seconds=0", 201, 1),
    ],
)
def test_answers_as_asked(sandbox: Sandbox, fault: str, status: int, count: int) -> None:
    answer = sandbox.create(fault=fault)
    assert (answer.status_code, accepted(sandbox)) == (status, count)
    assert sandbox.create(BETO).status_code == 201


@pytest.mark.parametrize(("fault", "count"), [("accept-then-reset", 1), ("refuse-then-reset", 0)])
def test_cuts_the_connection(sandbox: Sandbox, fault: str, count: int) -> None:
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        sandbox.create(fault=fault)
    assert accepted(sandbox) == count


@pytest.mark.parametrize(("fault", "count"), [("accept-then-hang", 1), ("refuse-then-hang", 0)])
def test_never_answers(sandbox: Sandbox, fault: str, count: int) -> None:
    with httpx.Client(base_url=sandbox.url, timeout=0.5) as http, pytest.raises(httpx.ReadTimeout):
        Sandbox(sandbox.url, http, sandbox.clock_file, sandbox.ledger_file).create(fault=fault)
    assert accepted(sandbox) == count
    assert sandbox.get("/idle")["running"] == 0


def test_a_refusal_is_no_acceptance_whatever_the_fault(sandbox: Sandbox) -> None:
    assert sandbox.create(body="", fault="accept-then-500").status_code == 500
    assert accepted(sandbox) == 0


def test_a_rule_strikes_only_so_often_and_only_where_asked(sandbox: Sandbox) -> None:
    rule = {"fault": "429", "to": ALMA, "count": 2}
    assert sandbox.post("/faults", [rule]).status_code == 201
    assert sandbox.create(BETO).status_code == 201
    answers = [sandbox.create(ALMA) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 201]
    assert answers[0].json()["code"] == 20429
    assert [found["struck"] for found in sandbox.get("/faults")["rules"]] == [2]


def test_the_same_seed_strikes_the_same_requests(sandbox: Sandbox) -> None:
    def run() -> list[int]:
        rules = {"seed": 7, "rules": [{"fault": "refuse-then-500", "share": 0.4}]}
        assert sandbox.post("/faults", rules).status_code == 201
        statuses = [sandbox.create(body=f"{n}").status_code for n in range(40)]
        assert sandbox.http.delete("/_sandbox/faults").status_code == 204
        return statuses

    first = run()
    assert first == run()
    assert set(first) == {201, 500}


def test_lost_and_doubled_callbacks(sandbox: Sandbox, webhooks: Webhooks) -> None:
    callback = f"{webhooks.url}/status"
    lost = sandbox.create(StatusCallback=callback, fault="callback-lost").json()["sid"]
    doubled = sandbox.create(
        BETO, StatusCallback=callback, fault="callback-doubled; copies=3"
    ).json()["sid"]
    sandbox.run_out()
    assert webhooks.of(lost) == []
    assert [entry["status"] for entry in sandbox.ledger("callback-lost")] == ["sent", "delivered"]
    assert webhooks.statuses(doubled) == ["sent"] * 3 + ["delivered"] * 3
    assert sandbox.fetch(lost)["status"] == "delivered"


def test_reordered_callbacks(sandbox: Sandbox, webhooks: Webhooks) -> None:
    callback = f"{webhooks.url}/status"
    sid = sandbox.create(StatusCallback=callback, fault="callback-reordered").json()["sid"]
    sandbox.run_out()
    assert webhooks.statuses(sid) == ["delivered", "sent"]


def test_the_list_lags_but_fetching_does_not(sandbox: Sandbox) -> None:
    sandbox.post("/faults", [{"fault": "list-lag", "seconds": 60}])
    sid = sandbox.create().json()["sid"]
    assert sandbox.listed(To=ALMA) == []
    assert sandbox.fetch(sid)["sid"] == sid
    sandbox.advance(61)
    assert [message["sid"] for message in sandbox.listed(To=ALMA)] == [sid]


def test_the_list_is_out_of_order(sandbox: Sandbox) -> None:
    sandbox.post("/faults", [{"fault": "list-503", "count": 1}])
    answer = sandbox.http.get(MESSAGES, auth=(ACCOUNT, TOKEN))
    assert (answer.status_code, answer.json()["code"]) == (503, 20503)
    assert sandbox.listed() == []


@pytest.mark.parametrize(
    ("rule", "statuses", "error_code"),
    [
        ({"status": "undelivered", "error_code": 30005}, ["sent", "undelivered"], 30005),
        ({"status": "undelivered"}, ["sent", "undelivered"], 30005),
        ({"status": "failed", "error_code": 30007}, ["failed"], 30007),
        ({"status": "sent"}, ["sent"], None),
        ({"status": "queued"}, [], None),
    ],
    ids=str,
)
def test_a_phone_can_be_out_of_reach(
    sandbox: Sandbox,
    webhooks: Webhooks,
    rule: dict[str, Any],
    statuses: list[str],
    error_code: int | None,
) -> None:
    sandbox.post("/faults", [{"fault": "outcome", "to": ALMA, **rule}])
    sid = sandbox.create(StatusCallback=f"{webhooks.url}/status").json()["sid"]
    sandbox.run_out()
    assert webhooks.statuses(sid) == statuses
    found = sandbox.fetch(sid)
    assert (found["status"], found["error_code"]) == (rule["status"], error_code)
    assert bool(found["error_message"]) == bool(error_code)
    if error_code:
        assert webhooks.of(sid)[-1].form["ErrorCode"] == str(error_code)
    assert sandbox.get(f"/phones/{ALMA}")["unread"] == 0


def test_texts_from_phones_are_lost_or_come_many_times(
    sandbox: Sandbox, webhooks: Webhooks
) -> None:
    sandbox.post("/faults", [{"fault": "inbound-lost", "to": ALMA}])
    sandbox.post("/faults", [{"fault": "inbound-doubled", "to": BETO, "copies": 5}])
    lost, doubled = sandbox.text(ALMA, "Y"), sandbox.text(BETO, "Y")
    assert webhooks.of(lost["sid"]) == []
    assert lost["webhook"] == "lost on request"
    assert len(webhooks.of(doubled["sid"])) == 5
    assert len(sandbox.listed()) == 2


def test_several_faults_in_one_header(sandbox: Sandbox, webhooks: Webhooks) -> None:
    fault = "accept-then-500, outcome; status=failed; error_code=30006, list-lag; seconds=120"
    callback = f"{webhooks.url}/status"
    assert sandbox.create(StatusCallback=callback, fault=fault).status_code == 500
    assert sandbox.listed() == []
    sandbox.run_out()
    (entry,) = sandbox.ledger("created")
    assert webhooks.statuses(entry["sid"]) == ["failed"]


@pytest.mark.parametrize("fault", ["explode", "429; share=2", "outcome; status=fine"])
def test_an_unknown_fault_is_refused(sandbox: Sandbox, fault: str) -> None:
    assert sandbox.create(fault=fault).status_code == 422
    assert sandbox.post("/faults", [{"fault": fault}]).status_code == 422
    assert accepted(sandbox) == 0
