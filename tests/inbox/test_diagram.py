"""What docs/states/thread.md draws is what the rules say."""

from __future__ import annotations

import re
from pathlib import Path

from service.inbox.rules import NEXT
from service.inbox.tables import ThreadState

PAGE = Path(__file__).parents[2] / "docs" / "states" / "thread.md"
ARROW = re.compile(r"^ +(\w+) --> (\w+)", re.MULTILINE)


def test_the_diagram_draws_the_rules() -> None:
    drawn = ARROW.findall(PAGE.read_text("utf-8"))
    rules = {(before.value, after.value) for before, every in NEXT.items() for after in every}
    assert len(drawn) == len(set(drawn)), "an arrow is drawn twice"
    assert set(drawn) == rules


def test_every_state_has_rules_and_a_line() -> None:
    assert set(NEXT) == set(ThreadState)
    page = PAGE.read_text("utf-8")
    assert [state for state in ThreadState if f"| {state} |" not in page] == []
