"""One holder at a time, across processes: whoever ticks the clock holds this."""

from __future__ import annotations

import contextlib
import fcntl
import select
from pathlib import Path
from typing import IO, Protocol

import psycopg
from sqlalchemy import URL

TICKING = 0x41C0  # the advisory lock's number within a database


class Lock(Protocol):
    """Held by one process at a time. It ends with the process, however that ends."""

    def take(self) -> bool:
        """Try to take it; return whether it is ours now. Raises nothing."""
        ...

    def wait_for_loss(self, seconds: float) -> bool:
        """Return True as soon as it is no longer ours, False after `seconds`."""
        ...

    def release(self) -> None:
        """Give it back. Safe to call twice."""
        ...


def make_lock(url: URL) -> Lock:
    """Return the lock of the database at `url`: a file beside it, or the server's own."""
    if url.get_backend_name() == "postgresql":
        return AdvisoryLock(url)
    return FileLock(Path(f"{url.database}.clock"))


class FileLock:
    """On one machine: a file that the operating system locks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def take(self) -> bool:
        if self._file is not None:
            return True
        with contextlib.ExitStack() as undo:
            try:
                file = undo.enter_context(self._path.open("ab"))
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:  # somebody has it, or the disk takes no new file
                return False
            undo.pop_all()
        self._file = file
        return True

    def wait_for_loss(self, seconds: float) -> bool:
        """It can't be lost: only wait a moment."""
        select.select([], [], [], seconds)
        return self._file is None

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class AdvisoryLock:
    """On PostgreSQL: held by a connection of its own. The connection is gone, the lock is gone."""

    def __init__(self, url: URL) -> None:
        address = url.set(drivername="postgresql")
        self._address = address.render_as_string(hide_password=False)
        self._connection: psycopg.Connection | None = None

    def take(self) -> bool:
        try:
            if self._connection is None:
                self._connection = psycopg.connect(
                    self._address, autocommit=True, connect_timeout=5, tcp_user_timeout=5000,
                    keepalives_idle=5, keepalives_interval=2, keepalives_count=3,
                )  # fmt: skip
            row = self._connection.execute("select pg_try_advisory_lock(%s)", [TICKING]).fetchone()
        except psycopg.Error:
            self.release()
            return False
        return bool(row and row[0])

    def wait_for_loss(self, seconds: float) -> bool:
        if self._connection is None:
            return True
        try:
            # Silent unless something happened to it: an end of file wakes us at once.
            select.select([self._connection.fileno()], [], [], seconds)
            self._connection.execute("select 1")
        except (psycopg.Error, OSError, ValueError):
            self.release()
            return True
        return False

    def release(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
            self._connection = None
