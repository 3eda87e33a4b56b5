"""The short version of every fault on each of its databases; the whole one is `make faults`."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from tests.faults import report
from tests.faults.grounds import Grounds, prepared
from tests.faults.run import load, tried

# One sandbox, one port: they take turns, on one worker.
pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(180)]

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
    line = tried(grounds, one, report.Trial(database, secrets.randbits(31)))
    again = (
        f"python -m tests.faults.run --only '{one.name}' --database {database} --seed {line.seed}"
    )
    assert line.ok, "\n".join([report.row(line), *line.problems, again])
