"""Twilio's own Python library can't tell the sandbox from Twilio."""

from __future__ import annotations

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.sandbox.driver import ACCOUNT, ALMA, BETO, OURS, SERVICE, Sandbox


def test_creates_and_fetches(twilio: Client) -> None:
    made = twilio.messages.create(to=ALMA, from_=OURS, body="Nos vemos el martes")
    found = twilio.messages(made.sid).fetch()
    assert (found.status, found.direction, found.num_segments) == ("queued", "outbound-api", "1")
    assert (found.to, found.from_, found.body) == (ALMA, OURS, "Nos vemos el martes")
    assert found.date_created is not None
    assert found.date_created.tzinfo is not None
    assert found.error_code is None


def test_a_message_of_a_service_gets_its_sender_later(twilio: Client, sandbox: Sandbox) -> None:
    made = twilio.messages.create(to=ALMA, messaging_service_sid=SERVICE, body="hello")
    assert (made.status, made.from_, made.num_segments) == ("accepted", None, "0")
    sandbox.run_out()
    found = twilio.messages(made.sid).fetch()
    assert (found.status, found.from_, found.num_segments) == ("delivered", OURS, "1")
    assert found.messaging_service_sid == SERVICE


def test_lists_newest_first_by_number(twilio: Client) -> None:
    made = [twilio.messages.create(to=ALMA, from_=OURS, body=f"text {n}") for n in range(3)]
    twilio.messages.create(to=BETO, from_=OURS, body="another's")
    assert [m.sid for m in twilio.messages.list(to=ALMA)] == [m.sid for m in reversed(made)]
    assert len(twilio.messages.list()) == 4
    assert len(twilio.messages.list(limit=2)) == 2


def test_pages_through_a_long_list(twilio: Client, sandbox: Sandbox) -> None:
    sids = [sandbox.create(body=f"text {n}").json()["sid"] for n in range(25)]
    found: list[str] = []
    for message in twilio.messages.stream(to=ALMA, page_size=10):
        if len(found) == 10:  # what comes in between two pages moves nothing
            sandbox.create(body="a late one")
        found.append(message.sid)
    assert found == list(reversed(sids))


def test_blanks_and_deletes_what_is_finished(twilio: Client, sandbox: Sandbox) -> None:
    made = twilio.messages.create(to=ALMA, from_=OURS, body="private")
    for attempt in (
        lambda: twilio.messages(made.sid).update(body=""),
        twilio.messages(made.sid).delete,
    ):
        with pytest.raises(TwilioRestException) as refused:
            attempt()
        assert (refused.value.code, refused.value.status) == (20009, 400)
    sandbox.run_out()
    assert twilio.messages(made.sid).update(body="").body == ""
    assert twilio.messages(made.sid).fetch().body == ""
    assert [text["body"] for text in sandbox.thread(ALMA)] == ["private"]
    assert twilio.messages(made.sid).delete()
    with pytest.raises(TwilioRestException) as gone:
        twilio.messages(made.sid).fetch()
    assert (gone.value.code, gone.value.status) == (20404, 404)


def test_inbound_texts_are_listed_by_our_number(twilio: Client, sandbox: Sandbox) -> None:
    sid = sandbox.text(ALMA, "Y")["sid"]
    (found,) = twilio.messages.list(to=OURS)
    assert (found.sid, found.direction, found.from_, found.status) == (
        sid,
        "inbound",
        ALMA,
        "received",
    )
    assert found.date_sent is not None
    assert twilio.messages.list(to=OURS, date_sent_after=found.date_sent)[0].sid == sid


def test_refuses_a_wrong_token(sandbox: Sandbox) -> None:
    client = Client(ACCOUNT, "wrong")
    client.api.base_url = sandbox.url
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to=ALMA, from_=OURS, body="hello")
    assert (refused.value.code, refused.value.status) == (20003, 401)
