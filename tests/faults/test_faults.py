"""The short version of every fault on each of its databases; the whole one is `make faults`."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from tests.faults import report
from tests.faults.grounds import Grounds, prepared
from tests.faults.run import load, tried

# Each worker has a sandbox and a port of its own.
pytestmark = pytest.mark.timeout(180)
MOST_TRIES = 3  # that a control has to go red: small as it is, chance may spare it

TRIALS = [
    pytest.param(one, database, id=f"{one.slug}-{database}")
    for one in load()
    for database in one.short_databases
]


@pytest.fixture(scope="module")
def grounds() -> Iterator[Grounds]:
    with prepared() as made:
        yield made


@pytest.mark.parametrize(("one", "database"), TRIALS)
def test_nothing_is_lost_nor_sent_twice(grounds: Grounds, one: report.Fault, database: str) -> None:
    for _ in range(MOST_TRIES if one.is_control else 1):
        line = tried(grounds, one, report.Trial(database, secrets.randbits(31)))
        if line.ok:
            return
    again = (
        f"python -m tests.faults.run --only '{one.name}' --database {database} --seed {line.seed}"
    )
    pytest.fail("\n".join([report.row(line), *line.problems, again]))
