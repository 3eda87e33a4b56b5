"""The service's own processes, started and killed by id. They are forked from one that has imported
everything, so that hundreds of lives cost little; each is a process of its own, with its own sockets.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

import httpx

import service.cli.processes

PATIENCE_SECONDS = 60.0
_forking = multiprocessing.get_context("forkserver")
# All that a process is told to do, and what the parent was started as: imported once, not in each.
_forking.set_forkserver_preload(
    ["tests.faults.parts", "tests.faults.tweaks", "tests.faults.dying", "tests.faults.report"]
)


Tweak = Callable[[], None]


def _live(name: str, environment: dict[str, str], log: str, tweak: Tweak | None) -> None:
    """Be one process of the service until it is told to end. Runs in the child."""
    os.environ.update(environment)
    with Path(log).open("ab", buffering=0) as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    if tweak is not None:
        tweak()
    getattr(service.cli.processes, name)()


@dataclass
class Part:
    """One running process."""

    name: str
    process: BaseProcess
    log: Path

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def is_alive(self) -> bool:
        return self.process.is_alive()

    def signal(self, number: int) -> None:
        """Send a signal, unless it is gone already."""
        if self.process.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it between two instructions, as a power cut would."""
        self.signal(signal.SIGKILL)
        self.process.join()

    def end(self) -> int | None:
        """Ask it to end and return its exit code; one that does not end in time is killed."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        self.process.join(PATIENCE_SECONDS)
        if self.process.is_alive():
            self.kill()
        return self.process.exitcode

    def last_words(self) -> str:
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


@dataclass
class Parts:
    """The processes on one stage."""

    environment: dict[str, str]
    folder: Path
    running: list[Part] = field(default_factory=list)

    def start(
        self, name: str, tweak: Tweak | None = None, *, log: str = "", **environment: str
    ) -> Part:
        """Start `worker`, `clock`, `web` or `run`; `tweak` changes its parts before they are made."""
        path = self.folder / (log or f"{name}.log")
        process = _forking.Process(
            target=_live, args=(name, self.environment | environment, str(path), tweak), daemon=True
        )
        process.start()
        part = Part(name, process, path)
        self.running.append(part)
        if name in ("web", "run"):
            self._wait_for_web(part)
        return part

    def troubles(self) -> str:
        """Return what the processes said last of what went wrong."""
        logs = {part.log for part in self.running if part.log.exists()}
        lines = [
            f"{log.name}: {line}"
            for log in sorted(logs)
            for line in log.read_text(errors="replace").splitlines()
            if "error" in line or "warning" in line
        ]
        return "\n".join(lines[-20:])

    def end_all(self) -> None:
        """End whatever is left."""
        for part in self.running:
            part.signal(signal.SIGCONT)
            part.signal(signal.SIGTERM)
        for part in self.running:
            part.end()
        self.running.clear()

    def _wait_for_web(self, part: Part) -> None:
        url = f"{self.environment['ACOMPANA_PUBLIC_URL']}/healthz"
        for _ in until(f"{part.name} answers"):
            if not part.is_alive():
                raise AssertionError(f"{part.name} ended:\n{part.last_words()}")
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(url, trust_env=False).status_code == 200:
                    return


def until(what: str, *, seconds: float = PATIENCE_SECONDS, pause: float = 0.05) -> Iterator[None]:
    """Loop until the body breaks or returns; raise AssertionError when it has not in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield
        time.sleep(pause)
    raise AssertionError(f"did not happen within {seconds:.0f} s: {what}")
