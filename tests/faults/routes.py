"""Made-up requests to every route of the API, and made-up lives of deliveries and seats."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.faults.grounds import Grounds
from tests.faults.report import Found, Trial, fault

API = "tests/web/api/test_docs.py"
RULES = "tests/faults/test_fuzz.py"
LAST_LINES = 8


@fault("made-up requests to every route of the API", databases=("postgresql",), short=())
def api(grounds: Grounds, trial: Trial) -> Found:
    return _run(f"{API}::test_made_up_requests_are_answered_as_described", 100)


@fault("made-up lives of deliveries and seats", databases=("both",), short=())
def rules(grounds: Grounds, trial: Trial) -> Found:
    return _run(RULES, trial.size(60, 2_000))


def _run(tests: str, examples: int) -> Found:
    """Run these tests with so many examples, in a process of their own."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", tests, "-q", "-n0", "--timeout=1800"],
        env={**os.environ, "ACOMPANA_EXAMPLES": str(examples)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = Found(examples)
    if done.returncode != 0:
        found.lose("\n".join(done.stdout.splitlines()[-LAST_LINES:]))
    return found
