"""Status callbacks: signed, in order, at the sandbox's time."""

from __future__ import annotations

from pathlib import Path

import pytest
from twilio.request_validator import RequestValidator

from tests.sandbox.driver import (
    ACCOUNT,
    ALMA,
    OURS,
    SERVICE,
    TOKEN,
    Sandbox,
    Webhooks,
    running_sandbox,
)


def send(sandbox: Sandbox, webhooks: Webhooks, **fields: str) -> str:
    """Create a message with a callback address, let time run out and return its SID."""
    callback = f"{webhooks.url}/status?attempt=a1&mac=x%2By"
    answer = sandbox.create(StatusCallback=callback, **fields)
    assert answer.status_code == 201, answer.text
    sandbox.run_out()
    return str(answer.json()["sid"])


def test_reports_sent_and_delivered(sandbox: Sandbox, webhooks: Webhooks) -> None:
    sid = send(sandbox, webhooks)
    assert webhooks.statuses(sid) == ["sent", "delivered"]
    last = webhooks.of(sid)[-1]
    assert last.path == "/status?attempt=a1&mac=x%2By"
    assert last.form == {
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
        "From": OURS,
        "MessageSid": sid,
        "MessageStatus": "delivered",
        "SmsSid": sid,
        "SmsStatus": "delivered",
        "To": ALMA,
    }
    assert sandbox.fetch(sid)["status"] == "delivered"


def test_signs_the_exact_address_and_the_form(sandbox: Sandbox, webhooks: Webhooks) -> None:
    (post, _) = webhooks.of(send(sandbox, webhooks))
    check = RequestValidator(TOKEN).validate
    url = webhooks.url + post.path
    assert check(url, post.form, post.signature)
    assert not check(url.replace("a1", "a2"), post.form, post.signature)
    assert not check(url, {**post.form, "MessageStatus": "failed"}, post.signature)
    assert not RequestValidator("another").validate(url, post.form, post.signature)


def test_a_service_also_reports_queued(sandbox: Sandbox, webhooks: Webhooks) -> None:
    sid = send(sandbox, webhooks, MessagingServiceSid=SERVICE)
    assert webhooks.statuses(sid) == ["queued", "sent", "delivered"]
    assert webhooks.of(sid)[0].form["MessagingServiceSid"] == SERVICE


def test_nothing_is_reported_before_its_time(sandbox: Sandbox, webhooks: Webhooks) -> None:
    callback = f"{webhooks.url}/status"
    sid = sandbox.create(StatusCallback=callback).json()["sid"]
    load = sandbox.get("/idle")
    assert (load["idle"], load["pending"]) == (False, 2)
    sandbox.advance(10)
    while not sandbox.get("/idle")["idle"]:
        pass
    assert webhooks.statuses(sid) == ["sent", "delivered"]


def test_a_message_without_callback_is_delivered_too(sandbox: Sandbox) -> None:
    sid = sandbox.create().json()["sid"]
    sandbox.run_out()
    assert sandbox.fetch(sid)["status"] == "delivered"
    assert sandbox.ledger("callback") == []


def test_a_refused_connection_is_tried_twice(sandbox: Sandbox) -> None:
    sandbox.create(StatusCallback="http://127.0.0.1:9/status")
    sandbox.run_out()
    tries = [(entry["attempts"], entry["error"]) for entry in sandbox.ledger("callback")]
    assert tries == [(2, "no connection")] * 2


@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_failing_webhook_is_not_tried_again(
    sandbox: Sandbox, webhooks: Webhooks, status: int
) -> None:
    webhooks.status = status
    sid = send(sandbox, webhooks)
    assert webhooks.statuses(sid) == ["sent", "delivered"]
    assert [entry["http_status"] for entry in sandbox.ledger("callback")] == [status] * 2


def test_many_messages_are_all_reported_in_order(sandbox: Sandbox, webhooks: Webhooks) -> None:
    callback = f"{webhooks.url}/status"
    sids = [sandbox.create(f"+1413555{n:04}", StatusCallback=callback) for n in range(100, 160)]
    sandbox.advance(60)
    sandbox.run_out()
    for answer in sids:
        assert webhooks.statuses(answer.json()["sid"]) == ["sent", "delivered"]


def test_a_limited_sender_lets_what_waits_too_long_expire(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, "--throughput", "0.1", "--number", OURS) as slow:
        sids = [slow.create(body=f"{n}", ValidityPeriod="15").json()["sid"] for n in range(3)]
        slow.run_out()
        ends = [(slow.fetch(sid)["status"], slow.fetch(sid)["error_code"]) for sid in sids]
    assert ends == [("delivered", None), ("delivered", None), ("failed", 30036)]
