"""What the carrier may tell us, and what nobody else may."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from fastapi.testclient import TestClient
from sqlmodel import func, select
from twilio.request_validator import RequestValidator

from service.db import Database, new_id
from service.inbox.tables import Inbound
from service.outbox.tables import Delivery
from service.people.tables import Consent, Person
from service.privacy.keyring import Keyring
from service.wiring import Wiring
from tests.factories import StillClock, make_volunteer
from tests.web.conftest import ACCOUNT_SID, AUTH_TOKEN, PUBLIC_URL, Group

INBOUND = "/webhooks/twilio/inbound"
STATUS = "/webhooks/twilio/status"
FORM = "application/x-www-form-urlencoded"


def text(body: str = "Y", sid: str = "SM1", **more: str) -> dict[str, str]:
    return {
        "MessageSid": sid, "SmsSid": sid, "AccountSid": ACCOUNT_SID, "From": "+14135550101",
        "To": "+14135550100", "Body": body, "NumMedia": "0",
    } | more  # fmt: skip


def sign(path: str, form: Mapping[str, str], token: str = AUTH_TOKEN) -> dict[str, str]:
    signature = RequestValidator(token).compute_signature(PUBLIC_URL + path, form)
    return {"X-Twilio-Signature": signature}


def rows(database: Database) -> int:
    with database.read() as session:
        return session.exec(select(func.count()).select_from(Inbound)).one()


def test_a_signed_text_is_written_down_and_answered_by_the_outbox(
    client: TestClient, database: Database
) -> None:
    form = text("JOIN")
    answer = client.post(INBOUND, data=form, headers=sign(INBOUND, form))
    assert answer.status_code == 200
    assert "<Response/>" in answer.text
    assert answer.headers["content-type"].startswith("text/xml")
    with database.read() as session:
        assert session.exec(select(Delivery.template)).all() == ["welcome"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Twilio-Signature": ""},
        {"X-Twilio-Signature": "bm90IGl0"},
        {"X-Twilio-Signature": "ñ"},
        sign(INBOUND, text(), token="another"),
        sign(STATUS, text()),
        sign(INBOUND, text("STOP")),
    ],
    ids=["none", "empty", "wrong", "odd", "other token", "other path", "other body"],
)
def test_what_is_not_signed_for_just_this_is_refused(
    client: TestClient, database: Database, headers: dict[str, str]
) -> None:
    sent = {name: value.encode() for name, value in headers.items()}
    answer = client.post(INBOUND, data=text(), headers=sent)  # type: ignore[arg-type]
    assert answer.status_code == 403
    assert rows(database) == 0


def test_another_account_is_refused(client: TestClient, database: Database) -> None:
    form = text() | {"AccountSid": "AC" + "f" * 32}
    assert client.post(INBOUND, data=form, headers=sign(INBOUND, form)).status_code == 403
    assert rows(database) == 0


def test_forwarded_hosts_are_not_believed(client: TestClient) -> None:
    form = text()
    evil = RequestValidator(AUTH_TOKEN).compute_signature("https://evil.example" + INBOUND, form)
    headers = {
        "X-Twilio-Signature": evil, "Host": "evil.example", "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
    }  # fmt: skip
    assert client.post(INBOUND, data=form, headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("text/plain", b"Body=Y"),
        ("multipart/form-data; boundary=x", b"--x--"),
        ("", b""),
    ],
)
@pytest.mark.parametrize("path", [INBOUND, STATUS])
def test_only_forms_are_read(client: TestClient, path: str, content_type: str, body: bytes) -> None:
    headers = {"Content-Type": content_type} | sign(path, {})
    assert client.post(path, content=body, headers=headers).status_code == 415


def test_a_signed_form_that_is_no_text_is_named_so(client: TestClient) -> None:
    form = {"AccountSid": ACCOUNT_SID, "Body": "Y"}
    assert client.post(INBOUND, data=form, headers=sign(INBOUND, form)).status_code == 422


def test_blank_values_and_plus_signs_are_signed_as_they_are(client: TestClient) -> None:
    form = text("  + &=Ñ  ", ErrorUrl="", OptOutType="")
    assert client.post(INBOUND, data=form, headers=sign(INBOUND, form)).status_code == 200


def test_the_same_message_id_has_one_effect(client: TestClient, database: Database) -> None:
    form = text("JOIN")
    for _ in range(5):
        assert client.post(INBOUND, data=form, headers=sign(INBOUND, form)).status_code == 200
    assert rows(database) == 1
    with database.read() as session:
        assert len(session.exec(select(Delivery.id)).all()) == 1


def test_an_opt_out_is_in_force_when_the_answer_leaves(
    client: TestClient, database: Database, keyring: Keyring, clock: StillClock, group: Group
) -> None:
    with database.write() as session:
        alma = make_volunteer(session, keyring, group.chapter, 101, now=clock.now())
    form = text("STOP", OptOutType="STOP")
    assert client.post(INBOUND, data=form, headers=sign(INBOUND, form)).status_code == 200
    with database.read() as session:
        assert session.get_one(Person, alma.id).consent is Consent.OPTED_OUT


def test_a_text_whose_effects_fail_is_kept_and_answered_later(
    client: TestClient, wiring: Wiring, monkeypatch: pytest.MonkeyPatch, clock: StillClock
) -> None:
    from schedules.jobs import run_all
    from service.replies import converse

    def fail(_self: object) -> None:
        raise RuntimeError("made up")

    with monkeypatch.context() as broken:
        broken.setattr(converse.Conversation, "go_on", fail)
        form = text("JOIN")
        assert client.post(INBOUND, data=form, headers=sign(INBOUND, form)).status_code == 200
    with wiring.database.read() as session:
        assert session.exec(select(Delivery.id)).all() == []
    run_all(wiring, now=clock.tick(seconds=10))
    with wiring.database.read() as session:
        assert session.exec(select(Delivery.template)).all() == ["welcome"]


@pytest.mark.parametrize("path", [INBOUND, STATUS])
def test_a_database_that_is_gone_is_never_a_200(
    client: TestClient, wiring: Wiring, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    import contextlib
    from collections.abc import Iterator

    from service.errors import Unavailable

    @contextlib.contextmanager
    def gone(_self: Database) -> Iterator[None]:
        raise Unavailable("made up")
        yield

    query = f"?attempt={(attempt := new_id()).hex}&mac={wiring.keyring.callback_mac(attempt)}"
    address = path + (query if path == STATUS else "")
    form = text("JOIN", MessageStatus="sent")
    monkeypatch.setattr(Database, "write", gone)
    assert client.post(address, data=form, headers=sign(address, form)).status_code == 503


def test_a_status_that_nobody_knows_is_taken_and_changes_nothing(
    client: TestClient, wiring: Wiring
) -> None:
    attempt = new_id()
    address = f"{STATUS}?attempt={attempt.hex}&mac={wiring.keyring.callback_mac(attempt)}"
    form = text(MessageStatus="teleported")
    assert client.post(address, data=form, headers=sign(address, form)).status_code == 200


@pytest.mark.parametrize("mac", ["", "0" * 32, "ñ"])
def test_a_receipt_for_an_attempt_that_we_never_made_is_refused(
    client: TestClient, mac: str
) -> None:
    from urllib.parse import quote

    address = f"{STATUS}?attempt={new_id().hex}&mac={quote(mac)}"
    form = text(MessageStatus="delivered")
    assert client.post(address, data=form, headers=sign(address, form)).status_code == 403
