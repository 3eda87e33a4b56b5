"""The page and the code draw the same arrows."""

from __future__ import annotations

import re
from pathlib import Path

from service.calls.tables import CallState
from service.checkins.safety.tables import SafetyState
from tests.checkins.safety.arrows import arrows

PAGE = (Path(__file__).parents[3] / "docs" / "safety.md").read_text("utf-8")
ROW = re.compile(r"^\| (\w+) \| (.+) \| (\w+) \|$", re.MULTILINE)


def drawn(words: set[str]) -> set[tuple[str, str, str]]:
    """Return the rows of the page whose ends are both among these words."""
    return {(start, event, end) for start, event, end in ROW.findall(PAGE) if {start, end} <= words}


def test_every_arrow_of_the_ladder_is_drawn_and_no_other() -> None:
    assert drawn({state.value for state in SafetyState}) == arrows()


def test_every_state_of_a_call_is_drawn() -> None:
    rows = drawn({state.value for state in CallState})
    assert {end for start, _, end in rows} | {start for start, _, end in rows} == set(CallState)
