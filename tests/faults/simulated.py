"""A million seeded histories of the protocol in memory, and what a planted bug takes to be found."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import pytest

from tests.faults.grounds import Grounds
from tests.faults.report import Found, Trial, fault
from tests.faults.simulation.run import Tally, play, play_many
from tests.faults.test_simulation import BUGS, Plant

NOWHERE = ("none",)
PROCESSES = 2
BLOCK = 10_000


@fault("simulated histories", databases=NOWHERE, short=())
def histories(grounds: Grounds, trial: Trial) -> Found:
    count = trial.size(20_000, 1_000_000)
    began = time.monotonic()
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        tallies = list(pool.map(_block, range(1, count, BLOCK)))
    seconds = time.monotonic() - began
    found = Found(sum(tally.histories for tally in tallies))
    for seed, wrong in (pair for tally in tallies for pair in tally.wrong.items()):
        found.problems.append(f"seed {seed}: {'; '.join(wrong)}")
    found.lost = sum(tally.failures for tally in tallies)
    texts = sum(tally.accepted for tally in tallies)
    found.notes.append(
        f"{texts:,} messages accepted, {found.trials / seconds:,.0f} histories a second"
    )
    return found


def _block(first: int) -> Tally:
    return play_many(first, BLOCK)


def _find(plant: Plant, symptom: str, within: int, grounds: Grounds, trial: Trial) -> Found:
    """Play with the bug until a history shows it. Its symptom counts as one text sent twice."""
    with pytest.MonkeyPatch.context() as patch:
        plant(patch)
        began = time.monotonic()
        for seed in range(1, within + 1):
            if any(symptom in one for one in play(seed)[1]):
                after = f"after {seed} histories, {time.monotonic() - began:.1f} s: {symptom}"
                return Found(seed, twice=1, notes=[after])
    return Found(within)


for _plant, _symptom, _within in BUGS:
    _name = f"planted: {_plant.__name__.replace('_', ' ')}"
    fault(_name, databases=NOWHERE, is_control=True, short=())(
        partial(_find, _plant, _symptom, _within)
    )
