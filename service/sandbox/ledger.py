"""What happened, one JSON line each, on disk before anybody is told that it happened."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from service.sandbox.clock import SandboxClock

Entry = dict[str, Any]


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
        self._lines: list[str] = []
        self._batch: asyncio.Future[None] | None = None
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
            self._lines.append(json.dumps(entry, ensure_ascii=False, separators=(",", ":")))
            self._something.set()
        return entry

    async def keep(self, kind: str, **fields: Any) -> Entry:
        """Write an entry and return once it is on disk."""
        entry = self.note(kind, **fields)
        if self._fd is not None:
            if self._batch is None:
                self._batch = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._batch)
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
        if self._writer is not None:
            self._writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writer
        if self._fd is not None:
            self._append(self._take()[0])
            os.close(self._fd)
            self._fd = None

    async def _write_batches(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._something.wait()
            lines, batch = self._take()
            try:
                await asyncio.shield(loop.run_in_executor(None, self._append, lines))
            except OSError as error:
                if batch is not None and not batch.done():
                    batch.set_exception(error)
                continue
            if batch is not None and not batch.done():
                batch.set_result(None)

    def _take(self) -> tuple[list[str], asyncio.Future[None] | None]:
        taken = self._lines, self._batch
        self._lines, self._batch = [], None
        self._something.clear()
        return taken

    def _append(self, lines: Iterable[str]) -> None:
        data = "".join(f"{line}\n" for line in lines).encode()
        if self._fd is None or not data:
            return
        while data:
            data = data[os.write(self._fd, data) :]
        if self._is_fsynced:
            os.fsync(self._fd)
