"""A process that is measured: it takes lines of JSON and answers each with one."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from tests.bench.cores import on

END_SECONDS = 30.0


class Child:
    """One such process. `hello`: its first line, once it is ready."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.hello: dict[str, Any] = {}

    def ask(self, **question: object) -> dict[str, Any]:
        """Send a line and return the answer."""
        self.tell(**question)
        return self.hear()

    def tell(self, **question: object) -> None:
        """Send a line; somebody must `hear` the answer later."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        """Wait for the next line."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended with {self._process.wait()}")
        said: dict[str, Any] = json.loads(line)
        return said


@contextlib.contextmanager
def running(module: str, *arguments: str, core: int) -> Iterator[Child]:
    """Start `python -m module` and wait for its first line; end it afterwards."""
    command = [sys.executable, "-m", module, *arguments]
    with on(core):
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
    child = Child(process)
    try:
        child.hello = child.hear()
        yield child
    finally:
        end(process)


def end(process: subprocess.Popen[Any]) -> None:
    """Close its input, ask it to end, and at last make it."""
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def say(**answer: object) -> None:
    """In the child: answer with one line."""
    print(json.dumps(answer), flush=True)
