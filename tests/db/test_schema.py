"""The schema moves up and down on both databases and matches the tables."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pytest
from alembic import command
from sqlalchemy import inspect
from sqlmodel import select

from service.chapters.tables import Chapter
from service.db import Database, new_id
from service.db.migrate import config, downgrade, is_current, upgrade
from tests.conftest import Urls
from tests.factories import make_chapter


def test_goes_down_and_up_again(urls: Urls, database: Database) -> None:
    database.dispose()
    downgrade(urls.database, "base")
    assert set(inspect(database.reader).get_table_names()) <= {"alembic_version"}
    database.dispose()
    upgrade(urls.database)
    assert is_current(database)


def test_matches_the_tables(urls: Urls) -> None:
    command.check(config(urls.database))


def test_gives_back_what_was_written(database: Database) -> None:
    with database.write() as session:
        chapter = make_chapter(session)
    with database.read() as session:
        found = session.exec(select(Chapter)).one()
    assert found.id == chapter.id
    assert found.network_name == "Acompaña"


def test_ids_sort_by_the_time_they_were_made() -> None:
    earlier, later = new_id(1_700_000_000_000), new_id(1_700_000_000_001)
    assert earlier < later
    assert earlier.version == 7
    assert earlier.variant == UUID(int=later.int).variant


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.write() as session:
            make_chapter(session)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.read() as session:
        assert session.exec(select(Chapter)).all() == []


def test_refuses_a_time_without_a_zone(database: Database) -> None:
    from service.privacy.audit import AuditLine

    line = AuditLine(
        id=new_id(), number=1, at=datetime(2026, 1, 1), actor="a", action="b", subject="c",  # noqa: DTZ001
        previous_hash="", hash="",
    )  # fmt: skip

    def write() -> None:
        with database.write() as session:
            session.add(line)

    with pytest.raises(Exception, match="timezone"):
        write()
