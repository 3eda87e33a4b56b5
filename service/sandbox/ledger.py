"""What happened, one JSON line each, on disk before anybody is told that it happened."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from service.sandbox.clock import SandboxClock

log = logging.getLogger("sandbox.ledger")

Entry = dict[str, Any]


class Batch:
    """Lines on their way to the disk together."""

    def __init__(self) -> None:
        self.written = asyncio.Event()
        self.error: OSError | None = None


class Ledger:
    """Append-only. Entries of this run are also kept in memory, for the judge to ask.

    Lines are written in batches, one fsync a batch: all requests that arrive while a batch is on
    its way to the disk share the next one.
    """

    def __init__(self, file: Path | None, clock: SandboxClock, *, is_fsynced: bool = True) -> None:
        self._clock = clock
        self._is_fsynced = is_fsynced
        self._entries: list[Entry] = []
        self._count = 0
        self._lines: list[bytes] = []
        self._batch = Batch()
        self._is_closing = False
        self._something = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._fd: int | None = None
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(self, kind: str, **fields: Any) -> Entry:
        """Write an entry soon; fields must be JSON values. Order is the order of the calls."""
        self._count += 1
        entry = {"seq": self._count, "at": self._clock.now().isoformat(), "kind": kind, **fields}
        self._entries.append(entry)
        if self._fd is not None:
            self._lines.append(to_json(entry))
            self._something.set()
        return entry

    async def keep(self, kind: str, **fields: Any) -> Entry:
        """Write an entry and return once it is on disk."""
        entry = self.note(kind, **fields)
        if self._fd is not None:
            batch = self._batch
            await batch.written.wait()
            if batch.error is not None:
                raise batch.error
        return entry

    def entries(
        self, *, kind: str | None = None, to: str | None = None, since: int = 0
    ) -> list[Entry]:
        """Return this run's entries, oldest first, of these kinds (comma separated)."""
        kinds = set(kind.split(",")) if kind else None
        return [
            entry
            for entry in self._entries
            if entry["seq"] > since
            and (kinds is None or entry["kind"] in kinds)
            and (to is None or entry.get("to") == to)
        ]

    def forget(self) -> None:
        """Empty the memory; what is on disk stays."""
        self._entries.clear()

    def open(self) -> None:
        """Start writing. Needs a running event loop."""
        if self._fd is not None:
            self._writer = asyncio.get_running_loop().create_task(self._write_batches())

    async def close(self) -> None:
        """Write what is left and close the file."""
        self._is_closing = True
        self._something.set()
        if self._writer is not None:
            await self._writer
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    async def _write_batches(self) -> None:
        while not (self._is_closing and not self._lines):
            await self._something.wait()
            lines, batch = self._take()
            try:
                if self._is_fsynced:
                    await asyncio.to_thread(self._append, lines)
                else:
                    self._append(lines)
            except OSError as error:
                log.exception("the ledger could not be written; %d lines are lost", len(lines))
                batch.error = error
            batch.written.set()

    def _take(self) -> tuple[list[bytes], Batch]:
        taken = self._lines, self._batch
        self._lines, self._batch = [], Batch()
        self._something.clear()
        return taken

    def _append(self, lines: list[bytes]) -> None:
        data = b"".join(line + b"\n" for line in lines)
        if self._fd is None or not data:
            return
        while data:
            data = data[os.write(self._fd, data) :]
        if self._is_fsynced:
            os.fsync(self._fd)
