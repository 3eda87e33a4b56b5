"""The clock that the sandbox sets and that others follow through a file of eight bytes."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

OFFSET = struct.Struct("<q")  # microseconds to add to the machine's clock
MOMENT = timedelta(microseconds=1)
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class ClockOutOfRange(ValueError):
    """Somebody moved time farther than any test or demo needs."""


class SandboxClock:
    """The machine's clock plus an offset.

    file: holds the offset as a little-endian signed 64-bit count of microseconds. It is written
    in place (same inode, eight bytes in one write), so that other processes can map it. An offset
    found there is kept, so a restart does not move time.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._on_change: list[Callable[[], None]] = []
        self._offset = timedelta(0)
        self._fd: int | None = None
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
            found = os.pread(self._fd, OFFSET.size, 0)
            if len(found) == OFFSET.size:
                self._offset = timedelta(microseconds=OFFSET.unpack(found)[0])
            self._write()

    @property
    def offset_microseconds(self) -> int:
        return self._offset // MOMENT

    def now(self) -> datetime:
        """Return this moment, aware, in UTC."""
        return datetime.now(UTC) + self._offset

    def advance(self, seconds: float) -> None:
        """Move time by so many seconds; negative ones move it back. Raises ClockOutOfRange."""
        self._set(self._offset + timedelta(seconds=seconds))

    def move_to(self, moment: datetime) -> None:
        """Make it `moment` (aware) now. Raises ClockOutOfRange."""
        self._set(moment - datetime.now(UTC))

    def reset(self) -> None:
        """Follow the machine's clock again."""
        self._set(timedelta(0))

    def when_changed(self, call: Callable[[], None]) -> None:
        """Have `call` run each time that somebody moves time."""
        self._on_change.append(call)

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _set(self, offset: timedelta) -> None:
        if not EARLIEST <= datetime.now(UTC) + offset <= LATEST:
            raise ClockOutOfRange(f"the clock can show {EARLIEST:%Y} to {LATEST:%Y}")
        self._offset = offset
        self._write()
        for call in self._on_change:
            call()

    def _write(self) -> None:
        if self._fd is not None:
            os.pwrite(self._fd, OFFSET.pack(self.offset_microseconds), 0)
