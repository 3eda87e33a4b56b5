"""Made-up requests to every route of the API, and made-up lives of deliveries, seats, check-ins."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.faults import spoil
from tests.faults.grounds import Grounds
from tests.faults.report import Found, Trial, fault

REQUESTS = "tests/web/api/test_docs.py::test_made_up_requests_are_answered_as_described"
RULES = "tests/faults/test_fuzz.py"
LIVES = "tests/flows/test_lives.py"
EXAMPLES, HISTORIES = "ACOMPANA_EXAMPLES", "ACOMPANA_LIVES"
LAST_LINES = 8
TESTS_FAILED = 1


@fault("made-up requests to every route of the API", databases=("postgresql",), short=())
def api(grounds: Grounds, trial: Trial) -> Found:
    return _run(REQUESTS, trial.size(100, 2_000))


@fault("the same, bad values not foreseen", databases=("postgresql",), is_control=True, short=())
def api_not_foreseen(grounds: Grounds, trial: Trial) -> Found:
    return _run(REQUESTS, 100, "bad_values_not_foreseen")


@fault("made-up lives of deliveries and seats", databases=("both",), short=())
def rules(grounds: Grounds, trial: Trial) -> Found:
    return _run(RULES, trial.size(60, 2_000))


@fault("the same, the last receipt counts", databases=("both",), is_control=True, short=())
def rules_of_receipts(grounds: Grounds, trial: Trial) -> Found:
    return _run(f"{RULES}::test_the_rules_of_a_delivery", 60, "last_receipt_counts")


@fault("the same, always room", databases=("both",), is_control=True, short=())
def rules_of_seats(grounds: Grounds, trial: Trial) -> Found:
    return _run(f"{RULES}::test_the_rules_of_the_seats", 60, "always_room")


@fault("made-up lives of check-ins", databases=("both",), short=())
def lives(grounds: Grounds, trial: Trial) -> Found:
    return _run(LIVES, trial.size(12, 5_000), minutes=300)


@fault("the same, its question stays where it was", databases=("both",), is_control=True, short=())
def lives_left_behind(grounds: Grounds, trial: Trial) -> Found:
    return _run(LIVES, 60, "question_stays_behind")


def _story(told: list[str]) -> list[str]:
    """Return what did not hold, and the history in which it did not; a failure is rarely met again."""
    return [line for line in told if line.startswith("E ")] or told[-LAST_LINES:]


def _run(tests: str, examples: int, spoiled: str = "", *, minutes: int = 30) -> Found:
    """Run these tests with so many examples, in a process of their own; spoiled: see `spoil`."""
    told = {EXAMPLES: str(examples), HISTORIES: str(examples), spoil.VARIABLE: spoiled}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", tests, "-q", "-n0", f"--timeout={minutes * 60}",
         "-p", spoil.__name__],
        env=os.environ | told, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = Found(examples)
    if done.returncode not in (0, TESTS_FAILED):
        raise RuntimeError(f"the tests did not run: {done.stdout[-300:]}")
    if done.returncode == TESTS_FAILED:
        found.lose("\n".join(_story(done.stdout.splitlines())))
    return found
