"""An organizer's words become a text: filled in, named, with a way out; and cheaper without accents."""

from __future__ import annotations

import pytest

from service.blasts.compose import ALWAYS, check_places, fill, whole_text
from service.messages.segments import (
    cheaper_table,
    count_segments,
    marked,
    parts_saved,
    without_accents,
)

OUT = "STOP to stop."


@pytest.mark.parametrize(
    ("typed", "arrives"),
    [
        ("Thank you all.", "Acompaña: Thank you all. STOP to stop."),
        ("From ACOMPAÑA: thank you. STOP to stop.", "From ACOMPAÑA: thank you. STOP to stop."),
        ("Acompaña: gracias. ALTO: fin.", "Acompaña: gracias. ALTO: fin."),
        ("Do not stop believing", "Acompaña: Do not stop believing. STOP to stop."),
        ("  ", ""),
    ],
)
def test_it_names_the_network_and_says_how_to_stop_but_nothing_twice(
    typed: str, arrives: str
) -> None:
    assert whole_text(typed, "Acompaña", OUT) == arrives


def test_braces_are_filled_in_and_unknown_ones_are_told() -> None:
    assert fill("{day} at {place}, {other}", {"day": "Friday", "place": "South Green"}) == (
        "Friday at South Green, {other}"
    )
    assert check_places("text_en", "Call {phone}", ALWAYS) is None
    problem = check_places("text_en", "Hello {name}", ALWAYS)
    assert problem is not None
    assert (problem.field, problem.code, problem.values) == (
        "text_en", "unknown_place", {"name": "name"},
    )  # fmt: skip


def test_accents_that_cost_go_and_those_that_do_not_stay() -> None:
    assert without_accents("Mañana sí: “qué día”…") == 'Mañana si: "qué dia"...'
    body = "Acompaña: la reunión es mañana a las siete en la plaza del sur, traiga agua y paciencia"
    assert count_segments(body).parts == 2
    assert parts_saved(body) == 1
    assert parts_saved("Nothing to save") == 0


def test_the_page_gets_the_very_table_that_the_server_uses() -> None:
    table, body = cheaper_table(), "¡Está así! “No” – 10 ½ ó ã"
    assert "".join(table.get(letter, letter) for letter in body) == without_accents(body)


def test_costly_letters_are_told_apart() -> None:
    assert marked("así: ya") == [("as", False), ("í", True), (": ya", False)]
    assert marked("plain") == [("plain", False)]
