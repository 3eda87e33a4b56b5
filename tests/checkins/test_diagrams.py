"""What docs/states draws of a check-in and a safety check is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from service.checkins.rules import NEXT, check_move
from service.checkins.safety.tables import SafetyState
from service.checkins.tables import CheckInState
from service.errors import Misuse
from tests.checkins.safety.arrows import arrows

STATES = Path(__file__).parents[2] / "docs" / "states"
ARROW = re.compile(r"^ +(\w+) --> (\w+)", re.MULTILINE)


def drawn(name: str) -> list[tuple[str, str]]:
    """Return the arrows of a page, from state to state."""
    return ARROW.findall((STATES / f"{name}.md").read_text("utf-8"))


def test_the_check_in_is_drawn_as_its_rules_say() -> None:
    found = drawn("checkin")
    assert len(found) == len(set(found)), "an arrow is drawn twice"
    assert set(found) == {(a.value, b.value) for a, all_b in NEXT.items() for b in all_b}


def test_the_safety_check_is_drawn_as_its_rule_steps() -> None:
    found = drawn("safety")
    assert len(found) == len(set(found)), "an arrow is drawn twice"
    assert set(found) == {(start, end) for start, _, end in arrows()}


@pytest.mark.parametrize(("name", "states"), [("checkin", CheckInState), ("safety", SafetyState)])
def test_every_state_has_a_line(name: str, states: type[CheckInState | SafetyState]) -> None:
    page = (STATES / f"{name}.md").read_text("utf-8")
    assert [state for state in states if f"| {state} |" not in page] == []


def test_every_check_in_state_has_rules_and_no_other_move_is_made() -> None:
    assert set(NEXT) == set(CheckInState)
    check_move(CheckInState.CLOSED, CheckInState.CLOSED)
    with pytest.raises(Misuse):
        check_move(CheckInState.CANCELLED, CheckInState.APPROVED)
