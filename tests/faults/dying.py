"""A worker that ends itself, as `kill -9` would, at a named step. Its parts are wrapped, not changed."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from sqlmodel import Session

import service.cli.processes
import service.wiring
from service.db import Database
from service.outbox.deliver import Worker
from service.sms.carrier import Carrier, Listed, Outcome, OutgoingText
from service.sms.twilio import TwilioDirectory
from service.wiring import Wiring

Step = Literal[
    "before a commit", "after a commit", "before a POST", "during a POST", "after an answer",
    "before a list", "after a list",
]  # fmt: skip
STEPS: tuple[Step, ...] = Step.__args__  # type: ignore[attr-defined]
DURING_SECONDS = 0.004


@dataclass(frozen=True)
class Death:
    """Die when `step` comes up for the `time`-th time, counted from 1."""

    step: Step
    time: int


class Fate:
    """Counts the steps of one process, on all its threads."""

    def __init__(self, death: Death) -> None:
        self._death = death
        self._lock = threading.Lock()
        self._seen = 0

    def is_now(self, step: Step) -> bool:
        """Return whether this is the step at which it ends."""
        if step != self._death.step:
            return False
        with self._lock:
            self._seen += 1
            return self._seen == self._death.time

    def at(self, step: Step) -> None:
        """End the process here, if it is time."""
        if self.is_now(step):
            end()


def end() -> None:
    """End at once: no handler runs, nothing is flushed."""
    os._exit(137)


class DyingDatabase(Database):
    """Ends just before or just after a commit."""

    def __init__(self, url: str, fate: Fate) -> None:
        super().__init__(url)
        self._fate = fate

    @contextlib.contextmanager
    def write(self) -> Iterator[Session]:
        with super().write() as session:
            yield session
            session.flush()
            self._fate.at("before a commit")
        self._fate.at("after a commit")


class DyingCarrier:
    """Ends just before a request, while it is under way, or with the answer in hand."""

    def __init__(self, inner: Carrier, fate: Fate) -> None:
        self._inner, self._fate = inner, fate

    async def send(self, text: OutgoingText, *, deadline: float) -> Outcome:
        self._fate.at("before a POST")
        if self._fate.is_now("during a POST"):
            posting = asyncio.create_task(self._inner.send(text, deadline=deadline))
            await asyncio.wait([posting], timeout=DURING_SECONDS)
            end()
        outcome = await self._inner.send(text, deadline=deadline)
        self._fate.at("after an answer")
        return outcome

    async def close(self) -> None:
        await self._inner.close()


class DyingDirectory:
    """Ends around a look at the carrier's list."""

    def __init__(self, inner: TwilioDirectory, fate: Fate) -> None:
        self._inner, self._fate = inner, fate

    def sent_to(self, to: str) -> Sequence[Listed]:
        self._fate.at("before a list")
        found = self._inner.sent_to(to)
        self._fate.at("after a list")
        return found

    def received_by(self, number: str, *, since: datetime) -> Sequence[Listed]:
        return self._inner.received_by(number, since=since)


def arrange(death: Death, ready: Path) -> None:
    """Let the worker of this process end at a step, and leave a file when it is made."""
    fate = Fate(death)

    def make_worker(wiring: Wiring) -> Worker:
        parts = service.wiring.make_parts(wiring)
        ready.touch()
        return Worker(
            dataclasses.replace(
                parts,
                database=DyingDatabase(wiring.settings.database_url, fate),
                carrier=DyingCarrier(parts.carrier, fate),
                directory=DyingDirectory(service.wiring.make_directory(wiring.settings), fate),
            )
        )

    setattr(service.cli.processes, "make_worker", make_worker)  # noqa: B010  (this process only)
