"""Time, as a part that is handed in. Only the edges read a clock; everything else takes `now`."""

from __future__ import annotations

import mmap
import struct
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from service.errors import NaiveDatetime


def aware(moment: datetime) -> datetime:
    """Return `moment` in UTC. Raises NaiveDatetime if it has no zone."""
    if moment.tzinfo is None:
        raise NaiveDatetime(f"a time without a zone: {moment!r}")
    return moment.astimezone(UTC)


class Clock(Protocol):
    """What every process reads time from."""

    def now(self) -> datetime:
        """Return this moment, aware, in UTC."""
        ...

    def wait_until(self, moment: datetime, stop: threading.Event) -> bool:
        """Wait until `moment` (aware) or until `stop` is set; return whether the moment came."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait_until(self, moment: datetime, stop: threading.Event) -> bool:
        return not stop.wait(max(0.0, (moment - self.now()).total_seconds()))


class FollowedClock:
    """The machine's clock plus an offset that another process sets, so that many tell one time.

    path: 8 bytes, a little-endian signed count of microseconds; mapped, so a read costs no call.
    Used by the demo and the tests; the sandbox carrier writes the file.
    """

    POLL_SECONDS = 0.02

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(struct.pack("<q", 0))
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)

    def now(self) -> datetime:
        (offset_us,) = struct.unpack("<q", self._map[:8])
        return datetime.now(UTC) + timedelta(microseconds=offset_us)

    def wait_until(self, moment: datetime, stop: threading.Event) -> bool:
        while (left := (moment - self.now()).total_seconds()) > 0:
            if stop.wait(min(left, self.POLL_SECONDS)):
                return False
        return not stop.is_set()


def monotonic_seconds() -> float:
    """Return seconds of a clock that never goes backwards, for deadlines within one process."""
    return time.monotonic()
