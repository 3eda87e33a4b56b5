"""How a request gets its session: readers at once, writers in turn, committed before the answer.

A write waits at an async gate, without a thread; only then does it take the database's lock. The
lock without the gate would fill the thread pool with waiting requests until none could go on.
`scope="function"` makes the commit happen before the response: a commit that fails is a 503.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Annotated, TypeVar

import anyio
import anyio.to_thread
from fastapi import Depends, FastAPI, Request
from sqlmodel import Session

from service.db.database import Met
from service.web.tries import Tries
from service.wiring import Wiring

T = TypeVar("T")
MOST_MEETINGS = 3


def attach(app: FastAPI, wiring: Wiring) -> None:
    """Give the app its parts and its gate."""
    app.state.wiring = wiring
    app.state.gate = anyio.Semaphore(wiring.database.concurrent_writers)
    app.state.tries = Tries()
    app.state.public_tries = Tries()


def get_wiring(request: Request) -> Wiring:
    """Return the parts of this process."""
    wiring: Wiring = request.app.state.wiring
    return wiring


Parts = Annotated[Wiring, Depends(get_wiring)]


def get_now(wiring: Parts) -> datetime:
    """Return this moment (UTC), read once a request."""
    return wiring.clock.now()


Now = Annotated[datetime, Depends(get_now)]


async def _write_gate(request: Request) -> AsyncIterator[None]:
    gate: anyio.Semaphore = request.app.state.gate
    async with gate:
        yield


def _write_session(
    wiring: Parts, _gate: Annotated[None, Depends(_write_gate, scope="function")]
) -> Iterator[Session]:
    with wiring.database.write() as session:
        yield session


def _read_session(wiring: Parts) -> Iterator[Session]:
    with wiring.database.read() as session:
        yield session


Write = Annotated[Session, Depends(_write_session, scope="function")]
Read = Annotated[Session, Depends(_read_session, scope="function")]


async def write_in_turn(app: FastAPI, work: Callable[[Session], T]) -> T:
    """Run `work` in a write transaction of its own, on a thread; commit before returning.

    Where it met another transaction and gave way, it is run again. For async routes that make
    several transactions and hold nothing in between.
    """
    wiring: Wiring = app.state.wiring
    gate: anyio.Semaphore = app.state.gate

    def once() -> T:
        with wiring.database.write() as session:
            return work(session)

    def run() -> T:
        for _ in range(MOST_MEETINGS):
            with suppress(Met):
                return once()
        return once()

    async with gate:
        return await anyio.to_thread.run_sync(run)


async def read_apart(app: FastAPI, work: Callable[[Session], T]) -> T:
    """Run `work` in a reading transaction of its own, on a thread, and end it before returning."""
    wiring: Wiring = app.state.wiring

    def run() -> T:
        with wiring.database.read() as session:
            return work(session)

    return await anyio.to_thread.run_sync(run)
