"""What docs/states/rally.md draws is what the rules say."""

from __future__ import annotations

import re
from pathlib import Path

from service.rallies.rules import NEXT
from service.rallies.tables import RallyState

PAGE = Path(__file__).parents[2] / "docs" / "states" / "rally.md"
ARROW = re.compile(r"^ +(\w+) --> (\w+)", re.MULTILINE)


def test_the_diagram_draws_the_rules() -> None:
    drawn = ARROW.findall(PAGE.read_text("utf-8"))
    rules = {
        (before.value, after.value) for before, all_after in NEXT.items() for after in all_after
    }
    assert len(drawn) == len(set(drawn)), "an arrow is drawn twice"
    assert set(drawn) == rules


def test_every_state_has_rules_and_a_line() -> None:
    assert set(NEXT) == set(RallyState)
    page = PAGE.read_text("utf-8")
    assert [state for state in RallyState if f"| {state} |" not in page] == []
