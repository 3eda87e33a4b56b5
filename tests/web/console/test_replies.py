"""Replies at hand: the product's until a chapter changes them, in both languages, each change kept."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from service.chapters.tables import Chapter, OwnText
from service.messages.catalog import LANGUAGES, load_catalog
from service.messages.pages import load_pages
from service.replies.correct import Meant
from service.replies.intents import Certainty, Intent
from service.web.console.canned import USUAL
from service.web.console.talk import DOUBT, STEPS
from service.wiring import Wiring
from tests.web.conftest import Group
from tests.web.console.conftest import text_of

ROOT = Path(__file__).parents[3]


def test_the_products_replies_are_there_from_the_start(marta: TestClient) -> None:
    said = text_of(marta.get("/settings/replies"))
    assert "Thank you for writing. One of us calls you today." in said
    assert "Gracias por escribir. Hoy le llama una persona de la red." in said


def test_a_reply_is_changed_added_and_taken_off(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    path = "/settings/replies/call_soon"
    marta.post(path, data={"en": "We call you by 5 pm.", "es": "Le llamamos antes de las 5 pm."})
    said = text_of(marta.get("/settings/replies"))
    assert "We call you by 5 pm." in said
    assert "One of us calls you today." not in said
    new = marta.get("/settings/replies/new").text.split('action="/settings/replies/')[1][:32]
    both = {"en": "See you at the office.", "es": "Nos vemos en la oficina."}
    assert "See you at the office." in text_of(marta.post(f"/settings/replies/{new}", data=both))
    for key in (new, "call_soon"):
        marta.post(f"/settings/replies/{key}/remove")
    said = text_of(marta.get("/settings/replies"))
    assert "See you" not in said
    assert "We call you" not in said
    assert marta.get(f"/settings/replies/{new}").status_code == 404
    with wiring.database.read() as session:
        rows = session.exec(select(OwnText).order_by(col(OwnText.id))).all()
        assert [row.says for row in rows if row.key == "canned.call_soon" and row.language == "en"] == [
            "We call you by 5 pm.", "",
        ]  # fmt: skip
        assert {row.made_by for row in rows} == {"Marta"}
        assert session.get_one(Chapter, group.chapter.id).texts_version == 4


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"en": "Hello."}, "Spanish"),
        ({"en": "x" * 301, "es": "Hola."}, "300"),
        ({"en": "A123456789", "es": "Hola."}, "never keep"),
    ],
    ids=["one language", "too long", "never kept"],
)
def test_a_reply_that_can_not_be_keeps_what_was_typed(
    marta: TestClient, typed: dict[str, str], told: str
) -> None:
    page = marta.post("/settings/replies/thanks", data=typed)
    assert page.status_code == 422
    assert told in text_of(page)
    assert f">{typed['en']}</textarea>" in page.text


def test_a_reply_of_nobodys_is_not_there(marta: TestClient) -> None:
    assert marta.get("/settings/replies/nowhere").status_code == 404
    assert marta.post("/settings/replies/nowhere", data={"en": "x", "es": "x"}).status_code == 404


def test_what_a_reply_said_before_is_shown_and_used_again(marta: TestClient) -> None:
    path = "/settings/replies/thanks"
    marta.post(path, data={"en": "First words.", "es": "Primeras palabras."})
    marta.post(path, data={"en": "Other words.", "es": "Primeras palabras."})
    marta.post(f"{path}/remove")
    said = text_of(marta.get("/settings/replies/history"))
    assert "Before: Thank you for telling us. We noted it. After: First words." in said
    assert "After: (off the list)" in said
    assert "Marta" in said
    page = marta.get("/settings/replies/history").text
    rows = re.findall(
        r'action="[^"]+thanks/again"><button class="link" name="row" value="([^"]+)"', page
    )
    assert len(rows) == 3, "those two of English and the one of Spanish that do not count now"
    assert "First words." in text_of(marta.post(f"{path}/again", data={"row": rows[-1]}))
    said = text_of(marta.get("/settings/replies"))
    assert "First words." in said or "Primeras palabras." in said
    assert marta.post(f"{path}/again", data={"row": "x"}).status_code == 404


def test_another_chapters_replies_stay_there(
    marta: TestClient, wiring: Wiring, other_group: Group
) -> None:
    with wiring.database.write() as session:
        row = OwnText(
            id=other_group.chapter.id, chapter_id=other_group.chapter.id, key="canned.thanks",
            language="en", says="Coast says thanks.", made_by="x", made_at=wiring.clock.now(),
        )  # fmt: skip
        session.add(row)
    assert "Coast says" not in marta.get("/settings/replies").text


def test_every_step_of_the_reader_and_every_intent_has_words() -> None:
    words = load_pages()
    tree = ast.parse((ROOT / "service/replies/parse.py").read_text("utf-8"))
    literals = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert {step for step in STEPS if step != "the chapter's keyword"} <= literals
    assert any(literal == DOUBT for literal in literals)
    for language in LANGUAGES:
        for key in (*(f"read_by.{each}" for each in STEPS.values()),
                    *(f"understood.{each.value}" for each in (*Intent, *Meant)),
                    *(f"certainty.{each.value}" for each in Certainty),
                    *(f"correct_does.{each.value}" for each in Meant)):  # fmt: skip
            assert words.say(key, language), key


def test_the_products_replies_are_cheap_and_say_usted() -> None:
    catalog = load_catalog()
    for key in USUAL:
        for language in LANGUAGES:
            assert len(catalog.word("canned", key, language)) < 140
