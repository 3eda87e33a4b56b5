"""Play many histories, and say of the first that went wrong how to see it again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.faults.simulation.history import History
from tests.faults.simulation.judge import judge


@dataclass(slots=True)
class Tally:
    """What came of a run. `wrong`: seed -> what was wrong; only the first few are kept."""

    histories: int = 0
    accepted: int = 0
    happened: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    failures: int = 0
    wrong: dict[int, list[str]] = field(default_factory=dict)


def play(seed: int) -> tuple[History, list[str]]:
    """Play one history; return it and what is wrong with it."""
    history = History(seed)
    history.play()
    return history, judge(history)


def play_many(
    first_seed: int, histories: int, *, stops_at_first: bool = False, keep: int = 10
) -> Tally:
    """Play the seeds from `first_seed` on."""
    tally = Tally()
    for seed in range(first_seed, first_seed + histories):
        history, wrong = play(seed)
        tally.histories += 1
        tally.accepted += len(history.carrier.ledger)
        tally.happened.update([entry[0] for entry in history.log])
        tally.ends.update([row.life.state for row in history.memory.world.rows])
        if wrong:
            tally.failures += 1
            if len(tally.wrong) < keep:
                tally.wrong[seed] = wrong
            if stops_at_first:
                break
    return tally
