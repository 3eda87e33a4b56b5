"""Open a database so that writers queue, readers don't wait, and both dialects act alike."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session, text

from service.db.bell import Bell
from service.errors import Unavailable

POOL_SIZE = 10
WRITER_CACHE_KIB, READER_CACHE_KIB = 32_000, 8_000  # a message's rows are read back from memory
LONGEST_IDLE_MS = 15_000  # a process that is frozen in a transaction holds its rows no longer
_POSTGRES_OPTIONS = (
    f"-c idle_in_transaction_session_timeout={LONGEST_IDLE_MS}"
    # A plan is made for the tables as they are. A worker that had waited beside empty ones kept the
    # plan that was good for those, and sent the next rally call at a quarter of its speed.
    " -c plan_cache_mode=force_custom_plan"
)
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "wal_autocheckpoint=4000",  # pages: those that a message writes again and again move once
)


_MET = ("40P01", "40001")  # PostgreSQL's deadlock_detected and serialization_failure


class Met(Unavailable):
    """Two transactions waited for each other, and this one was undone: doing it again helps."""


class Database:
    """One database: `write()` and `read()` give a session, each one transaction.

    SQLite: a single writer at a time, held by `lock` (a Lock and not an RLock: a request enters
    and leaves on different threads), each transaction `BEGIN IMMEDIATE`, WAL with
    `synchronous=FULL`, so that what was committed survives a power cut. Readers never wait.
    PostgreSQL: a pool of connections; `lock` is never contended there and is not taken.
    """

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.lock = threading.Lock()
        self.bell = Bell(self.url)
        if self.is_sqlite:
            _make_folder(self.url.database)
            self.writer = _sqlite_engine(url, "BEGIN IMMEDIATE", WRITER_CACHE_KIB)
            self.reader = _sqlite_engine(url, "BEGIN", READER_CACHE_KIB)
        else:
            self.writer = self.reader = create_engine(
                self.url.set(drivername="postgresql+psycopg"),
                hide_parameters=True,
                pool_size=POOL_SIZE,
                max_overflow=POOL_SIZE,
                pool_pre_ping=True,
                connect_args={"options": _POSTGRES_OPTIONS},
            )

    @property
    def concurrent_writers(self) -> int:
        """How many transactions may write at once."""
        return 1 if self.is_sqlite else POOL_SIZE

    @contextlib.contextmanager
    def write(self) -> Iterator[Session]:
        """Give a session whose transaction commits at the end, or rolls back on any exception.

        Raises Unavailable when the database can't be reached or can't take the write.
        """
        turn = self.lock if self.is_sqlite else contextlib.nullcontext()
        with turn, _as_unavailable(), Session(self.writer, expire_on_commit=False) as session:
            session.info["bell"] = self.bell
            with session.begin():
                yield session

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session for reading: one snapshot on SQLite, read committed on PostgreSQL."""
        with _as_unavailable(), Session(self.reader, expire_on_commit=False) as session:
            yield session

    def ping(self) -> None:
        """Ask the database for a sign of life. Raises Unavailable."""
        with self.read() as session:
            session.execute(text("select 1"))

    def dispose(self) -> None:
        """Close every connection."""
        self.bell.close()
        self.writer.dispose()
        self.reader.dispose()


@contextlib.contextmanager
def _as_unavailable() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", "") in _MET:
            raise Met("two transactions met, and this one gave way") from error
        raise Unavailable(f"the database does not answer ({type(error.orig).__name__})") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable("the connection to the database was lost") from error
        raise


def _make_folder(path: str | None) -> None:
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)


def _sqlite_engine(url: str, begin: str, cache_kib: int) -> Engine:
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": 15})

    @event.listens_for(engine, "connect")
    def _prepare(connection, _record) -> None:  # type: ignore[no-untyped-def]  # DBAPI is untyped
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (*_PRAGMAS, f"cache_size=-{cache_kib}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def ring_after(session: Session) -> None:
    """Wake the workers once this session's transaction has committed."""
    bell = session.info.get("bell")
    if bell is not None:
        bell.ring(session)
