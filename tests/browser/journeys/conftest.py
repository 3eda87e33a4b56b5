"""Where journeys take place: one town for all of them, one more on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.browser.conftest import Visit
from tests.browser.journeys.town import NUMBERS, Town
from tests.browser.journeys.ways import Walk, Way, set_out
from tests.faults.grounds import Grounds, prepared

SetOut = Callable[[], Walk]


@pytest.fixture(scope="package")
def grounds() -> Iterator[Grounds]:
    with prepared(*NUMBERS) as made:
        yield made


@pytest.fixture(scope="package", params=["sqlite"])
def town(grounds: Grounds, request: pytest.FixtureRequest) -> Iterator[Town]:
    """A small network as it runs: one process on SQLite; or a large one's three on PostgreSQL."""
    with grounds.stage(request.param) as stage:
        town = Town(stage)
        for part in ("run",) if request.param == "sqlite" else ("web", "worker", "clock"):
            stage.parts.start(part)
        yield town
        print(stage.parts.troubles())  # shown where a test failed


@pytest.fixture
def sets_out(visit: Visit, town: Town, way: Way) -> SetOut:
    """Open one more browser in which nobody is known."""
    return lambda: set_out(visit, way, town.url)
