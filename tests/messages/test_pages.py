"""The words of the pages: their numbers as people read them."""

from __future__ import annotations

import pytest

from service.messages.catalog import LANGUAGES
from service.messages.pages import grouped, load_pages


@pytest.mark.parametrize("language", LANGUAGES)
def test_large_numbers_are_grouped_and_one_is_one(language: str) -> None:
    words = load_pages()
    assert "1,200" in words.say("progress.line", language, left=1_200, people=54_000)
    assert "54,000" in words.say("progress.line", language, left=1_200, people=54_000)
    assert words.say("send.people", language, count=1).startswith("1 ")
    assert words.say("send.people", language, count=1_001).startswith("1,001 ")


@pytest.mark.parametrize("value", [999, "1200", True, None, 1.5], ids=repr)
def test_all_else_stays_as_it_is(value: object) -> None:
    assert str(grouped(value)) == str(value)
