"""Phones: their threads, and what they text in."""

from __future__ import annotations

from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from tests.sandbox.driver import (
    ACCOUNT,
    ALMA,
    BETO,
    CARMEN,
    OURS,
    OURS_TOO,
    SERVICE,
    TOKEN,
    Sandbox,
    Webhooks,
)


def test_phones_are_registered_one_or_many(sandbox: Sandbox) -> None:
    assert sandbox.post("/phones", {"number": ALMA, "name": "Alma", "language": "es"}).json() == {
        "registered": 1
    }
    others = [{"number": BETO, "name": "Beto"}, {"number": CARMEN, "name": "Carmen"}]
    assert sandbox.post("/phones", others).json() == {"registered": 2}
    assert [phone["name"] for phone in sandbox.get("/phones")["phones"]] == [
        "Alma",
        "Beto",
        "Carmen",
    ]
    assert sandbox.get(f"/phones/{ALMA}") == {
        "number": ALMA,
        "name": "Alma",
        "language": "es",
        "is_registered": True,
        "is_opted_out": False,
        "unread": 0,
        "texts": 0,
        "thread": [],
    }


@pytest.mark.parametrize(
    "body",
    [
        {"number": "555", "name": "Alma"},
        {"number": ALMA, "name": ""},
        {"number": ALMA, "name": "Alma", "language": "Spanish"},
        {"number": ALMA, "name": "Alma", "colour": "blue"},
        [],
        "Alma",
    ],
    ids=str,
)
def test_an_unclear_phone_is_refused(sandbox: Sandbox, body: Any) -> None:
    expected = 201 if body == [] else 422
    assert sandbox.post("/phones", body).status_code == expected
    assert sandbox.get("/phones")["phones"] == []


def test_a_phone_that_nobody_registered_appears(sandbox: Sandbox) -> None:
    assert sandbox.http.get(f"/_sandbox/phones/{ALMA}").status_code == 404
    sandbox.create()
    (phone,) = sandbox.get("/phones")["phones"]
    assert (phone["number"], phone["name"], phone["is_registered"]) == (ALMA, "Phone 0101", False)


def test_a_text_arrives_and_is_unread(sandbox: Sandbox) -> None:
    sandbox.create(body="¿Puede acompañar? Aquí está la cita.")
    assert sandbox.get(f"/phones/{ALMA}")["unread"] == 0
    sandbox.run_out()
    phone = sandbox.get(f"/phones/{ALMA}")
    assert phone["unread"] == 1
    (text,) = phone["thread"]
    assert (text["by"], text["status"], text["segments"]) == ("network", "delivered", 1)
    sandbox.text(ALMA, "S")
    assert sandbox.get(f"/phones/{ALMA}")["unread"] == 0


def test_a_phone_texts_in(sandbox: Sandbox, webhooks: Webhooks) -> None:
    said = sandbox.text(ALMA, "Sí, voy & llevo a 2 + café")
    assert (said["webhook"], said["to"]) == (200, OURS)
    (post,) = webhooks.of(said["sid"])
    assert post.path == "/inbound"
    assert post.form == {
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
        "Body": "Sí, voy & llevo a 2 + café",
        "From": ALMA,
        "MessageSid": said["sid"],
        "MessagingServiceSid": SERVICE,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsMessageSid": said["sid"],
        "SmsSid": said["sid"],
        "SmsStatus": "received",
        "To": OURS,
    }
    url = webhooks.url + post.path
    assert RequestValidator(TOKEN).validate(url, post.form, post.signature)


def test_an_answer_goes_to_whichever_number_wrote_last(sandbox: Sandbox) -> None:
    sandbox.create(From=OURS_TOO)
    assert sandbox.text(ALMA, "Y")["to"] == OURS_TOO
    answer = sandbox.post(f"/phones/{ALMA}/texts", {"body": "N", "to": OURS}).json()
    assert answer["to"] == OURS


def test_says_what_the_webhook_answered(sandbox: Sandbox, webhooks: Webhooks) -> None:
    webhooks.status = 503
    assert sandbox.text(ALMA, "Y")["webhook"] == 503
    assert sandbox.thread(ALMA)[0]["answer"] == 503
    assert [entry["http_status"] for entry in sandbox.ledger("inbound-posted")] == [503]


@pytest.mark.parametrize("body", [{"body": ""}, {"body": "x" * 1601}, {}, {"text": "Y"}], ids=str)
def test_an_unclear_text_is_refused(sandbox: Sandbox, body: dict[str, str]) -> None:
    answer = sandbox.post(f"/phones/{ALMA}/texts", body)
    assert answer.status_code == 422
    assert sandbox.post("/phones/Alma/texts", {"body": "Y"}).status_code == 422
    assert sandbox.ledger("inbound") == []
