"""Migrations up, down and up again, on data of full size.

Going up a second time changes nothing; down to the first tables and up again keeps every row as it
is, to the last bit. Below the first tables there is nothing, so rows can't stay: down to there leaves
nothing behind, and the schema that comes up again takes back every row that was exported before.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql
from sqlmodel import SQLModel

from service.chapters.tables import Chapter
from service.db.migrate import downgrade, upgrade
from tests.faults.grounds import Grounds, Stage
from tests.faults.people import blast, seed
from tests.faults.report import Found, Trial, fault

Export = dict[str, bytes]  # table -> its rows, in the order of their keys
TABLES = [table.name for table in SQLModel.metadata.sorted_tables]
FIRST = "0001"
# Columns of a chapter, as the migrations that added them fill them in; the model may start otherwise.
WHAT_LATER_ONES_SAY = {"list_weekday": 3, "wave_minutes": 240, "people_per_place": 5}
PER_PERSON = 3  # a person, a volunteer, a text


@fault("migrations up, down, up", short=("sqlite",))
def up_down_up(grounds: Grounds, trial: Trial) -> Found:
    return _try(grounds, trial, lambda rows: rows)


@fault("the same, one bit changed on the way", databases=("sqlite",), is_control=True)
def up_down_up_changed(grounds: Grounds, trial: Trial) -> Found:
    return _try(grounds, trial, lambda rows: rows.replace("+1413555", "+1413554", 1))


def _try(grounds: Grounds, trial: Trial, change: Callable[[str], str]) -> Found:
    rows = trial.size(2_000, 100_000)
    with grounds.stage(trial.database) as stage:
        chapter = seed(stage.wiring, rows // PER_PERSON + 1)
        _as_the_first_would_have_it(stage, chapter)
        blast(stage.wiring, chapter, "first call")
        stage.wiring.database.dispose()
        url = stage.environment["ACOMPANA_DATABASE_URL"]
        books: Books = PostgresBooks(url) if stage.server else SqliteBooks(stage)
        found, before, schema = Found(0), books.export(), books.schema()
        upgrade(url)
        found.lost += _differing(before, books.export(), found, "going up twice")
        downgrade(url, FIRST)
        upgrade(url)
        found.lost += _differing(before, books.export(), found, "down to the first and up")
        if books.schema() != schema:
            found.lose("the schema that came up from the first differs")
        downgrade(url, "base")
        if left := books.tables() - {"alembic_version"}:
            found.lose(f"down left {sorted(left)}")
        upgrade(url)
        if books.schema() != schema:
            found.lose("the schema that came up again differs")
        books.load({name: change(text.decode()).encode() for name, text in before.items()})
        found.lost += _differing(before, books.export(), found, "down and up")
        found.trials = sum(text.count(b"\n") for text in before.values())
        checksum = hashlib.sha256(b"".join(before.values())).hexdigest()[:12]
        found.notes.append(f"{found.trials:,} rows, sha256 {checksum}…")
    return found


def _as_the_first_would_have_it(stage: Stage, chapter: Chapter) -> None:
    """Set what later migrations added to what they add: on the way down it goes."""
    with stage.wiring.database.write() as session:
        row = session.get_one(Chapter, chapter.id)
        for name, value in WHAT_LATER_ONES_SAY.items():
            setattr(row, name, value)
        session.add(row)


def _differing(before: Export, after: Export, found: Found, when: str) -> int:
    """Return how many rows are not what they were."""
    count = 0
    for name in before.keys() | after.keys():
        was, is_ = before.get(name, b"").splitlines(), after.get(name, b"").splitlines()
        if was != is_:
            differing = max(1, len(set(was) ^ set(is_)) // 2)
            found.problems.append(f"{when}: {differing} rows of {name} differ")
            count += differing
    return count


class SqliteBooks:
    """All rows of a SQLite file, as lines of JSON."""

    def __init__(self, stage: Stage) -> None:
        self._database = stage.wiring.database

    def export(self) -> Export:
        with self._database.reader.connect() as connection:
            found = {}
            for name in TABLES:
                # The names are those of our own tables.
                rows = connection.exec_driver_sql(f'select * from "{name}" order by 1, 2')  # noqa: S608
                lines = [json.dumps([_told(value) for value in row]) for row in rows]
                found[name] = "".join(f"{line}\n" for line in lines).encode()
            return found

    def load(self, export: Export) -> None:
        with self._database.writer.connect() as connection:
            connection.exec_driver_sql("pragma defer_foreign_keys = on")
            for name in reversed(TABLES):  # what a migration writes itself
                # The names are those of our own tables.
                connection.exec_driver_sql(f'delete from "{name}"')  # noqa: S608
            for name, text in export.items():
                rows = [
                    tuple(_read(value) for value in json.loads(line)) for line in text.splitlines()
                ]
                if rows:
                    marks = ", ".join("?" * len(rows[0]))
                    # The names are those of our own tables.
                    connection.exec_driver_sql(f'insert into "{name}" values ({marks})', rows)  # noqa: S608
            connection.commit()

    def tables(self) -> set[str]:
        return {name for name, _ in self._master() if not name.startswith(("ix_", "uq_", "sqlite"))}

    def schema(self) -> object:
        """Every table's lines in order: a rebuilt table quotes its name and sorts its constraints anew."""
        return sorted(
            (name, sorted(line.strip(' ,"') for line in made.replace('"', "").splitlines()))
            for name, made in self._master()
        )

    def _master(self) -> list[tuple[str, str]]:
        with self._database.reader.connect() as connection:
            rows = connection.exec_driver_sql("select name, coalesce(sql, '') from sqlite_master")
            return [(name, made) for name, made in rows]


def _told(value: Any) -> Any:
    return {"hex": value.hex()} if isinstance(value, bytes) else value


def _read(value: Any) -> Any:
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value


class PostgresBooks:
    """All rows of a PostgreSQL database, as it copies them out itself."""

    def __init__(self, url: str) -> None:
        self._url = url

    def export(self) -> Export:
        found = {}
        with psycopg.connect(self._url) as connection, connection.cursor() as cursor:
            for name in TABLES:
                query = sql.SQL("copy (select * from {} order by 1, 2) to stdout")
                with cursor.copy(query.format(sql.Identifier(name))) as copy:
                    text = io.BytesIO()
                    for part in copy:
                        text.write(part)
                found[name] = text.getvalue()
        return found

    def load(self, export: Export) -> None:
        with psycopg.connect(self._url) as connection, connection.cursor() as cursor:
            for name in reversed(TABLES):  # what a migration writes itself
                cursor.execute(sql.SQL("delete from {}").format(sql.Identifier(name)))
            for name in TABLES:  # parents first
                query = sql.SQL("copy {} from stdin").format(sql.Identifier(name))
                with cursor.copy(query) as copy:
                    copy.write(export[name])

    def tables(self) -> set[str]:
        return {
            row[0]
            for row in self._rows("select tablename from pg_tables where schemaname = 'public'")
        }

    def schema(self) -> object:
        columns = (
            self._rows(  # in their order; a column that was dropped leaves a hole in the numbers
                "select table_name, column_name, data_type, is_nullable, column_default"
                " from information_schema.columns where table_schema = 'public'"
                " order by table_name, ordinal_position"
            )
        )
        indexes = self._rows(
            "select indexdef from pg_indexes where schemaname = 'public' order by 1"
        )
        rules = self._rows(
            "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint"
            " where connamespace = 'public'::regnamespace order by 1, 2"
        )
        return columns, indexes, rules

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._url) as connection:
            return connection.execute(query).fetchall()


Books = SqliteBooks | PostgresBooks
