"""Wake who waits for news, once the transaction that made the news has committed."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg
import structlog
from sqlalchemy import URL, event
from sqlmodel import Session, text

log = structlog.get_logger()

CHANNEL = "outbox"
LISTEN_SECONDS = 1.0


class Bell:
    """Rings within one process on SQLite; across machines, by LISTEN/NOTIFY, on PostgreSQL.

    A missed ring costs a moment, never a text: those who wait also look by themselves.
    """

    def __init__(self, url: URL) -> None:
        self._url = url if url.get_backend_name() == "postgresql" else None
        self._listeners: list[Callable[[], None]] = []
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def ring(self, session: Session) -> None:
        """Ring when the session's transaction commits."""
        if self._url is not None:
            session.execute(text("select pg_notify(:channel, '')"), {"channel": CHANNEL})
        elif not session.info.get("rings"):
            session.info["rings"] = True
            event.listen(session, "after_commit", lambda _session: self._tell(), once=True)

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener`, on any thread, at each ring until `close`."""
        self._listeners.append(listener)
        if self._url is not None and self._thread is None:
            self._thread = threading.Thread(target=self._hear, name="bell", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._listeners.clear()
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(LISTEN_SECONDS * 3)

    def _tell(self) -> None:
        for listener in list(self._listeners):
            listener()

    def _hear(self) -> None:
        assert self._url is not None  # noqa: S101  (only started on PostgreSQL)
        address = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        while not self._stopping.is_set():
            try:
                with psycopg.connect(address, autocommit=True) as connection:
                    connection.execute(f"listen {CHANNEL}")
                    while not self._stopping.is_set():
                        for _ in connection.notifies(timeout=LISTEN_SECONDS, stop_after=1):
                            self._tell()
            except psycopg.Error as error:
                log.warning("bell.lost", why=type(error).__name__)
                self._stopping.wait(LISTEN_SECONDS)
