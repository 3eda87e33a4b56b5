"""A STOP is confirmed when nothing more is on its way: what is being written, and what is being claimed."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlmodel import text

from service.db import Database
from service.outbox.claim import claim
from service.outbox.events import Answered
from service.outbox.quiesce import let_claims_end, still_being_written
from service.outbox.tables import ConsentNeeded
from service.sms.carrier import Accepted, NotWritten, Outcome
from tests.outbox.conftest import House

WAITING = (
    "select count(*) from pg_stat_activity"
    " where wait_event_type = 'Lock' and datname = current_database()"
)


def is_written_to(database: Database, person_id: UUID) -> bool:
    with database.read() as session:
        let_claims_end(session)
        return still_being_written(session, person_id)


@pytest.mark.parametrize("outcome", [Accepted("SM1"), NotWritten()])
def test_a_text_is_on_its_way_from_its_claim_until_its_answer_is_down(
    house: House, outcome: Outcome
) -> None:
    alma, beto = house.people(2)
    assert not is_written_to(house.database, alma.id)
    _, attempt_id = house.take(alma)
    assert is_written_to(house.database, alma.id)
    assert not is_written_to(house.database, beto.id)
    house.advance(Answered(attempt_id, outcome))
    assert not is_written_to(house.database, alma.id)


def test_the_confirmation_of_the_stop_is_not_waited_for(house: House) -> None:
    alma = house.person(101)
    house.take(alma, consent_needed=ConsentNeeded.ALWAYS)
    assert not is_written_to(house.database, alma.id)


def test_a_claim_that_is_just_being_made_is_waited_for(house: House) -> None:
    if house.database.is_sqlite:  # there is nothing to wait for
        pytest.skip("writers take turns, so an opt-out commits before a claim or after it")
    alma = house.person(101)
    house.text(alma)
    house.claim(limit=1)  # the sender's row is there
    house.text(beto := house.person(102))
    claimed, may_commit = threading.Event(), threading.Event()

    def make_a_claim() -> None:
        with house.database.write() as session:
            claim(session, house.sender, limit=5, now=house.clock.now())
            claimed.set()
            may_commit.wait()

    with ThreadPoolExecutor(2) as pool:
        claiming = pool.submit(make_a_claim)
        claimed.wait()
        looking = pool.submit(is_written_to, house.database, beto.id)
        _until_it_waits(house.database, looking)
        may_commit.set()
        claiming.result()
        assert looking.result()


def _until_it_waits(database: Database, looking: Future[bool]) -> None:
    """Wait until the look stands at a lock; or has not waited at all."""
    while not looking.done():
        with database.read() as session:
            if session.connection().execute(text(WAITING)).scalar_one():
                return
