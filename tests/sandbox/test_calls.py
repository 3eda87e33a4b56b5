"""Calls: taken on as Twilio does, ringing on a phone, answered, a key pressed, reported."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from tests.sandbox.driver import ACCOUNT, ALMA, OURS, TOKEN, Sandbox, Webhooks

CALLS = f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
ASKS = (
    '<Response><Gather numDigits="1" timeout="6" action="/key"><Say>Press 1.</Say></Gather>'
    '<Gather numDigits="1" timeout="6" action="/key"><Say>Press 1.</Say></Gather><Hangup/></Response>'
)
THANKS = "<Response><Say>Thank you.</Say><Hangup/></Response>"


@pytest.fixture
def phone(sandbox: Sandbox, webhooks: Webhooks) -> Phone:
    webhooks.twiml |= {"/say": ASKS, "/key": THANKS}
    return Phone(sandbox, webhooks)


class Phone:
    """Alma's phone, and whoever rings it."""

    def __init__(self, sandbox: Sandbox, webhooks: Webhooks) -> None:
        self.sandbox, self.webhooks = sandbox, webhooks

    def place(self, fault: str | None = None, **fields: Any) -> httpx.Response:
        given = {
            "To": ALMA, "From": OURS, "Url": f"{self.webhooks.url}/say?call=1", "Timeout": "25",
            "StatusCallback": f"{self.webhooks.url}/status?call=1",
            "StatusCallbackEvent": ["ringing", "answered", "completed"],
        }  # fmt: skip
        return self.sandbox.http.post(
            CALLS, data=given | fields, auth=(ACCOUNT, TOKEN),
            headers={"X-Sandbox-Fault": fault} if fault else {},
        )  # fmt: skip

    def ring(self, **more: Any) -> str:
        answer = self.place(**more)
        assert answer.status_code == 201, answer.text
        self.sandbox.advance(1)
        self.settle()
        return str(answer.json()["sid"])

    def settle(self) -> None:
        """Wait until nothing runs or is due now; the clock stays."""
        import time

        deadline = time.monotonic() + 20
        while not self.sandbox.get("/idle")["settled"]:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def do(self, sid: str, do: str, **more: str) -> httpx.Response:
        return self.sandbox.post(f"/phones/{ALMA}/calls/{sid}", {"do": do, **more})

    def calls(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.sandbox.get(f"/phones/{ALMA}/calls")["calls"]
        return found

    def reported(self) -> list[str]:
        self.settle()
        return [p.form["CallStatus"] for p in self.webhooks.posts if p.path.startswith("/status")]


def test_a_call_has_the_shape_of_twilios(phone: Phone) -> None:
    call = phone.place().json()
    assert re.fullmatch(r"CA[0-9a-f]{32}", call["sid"])
    assert (call["status"], call["direction"], call["to"], call["from"]) == (
        "queued", "outbound-api", ALMA, OURS,
    )  # fmt: skip
    assert call["uri"].endswith(f"/Calls/{call['sid']}.json")


def test_it_rings_is_answered_heard_and_a_key_is_pressed(phone: Phone) -> None:
    sid = phone.ring()
    assert phone.calls()[0]["status"] == "ringing"
    assert phone.do(sid, "press").status_code == 409
    assert phone.do(sid, "answer").status_code == 200
    assert phone.calls()[0]["said"] == ["Press 1."]
    assert phone.do(sid, "press", digit="1").json()["status"] == "completed"
    assert phone.calls()[0]["said"] == ["Press 1.", "Thank you."]
    assert sorted(phone.reported()) == ["completed", "in-progress", "ringing"]
    key = next(post for post in phone.webhooks.posts if post.path == "/key")
    assert key.form["Digits"] == "1"
    kinds = [entry["kind"] for entry in phone.sandbox.get("/ledger")["entries"]]
    assert kinds.index("call-created") < kinds.index("call-said") < kinds.index("call-key")


def test_what_it_posts_is_signed(phone: Phone) -> None:
    sid = phone.ring()
    phone.do(sid, "answer")
    post = next(post for post in phone.webhooks.posts if post.path.startswith("/say"))
    validator = RequestValidator(TOKEN)
    assert validator.validate(phone.webhooks.url + post.path, post.form, post.signature)


def test_silence_hears_it_again_and_then_hangs_up(phone: Phone) -> None:
    sid = phone.ring()
    phone.do(sid, "answer")
    phone.sandbox.advance(7)
    phone.settle()
    assert len(phone.calls()[0]["said"]) == 2
    phone.sandbox.advance(7)
    phone.settle()
    assert (phone.calls()[0]["status"], phone.calls()[0]["pressed"]) == ("completed", [])


@pytest.mark.parametrize(
    ("outcome", "ends"), [("busy", "busy"), ("failed", "failed"), ("no-answer", "no-answer")]
)
def test_outcomes_on_request(phone: Phone, outcome: str, ends: str) -> None:
    phone.ring(fault=f"call-outcome; status={outcome}")
    phone.sandbox.advance(30)
    assert phone.reported()[-1] == ends
    assert phone.calls()[0]["status"] == ends


def test_a_machine_answers_and_presses_nothing(phone: Phone) -> None:
    phone.ring(fault="call-outcome; status=machine")
    for _ in range(4):
        phone.sandbox.advance(7)
        phone.settle()
    assert (phone.calls()[0]["status"], phone.calls()[0]["pressed"]) == ("completed", [])


def test_the_phones_page_rings_and_takes_a_key(phone: Phone) -> None:
    sid = phone.ring()
    page = phone.sandbox.http.get(f"/phones/{ALMA}").text
    assert "Incoming call" in page
    path = f"/phones/{ALMA}/calls/{sid}"
    phone.sandbox.http.post(path, data={"do": "answer"})
    assert "Press 1." in phone.sandbox.http.get(f"/phones/{ALMA}").text
    phone.sandbox.http.post(path, data={"do": "press:1"})
    assert phone.calls()[0]["pressed"] == ["1"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"To": ""}, 21201), ({"To": "12"}, 21211), ({"From": ""}, 21213),
     ({"From": "+14135550999"}, 21210), ({"Url": "nowhere"}, 21205)],
)  # fmt: skip
def test_refusals(phone: Phone, fields: dict[str, str], code: int) -> None:
    answer = phone.place(**fields)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_webhook_that_fails_ends_the_call(phone: Phone) -> None:
    sid = phone.ring()
    phone.webhooks.status = 503
    phone.do(sid, "answer")
    assert phone.calls()[0]["status"] == "completed"


def test_twilios_own_client_places_lists_and_ends_calls(twilio: Client, phone: Phone) -> None:
    call = twilio.calls.create(to=ALMA, from_=OURS, url=f"{phone.webhooks.url}/say")
    phone.sandbox.advance(1)
    phone.settle()
    assert [each.sid for each in twilio.calls.list(to=ALMA, limit=5)] == [call.sid]
    assert twilio.calls(call.sid).fetch().status == "ringing"
    assert twilio.calls(call.sid).update(status="completed").status == "completed"
