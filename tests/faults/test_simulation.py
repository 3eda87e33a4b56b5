"""The protocol keeps its promise in every simulated history, and the simulation can tell when not."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from service.db import Database
from service.outbox import step as steps
from service.outbox.events import At, Timing
from service.outbox.step import Life, Result
from service.outbox.tables import GateState, State
from tests.faults.simulation import history as histories
from tests.faults.simulation.history import History, Worker
from tests.faults.simulation.judge import judge
from tests.faults.simulation.run import play, play_many
from tests.faults.simulation.store import MemoryStore, Row
from tests.faults.simulation.twin import Diverged, Twin

SHARES = 4
IN_MEMORY = 20_000 // SHARES
# How many histories are played on SQLite and PostgreSQL, together.
ON_DATABASES = int(os.environ.get("ACOMPANA_HISTORIES", "2000"))
BLOCK = 50


@pytest.mark.parametrize("share", range(SHARES))
def test_nothing_is_lost_nor_sent_twice(share: int) -> None:
    tally = play_many(1 + share * IN_MEMORY, IN_MEMORY)
    assert tally.wrong == {}
    assert tally.histories == IN_MEMORY
    # It was no walk in the park: everything that can happen has happened, and often.
    for what in ("kill", "freeze", "leave", "stop", "gate", "look", "callback", "leases"):
        assert tally.happened[what] > IN_MEMORY / 20
    assert set(tally.ends) >= set(State) - {State.PLANNED, State.SUBMITTING}


def test_a_seed_is_replayed_byte_for_byte() -> None:
    for seed in range(1, 60):
        assert play(seed)[0].log == play(seed)[0].log
        assert play(seed)[0].digest() == play(seed)[0].digest()
    assert len({play(seed)[0].digest() for seed in range(1, 60)}) > 55


# --- could it go red? -----------------------------------------------------------------------------

Plant = Callable[[pytest.MonkeyPatch], None]


def no_answer_means_never_sent(patch: pytest.MonkeyPatch) -> None:
    def again(life: Life, why: str, at: At) -> Result:
        return steps._again(life, why, "never sent", at.now)

    patch.setattr(steps, "_in_doubt", again)


def an_empty_list_is_trusted_at_once(patch: pytest.MonkeyPatch) -> None:
    def again(life: Life, at: At) -> Result:
        return steps._again(life, "never_accepted", "never accepted", at.now)

    patch.setattr(steps, "_nothing_found", again)


def the_list_is_given_too_little_time(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(histories, "TIMING", Timing(list_margin=timedelta(seconds=20)))


def several_tries_to_one_number(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryStore, "is_being_tried", lambda _store, _row: False)


def consent_is_not_looked_at_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryStore, "has_consent", lambda _store, _row: True)
    patch.setattr(MemoryStore, "_withdraw_person", lambda _store, _person, _reason: None)


def nobody_looks_at_the_clock_before_writing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(History, "_is_in_time", lambda _history, _deadline_ms: True)


def a_claim_is_not_written_down_before_sending(patch: pytest.MonkeyPatch) -> None:
    kill = History._kill

    def forget(history: History, worker: Worker) -> None:
        kill(history, worker)
        for row in history.memory.world.rows:
            if row.life.state is State.SUBMITTING:
                row.life = replace(row.life, state=State.PLANNED, is_open=False)

    patch.setattr(History, "_kill", forget)


def receipts_move_backwards(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(steps, "RANK", dict.fromkeys(steps.RANK, 0) | {State.ACCEPTED: 1, State.SENT: 1})


def a_lease_is_never_over(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryStore, "leases_over", lambda _store, _at: None)


def a_stopped_message_goes_on(patch: pytest.MonkeyPatch) -> None:
    real = MemoryStore.may_go

    def may_go(store: MemoryStore, row: Row) -> bool:
        gate, store.gate = store.gate, GateState.OPEN
        try:
            return real(store, row)
        finally:
            store.gate = gate

    patch.setattr(MemoryStore, "may_go", may_go)


BUGS: list[tuple[Plant, str, int]] = [
    (no_answer_means_never_sent, "sent twice", 200),
    (an_empty_list_is_trusted_at_once, "sent twice", 200),
    (the_list_is_given_too_little_time, "sent twice", 1000),
    (several_tries_to_one_number, "two open tries", 200),
    (consent_is_not_looked_at_again, "left after an opt-out", 500),
    (nobody_looks_at_the_clock_before_writing, "sent twice", 3000),
    (a_claim_is_not_written_down_before_sending, "sent twice", 500),
    (receipts_move_backwards, "the carrier said more", 500),
    (a_lease_is_never_over, "lost", 500),
    (a_stopped_message_goes_on, "left after a stop", 500),
]


@pytest.mark.parametrize(
    ("plant", "symptom", "within"), BUGS, ids=[plant.__name__ for plant, _, _ in BUGS]
)
def test_a_planted_bug_is_found(
    monkeypatch: pytest.MonkeyPatch, plant: Plant, symptom: str, within: int
) -> None:
    plant(monkeypatch)
    for seed in range(1, within + 1):
        _, wrong = play(seed)
        if any(symptom in one for one in wrong):
            return
    pytest.fail(f"{within} histories, and nobody noticed")


# --- the same on real databases -------------------------------------------------------------------


def play_on(database: Database, seed: int) -> tuple[History, Twin]:
    """Play one history on a database and in memory at once."""
    twins: list[Twin] = []
    with database.writer.connect() as connection:
        whole = connection.begin()

        def around(memory: MemoryStore) -> Twin:
            twins.append(Twin(memory, connection))
            return twins[0]

        history = History(seed, around)
        history.play()
        twins[0].compare()
        whole.rollback()
    return history, twins[0]


@pytest.mark.parametrize("first", range(1, 1 + ON_DATABASES // 2, BLOCK))
def test_a_database_ends_where_the_simulation_does(database: Database, first: int) -> None:
    for seed in range(first, min(first + BLOCK, 1 + ON_DATABASES // 2)):
        history, _ = play_on(database, seed)
        assert judge(history) == []
        assert history.digest() == play(seed)[0].digest()


def test_a_database_that_goes_its_own_way_is_found_out(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forget(*_: Any, **__: Any) -> None:
        return None

    monkeypatch.setattr("tests.faults.simulation.twin.withdraw_person", forget)
    assert any(not _agrees(database, seed) for seed in range(1, 60))


def _agrees(database: Database, seed: int) -> bool:
    try:
        play_on(database, seed)
    except Diverged:
        return False
    return True


def test_the_history_is_the_same_whoever_keeps_it() -> None:
    """Only the seed decides: not the time of day, nor what was played before."""
    before = play(7)[0]
    play_many(100, 50)
    assert play(7)[0].digest() == before.digest()
    assert isinstance(before.now, datetime)
