"""A short month: nothing that must never happen does, and asking calmly costs a fraction of the texts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.grounds import Grounds, prepared
from tests.month.judge import judge
from tests.month.network import SHORT, invent
from tests.month.run import lived

pytestmark = pytest.mark.timeout(900)  # one machine may do much else


@pytest.fixture(scope="module")
def grounds() -> Iterator[Grounds]:
    with prepared() as made:
        yield made


def test_a_week_of_a_small_network(grounds: Grounds) -> None:
    with lived(grounds, invent(1, SHORT)) as month:
        found = judge(month)
    assert found.is_clean, found.problems
    assert found.reminders > 5
    assert found.places_taken > 0
