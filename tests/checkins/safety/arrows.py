"""Every arrow that the rule can take, found by trying: what docs/safety.md draws."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product

from service.checkins.safety.rules import (
    ONE_OF_US,
    At,
    CalledOff,
    Event,
    Ladder,
    Reopened,
    Said,
    Tick,
    Took,
    Word,
    step,
)
from service.checkins.safety.tables import Reporter, Rung, SafetyState, Why

STARTS = datetime(2026, 3, 10, 13, 0, tzinfo=UTC)
CLOSES = STARTS + timedelta(hours=8)
EVENTS: tuple[Event, ...] = (
    Tick(),
    Tick(is_handed_over=True),
    Took(),
    CalledOff(),
    Reopened(is_inside=True),
    Reopened(is_inside=False),
    *(Said(reporter, word) for reporter, word in product(Reporter, Word)),
)


def name_of(event: Event) -> str:
    """Return what the page calls an event."""
    match event:
        case Said(reporter=reporter, word=Word.OUT_AND_OK) if reporter in ONE_OF_US:
            return "one of us has spoken with them"
        case Said(word=Word.OUT_AND_OK | Word.OUT):
            return "said to be out"
        case Said(word=Word.WAITING | Word.IN):
            return "still waiting"
        case Said():
            return "needs help"
        case Took():
            return "somebody takes it"
        case CalledOff():
            return "cancelled"
        case Reopened(is_inside=True):
            return "still inside after all"
        case Reopened():
            return "nobody knows how it ended"
    return "the clock"


def ladders() -> Iterator[Ladder]:
    """Give a ladder in every state, with everything that decides its next step."""
    whys: tuple[Why | None, ...] = (None, *Why)
    rungs: tuple[Rung | None, ...] = (None, *Rung)
    for state, why, rung, tries in product(SafetyState, whys, rungs, (0, 1, 2)):
        yield Ladder(
            state, STARTS, STARTS + timedelta(hours=4), CLOSES, STARTS, why=why, rung=rung,
            tries=tries,
        )  # fmt: skip


def arrows() -> set[tuple[str, str, str]]:
    """Return every (from, what happens, to) that changes the state."""
    moments = (STARTS - timedelta(hours=1), STARTS + timedelta(hours=4), CLOSES)
    found = set()
    for ladder, event, now in product(ladders(), EVENTS, moments):
        after, _ = step(ladder, event, At(now))
        if after.state is not ladder.state:
            found.add((ladder.state.value, name_of(event), after.state.value))
    return found
