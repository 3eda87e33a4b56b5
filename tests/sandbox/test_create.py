"""Requests and answers as Twilio's documentation prints them."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.sandbox.driver import (
    ACCOUNT,
    ALMA,
    MESSAGES,
    OURS,
    OURS_TOO,
    SERVICE,
    TOKEN,
    Sandbox,
)

RFC_2822 = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000"
)


def test_the_created_message_has_every_field(sandbox: Sandbox) -> None:
    answer = sandbox.create(body="Hi there")
    assert answer.status_code == 201
    message = answer.json()
    sid = message["sid"]
    assert re.fullmatch(r"SM[0-9a-f]{32}", sid)
    assert RFC_2822.fullmatch(message["date_created"])
    assert message == {
        "account_sid": ACCOUNT,
        "api_version": "2010-04-01",
        "body": "Hi there",
        "date_created": message["date_created"],
        "date_sent": None,
        "date_updated": message["date_created"],
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": OURS,
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": "USD",
        "sid": sid,
        "status": "queued",
        "subresource_uris": {
            "media": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}/Media.json",
        },
        "to": ALMA,
        "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json",
    }


REFUSED = [
    ({"To": ""}, 21604),
    ({"To": "413-555-0101"}, 21211),
    ({"To": "+1413555010"}, 21211),
    ({"To": "+15005550001"}, 21211),
    ({"To": "+15005550002"}, 21612),
    ({"To": "+15005550003"}, 21408),
    ({"To": "+15005550004"}, 21610),
    ({"To": "+15005550009"}, 21614),
    ({"From": ""}, 21603),
    ({"From": "+14135550199"}, 21606),
    ({"From": "+15005550001"}, 21212),
    ({"From": "+15005550008"}, 21611),
    ({"From": "ACOMPANA"}, 21212),
    ({"From": "", "MessagingServiceSid": "MG" + "f" * 32}, 21705),
    ({"Body": ""}, 21602),
    ({"Body": " \n "}, 21602),
    ({"Body": "x" * 1601}, 21617),
    ({"ValidityPeriod": "0"}, 20001),
    ({"ValidityPeriod": "36001"}, 20001),
]


@pytest.mark.parametrize(("fields", "code"), REFUSED, ids=lambda value: str(value)[:50])
def test_refuses(sandbox: Sandbox, fields: dict[str, str], code: int) -> None:
    answer = sandbox.http.post(
        MESSAGES,
        data={"To": ALMA, "From": OURS, "Body": "hello", **fields},
        auth=(ACCOUNT, TOKEN),
    )
    body = answer.json()
    assert (answer.status_code, body["code"], body["status"]) == (400, code, 400)
    assert body["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert body["message"]
    assert [entry["code"] for entry in sandbox.ledger("refused")] == [code]
    assert sandbox.ledger("created") == []


ACCEPTED = [
    {"Body": "x" * 1600},
    {"From": OURS_TOO},
    {"From": "", "MessagingServiceSid": SERVICE},
    {"MessagingServiceSid": SERVICE},
    {"ValidityPeriod": "36000"},
    {"To": "+525555550101"},
]


@pytest.mark.parametrize("fields", ACCEPTED, ids=lambda value: str(value)[:50])
def test_accepts(sandbox: Sandbox, fields: dict[str, str]) -> None:
    answer = sandbox.http.post(
        MESSAGES,
        data={"To": ALMA, "From": OURS, "Body": "hello", **fields},
        auth=(ACCOUNT, TOKEN),
    )
    assert answer.status_code == 201, answer.text
    assert [entry["sid"] for entry in sandbox.ledger("created")] == [answer.json()["sid"]]


def error_of(answer: httpx.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["code"]


def test_refuses_strangers_and_other_accounts(sandbox: Sandbox) -> None:
    assert error_of(sandbox.http.get(MESSAGES)) == (401, 20003)
    assert error_of(sandbox.http.get(MESSAGES, auth=(ACCOUNT, "wrong"))) == (401, 20003)
    elsewhere = MESSAGES.replace(ACCOUNT, "AC" + "f" * 32)
    assert error_of(sandbox.http.get(elsewhere, auth=(ACCOUNT, TOKEN))) == (404, 20404)
    recordings = MESSAGES.replace("Messages", "Recordings")
    assert error_of(sandbox.http.get(recordings, auth=(ACCOUNT, TOKEN))) == (404, 20404)


def test_an_empty_list_has_every_field(sandbox: Sandbox) -> None:
    query = {"To": ALMA, "PageSize": "20"}
    answer = sandbox.http.get(MESSAGES, params=query, auth=(ACCOUNT, TOKEN)).json()
    assert answer == {
        "end": 0,
        "first_page_uri": f"{MESSAGES}?To=%2B14135550101&PageSize=20&Page=0",
        "messages": [],
        "next_page_uri": None,
        "page": 0,
        "page_size": 20,
        "previous_page_uri": None,
        "start": 0,
        "uri": f"{MESSAGES}?To=%2B14135550101&PageSize=20",
    }


def test_the_list_can_be_narrowed_to_our_sender(sandbox: Sandbox) -> None:
    sandbox.create()
    sid = sandbox.create(From=OURS_TOO).json()["sid"]
    assert [message["sid"] for message in sandbox.listed(From=OURS_TOO, To=ALMA)] == [sid]


@pytest.mark.parametrize(
    "query", [{"PageSize": "many"}, {"PageToken": "PAx"}, {"DateSent>": "soon"}], ids=str
)
def test_an_unreadable_list_request_is_refused(sandbox: Sandbox, query: dict[str, str]) -> None:
    sandbox.create()
    sandbox.run_out()
    answer = sandbox.http.get(MESSAGES, params=query, auth=(ACCOUNT, TOKEN))
    assert error_of(answer) == (400, 20001)


def test_only_blanking_changes_a_message(sandbox: Sandbox) -> None:
    sid = sandbox.create().json()["sid"]
    sandbox.run_out()
    path = MESSAGES.replace(".json", f"/{sid}.json")
    answer = sandbox.http.post(path, data={"Body": "other words"}, auth=(ACCOUNT, TOKEN))
    assert error_of(answer) == (400, 20001)
