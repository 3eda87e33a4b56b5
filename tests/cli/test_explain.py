"""The command that says why a text was read as it was. It needs no database."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from service.cli.app import app
from service.errors import Misuse

NOW = "2026-03-02T10:00:00-05:00"


def explain(*words: str) -> dict[str, str]:
    told = CliRunner().invoke(app, ["explain", *words])
    assert told.exit_code == 0, told.output
    return dict(line.split(": ", 1) for line in told.output.splitlines())


def each(what: str, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    told = CliRunner().invoke(app, ["explain", what, "--jsonl"], input=lines)
    assert told.exit_code == 0, told.output
    return [json.loads(line) for line in told.output.splitlines()]


def test_a_text_with_what_is_left_for_a_person() -> None:
    told = explain("reply", "si pero llego tarde", "--language", "es")
    assert (told["intent"], told["remainder"]) == ("yes", "pero llego tarde")


def test_texts_by_the_line_keep_their_order_and_what_else_they_hold() -> None:
    told = each(
        "reply",
        {"text": "vamos 3", "language": "es", "id": "a"},
        {"text": "2", "open_asks": 3, "id": "b"},
        {"text": "no mas mensajes", "id": "c"},
        {"text": "so many texts lately", "open_asks": 0, "id": "d"},
    )
    assert [(one["id"], one["intent"], one["party"]) for one in told] == [
        ("a", "yes", 3), ("b", "choose", None), ("c", "stop", None), ("d", "other", None),
    ]  # fmt: skip
    assert told[2]["why"] == "words that end our texts"
    assert "perhaps an opt-out" in told[3]["why"]


def test_a_day_with_its_hour_a_day_alone_and_what_is_asked() -> None:
    told = each(
        "when",
        {"text": "el martes 10 a las 9", "language": "es", "now": NOW},
        {"text": "in 10 days", "language": "en", "now": NOW},
        {"text": "5/4 a las 9", "language": "es", "now": NOW},
        {"text": "saturday at 9", "language": "en", "now": NOW},
    )
    assert [one["when"] for one in told] == [
        "2026-03-10T09:00:00-05:00", "2026-03-12", None, "2026-03-07T09:00:00-05:00",
    ]  # fmt: skip
    assert [one["question"] for one in told] == [
        None, None, "either number could be the month",
        "offices are closed at weekends: is it right?",
    ]  # fmt: skip
    assert explain("when", "tomorrow at 9", "--now", NOW)["when"] == "2026-03-03T09:00:00-05:00"


def test_phones_and_segments() -> None:
    told = each(
        "phone", {"raw": "(413) 555-0142"}, {"raw": "555-0142"}, {"raw": "+44 20 7946 0123"}
    )
    assert [one["e164"] for one in told] == ["+14135550142", None, None]
    assert [one["why"] for one in told][1:] == [
        "this is no phone number", "this is a number of another country",
    ]  # fmt: skip
    told = each("segments", {"text": "Sí, allí estaré"}, {"text": "¿Viene?"}, {"text": ""})
    assert [(one["encoding"], one["segments"], one["units"]) for one in told] == [
        ("UCS-2", 1, 15), ("GSM-7", 1, 7), ("GSM-7", 1, 0),
    ]  # fmt: skip
    assert told[0]["costly"] == ["í"]


def test_a_line_that_cannot_be_read_says_so_in_its_place() -> None:
    lines = '{"text": "Y"}\nnot json\n{"text": 5}\n{"text": "N", "language": "xx"}\n{"text": "N"}\n'
    told = CliRunner().invoke(app, ["explain", "reply", "--jsonl"], input=lines)
    found = [json.loads(line) for line in told.output.splitlines()]
    assert [one.get("intent") for one in found] == ["yes", None, None, None, "no"]
    assert [one.get("error") for one in found] == [
        None, "line: should be one JSON object", "text: should be a text",
        "language: should be one of en, es", None,
    ]  # fmt: skip
    assert isinstance(told.exception, Misuse)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["reply"], Misuse),
        (["when", "tomorrow", "--now", "yesterday"], Misuse),
        (["when", "tomorrow", "--now", "2026-03-02T10:00:00"], Misuse),
        (["reply", "Y", "--asks", "-1"], Misuse),
    ],
)
def test_what_was_given_wrong_is_one_line(words: list[str], problem: type[Exception]) -> None:
    assert isinstance(CliRunner().invoke(app, ["explain", *words]).exception, problem)
