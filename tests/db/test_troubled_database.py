"""Transactions that meet, and processes that freeze in the midst of one, on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from uuid import UUID

import anyio
import pytest
from fastapi import FastAPI
from sqlmodel import Session, text

from service.db import Database
from service.db import database as opening
from service.errors import Unavailable
from service.web.session import attach, write_in_turn
from tests import postgres
from tests.factories import make_chapter


@pytest.fixture
def data(pg_server: postgres.Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A PostgreSQL database whose patience is short."""
    monkeypatch.setattr(opening, "LONGEST_IDLE_MS", 300)
    with pg_server.lend("original") as url:
        opened = Database(url)
        try:
            yield opened
        finally:
            opened.dispose()


@pytest.fixture
def chapters(data: Database) -> tuple[UUID, UUID]:
    """Two rows to meet at."""
    with data.write() as session:
        return make_chapter(session, "one").id, make_chapter(session, "two").id


def _rename(session: Session, id_: UUID, name: str) -> None:
    session.execute(
        text("update chapter set caller_name = :name where id = :id"), {"name": name, "id": id_}
    )


def test_who_freezes_in_a_transaction_holds_its_rows_no_longer(
    data: Database, chapters: tuple[UUID, UUID]
) -> None:
    def freeze() -> None:
        with data.write() as frozen:
            _rename(frozen, chapters[0], "Marta")
            with data.write() as other:  # waits until the frozen one is ended
                _rename(other, chapters[0], "Rosa")
            frozen.execute(text("select 1"))

    with pytest.raises(Unavailable):
        freeze()
    with data.read() as session:
        named = session.execute(
            text("select caller_name from chapter where id = :id"), {"id": chapters[0]}
        )
        assert named.scalar_one() == "Rosa"


def test_a_webhook_that_met_another_transaction_tries_again(
    data: Database, chapters: tuple[UUID, UUID]
) -> None:
    """Two writers take the same two rows in opposite orders; PostgreSQL undoes one of them."""
    app = FastAPI()
    attach(app, _Parts(data))  # type: ignore[arg-type]  # the database is all that is asked for
    both_hold_one = threading.Barrier(2)
    runs: list[str] = []

    def write(name: str, first: UUID, second: UUID) -> None:
        def work(session: Session) -> None:
            runs.append(name)
            _rename(session, first, name)
            if runs.count(name) == 1:
                both_hold_one.wait(5)
            _rename(session, second, name)

        anyio.run(write_in_turn, app, work)

    threads = [
        threading.Thread(target=write, args=("Marta", *chapters)),
        threading.Thread(target=write, args=("Rosa", *reversed(chapters))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(set(runs)) == ["Marta", "Rosa"]
    assert len(runs) >= 3  # on a busy machine they may meet more than once


class _Parts:
    """As much of the parts as a transaction takes."""

    def __init__(self, database: Database) -> None:
        self.database = database
