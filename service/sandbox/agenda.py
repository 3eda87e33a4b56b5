"""What is still to be done, and when, by the sandbox's clock."""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.sandbox.clock import SandboxClock

log = logging.getLogger("sandbox.agenda")

Work = Callable[[], Coroutine[Any, Any, None]]

# The machine's clock may step too: look again at least this often.
LONGEST_NAP_SECONDS = 1.0


@dataclass(frozen=True)
class Load:
    """What the agenda holds: waiting for their time, at work now, and the next moment."""

    waiting: int
    running: int
    next_due_at: datetime | None


class Agenda:
    """Starts each piece of work once its moment has come; moving the clock wakes it at once.

    Works within one event loop. Work due at the same moment starts in the order it was put down.
    """

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._heap: list[tuple[datetime, int, Work]] = []
        self._count = 0
        self._running: set[asyncio.Task[None]] = set()
        self._waiters: set[asyncio.Event] = set()
        self._timer: asyncio.TimerHandle | None = None
        clock.when_changed(self._arm)

    def at(self, due_at: datetime, work: Work) -> None:
        """Have `work` started when the clock shows `due_at`."""
        self._count += 1
        heapq.heappush(self._heap, (due_at, self._count, work))
        if self._heap[0][1] == self._count:
            self._arm()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start `work` now and count it as running until it ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def wait_until(self, due_at: datetime) -> None:
        """Return when the clock shows `due_at`, or when the agenda is cleared."""
        if due_at <= self._clock.now():
            return
        arrived = asyncio.Event()
        self._waiters.add(arrived)

        async def wake() -> None:
            arrived.set()

        self.at(due_at, wake)
        await arrived.wait()
        self._waiters.discard(arrived)

    def load(self) -> Load:
        """Return how much is waiting and running."""
        next_due_at = self._heap[0][0] if self._heap else None
        return Load(len(self._heap), len(self._running), next_due_at)

    def clear(self) -> None:
        """Drop everything, also what runs; who waits goes on at once."""
        self._heap.clear()
        for arrived in self._waiters:
            arrived.set()
        for task in list(self._running):
            task.cancel()
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._heap:
            left = (self._heap[0][0] - self._clock.now()).total_seconds()
            nap = min(max(left, 0.0), LONGEST_NAP_SECONDS)
            self._timer = asyncio.get_running_loop().call_later(nap, self._start_due)

    def _start_due(self) -> None:
        self._timer = None
        now = self._clock.now()
        while self._heap and self._heap[0][0] <= now:
            self.start(heapq.heappop(self._heap)[2]())
        self._arm()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("work on the agenda failed", exc_info=error)
