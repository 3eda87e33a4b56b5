"""What a process does before it serves."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest

from service.cli import processes
from service.wiring import Wiring


@pytest.fixture
def thawed() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("thawed")
def test_whoever_serves_leaves_what_is_loaded_out_of_collections(
    wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[int] = []

    def run(server: processes._Server) -> None:
        routes = {id(route) for route in server._app.routes}
        looked_at = {id(each) for each in gc.get_objects()}
        kept.append(len(routes & looked_at))

    monkeypatch.setattr(processes._Server, "run", run)
    stop = threading.Event()
    processes._serve(wiring, stop)
    stop.set()
    assert kept == [0]  # not one of the application's routes is gone through again
    assert gc.isenabled()
