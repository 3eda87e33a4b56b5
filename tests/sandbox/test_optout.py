"""The carrier's own opt-out list."""

from __future__ import annotations

import pytest

from tests.sandbox.driver import ALMA, BETO, OURS_TOO, Sandbox, Webhooks

STOPS = [
    "STOP",
    "stop ",
    "StopAll",
    "UNSUBSCRIBE",
    "cancel",
    "End",
    "QUIT",
    "revoke",
    "OPTOUT",
    "opt out",
]
OTHERS = [
    "stop please",
    "ALTO",
    "baja",
    "parar",
    "Y",
    "YES",
    "we must STOP this",
    "no",
    "cancelar",
    "ayuda",
]


def code_for(sandbox: Sandbox, to: str = ALMA, **fields: str) -> int | None:
    """Return the code with which a message to this phone is refused now; None if it isn't."""
    code: int | None = sandbox.create(to, **fields).json().get("code")
    return code


@pytest.mark.parametrize("word", STOPS)
def test_a_stop_word_blocks_and_is_answered(
    sandbox: Sandbox, webhooks: Webhooks, word: str
) -> None:
    said = sandbox.text(ALMA, word)
    assert said["opt_out_type"] == "STOP"
    assert [post.form["OptOutType"] for post in webhooks.of(said["sid"])] == ["STOP"]
    assert code_for(sandbox) == 21610
    assert code_for(sandbox, BETO) is None
    assert [(text["by"], text["opt_out_type"]) for text in sandbox.thread(ALMA)] == [
        ("phone", "STOP"),
        ("carrier", "STOP"),
    ]
    assert len(sandbox.ledger("carrier-reply", to=ALMA)) == 1
    assert [entry["to"] for entry in sandbox.ledger("opt-out")] == [ALMA]
    assert sandbox.get(f"/phones/{ALMA}")["is_opted_out"] is True


def test_the_answer_is_not_in_the_list_of_messages(sandbox: Sandbox) -> None:
    sandbox.text(ALMA, "STOP")
    assert [message["direction"] for message in sandbox.listed()] == ["inbound"]


def test_with_a_service_the_whole_pool_is_blocked(sandbox: Sandbox) -> None:
    sandbox.text(ALMA, "STOP")
    assert code_for(sandbox, From=OURS_TOO) == 21610


@pytest.mark.parametrize("word", OTHERS)
def test_other_words_are_ours_to_read(sandbox: Sandbox, webhooks: Webhooks, word: str) -> None:
    said = sandbox.text(ALMA, word)
    assert said["opt_out_type"] is None
    assert "OptOutType" not in webhooks.of(said["sid"])[0].form
    assert code_for(sandbox) is None
    assert [text["by"] for text in sandbox.thread(ALMA)] == ["phone", "network"]


@pytest.mark.parametrize("word", ["START", "unstop", "Yes"])
def test_a_start_word_lets_texts_through_again(sandbox: Sandbox, word: str) -> None:
    sandbox.text(ALMA, "STOP")
    assert sandbox.text(ALMA, word)["opt_out_type"] == "START"
    assert code_for(sandbox) is None
    assert [entry["kind"] for entry in sandbox.ledger("opt-out,opt-in")] == ["opt-out", "opt-in"]


@pytest.mark.parametrize("word", ["HELP", "info"])
def test_help_is_answered_and_passed_on(sandbox: Sandbox, webhooks: Webhooks, word: str) -> None:
    said = sandbox.text(ALMA, word)
    assert webhooks.of(said["sid"])[0].form["OptOutType"] == "HELP"
    assert [text["by"] for text in sandbox.thread(ALMA)] == ["phone", "carrier"]
    assert code_for(sandbox) is None


def test_what_was_accepted_before_a_stop_still_arrives(sandbox: Sandbox) -> None:
    sid = sandbox.create().json()["sid"]
    sandbox.text(ALMA, "STOP")
    sandbox.run_out()
    assert sandbox.fetch(sid)["status"] == "delivered"
    kinds = [entry["kind"] for entry in sandbox.ledger("created,opt-out")]
    assert kinds == ["created", "opt-out"]
