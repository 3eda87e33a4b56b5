"""Answers are written down in batches: exactly what a step says of each, and nothing where it is late."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import delete, update

from service.chapters.tables import Sender
from service.outbox.advance import advance
from service.outbox.events import Answered, LeaseOver, Reported
from service.outbox.record import Result, record
from service.outbox.tables import Attempt, Delivery, State
from service.people.tables import Consent, Person
from service.sms.carrier import (
    Accepted,
    InDoubt,
    NeverSent,
    NotWritten,
    Outcome,
    Refused,
    TooFast,
)
from tests.outbox.conftest import House


def write_down(house: House, results: list[Result]) -> None:
    with house.database.write() as session:
        record(session, results, house.at(), house.rules)


def all_rows(house: House, ids: list[UUID]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return everything the tables say of these deliveries and their newest attempts."""
    rows = []
    for delivery_id in ids:
        row = house.row(delivery_id)
        assert row.attempt is not None
        rows.append((row.delivery.model_dump(warnings=False), row.attempt.model_dump()))
    return rows


def taken(house: House, count: int) -> list[tuple[UUID, UUID]]:
    """Return (attempt, delivery) of texts that were just claimed."""
    for person in house.people(count):
        house.text(person)
    return [(one.attempt_id, one.delivery_id) for one in house.claim()]


def test_a_batch_of_acceptances_is_written_as_a_step_would(house: House) -> None:
    ours = taken(house, 4)
    write_down(house, [(*pair, Accepted(f"SM{place}")) for place, pair in enumerate(ours)])
    for place, (_, delivery_id) in enumerate(ours):
        row = house.row(delivery_id)
        assert row.attempt is not None
        assert (row.delivery.state, row.delivery.sid) == (State.ACCEPTED, f"SM{place}")
        assert (row.attempt.is_open, row.attempt.sid) == (False, f"SM{place}")
        assert row.attempt.outcome == "accepted"


OUTCOMES = st.sampled_from(
    [
        Accepted("SM"), Accepted("SM"), Accepted("SM"), Refused(21211, 400), Refused(21610, 400),
        Refused(20003, 401), Refused(30003, 400), TooFast(), NeverSent("DNS"), NotWritten(),
        InDoubt("ServerDisconnectedError"),
    ]
)  # fmt: skip
BEFORE = st.sampled_from(["nothing", "nothing", "nothing", "receipt", "lease over", "answered"])


@pytest.fixture
def four(house: House) -> list[Person]:
    return house.people(4)


@settings(
    max_examples=12, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(st.lists(st.tuples(OUTCOMES, BEFORE), min_size=1, max_size=4))
def test_a_batch_says_what_its_answers_say_one_by_one(
    house: House, four: list[Person], batch: list[tuple[Outcome, str]]
) -> None:
    """The same answers, as a batch and then one by one, from the same start, end in the same rows."""
    batch = [
        (Accepted(f"SM{place}") if isinstance(outcome, Accepted) else outcome, before)
        for place, (outcome, before) in enumerate(batch)
    ]
    results = _start(house, four, batch)
    write_down(house, results)
    at_once = _without_ids(all_rows(house, [result[1] for result in results]), house)
    results = _start(house, four, batch)
    with house.database.write() as session:
        for attempt_id, _, outcome in results:
            advance(session, Answered(attempt_id, outcome), house.at(), house.rules)
    assert _without_ids(all_rows(house, [result[1] for result in results]), house) == at_once


def _start(house: House, people: list[Person], batch: list[tuple[Outcome, str]]) -> list[Result]:
    """Claim one text a person anew, and let happen what came before the answers."""
    with house.database.write() as session:
        session.exec(delete(Attempt))
        session.exec(delete(Delivery))
        session.exec(update(Sender).values(is_paused=False))
        session.exec(
            update(Person).values(consent=Consent.ACTIVE, is_unreachable=False, unknown_handsets=0)
        )
    for person, _ in zip(people, batch, strict=False):
        house.text(person)
    pairs = [(one.attempt_id, one.delivery_id) for one in house.claim()]
    for place, ((attempt_id, _), (outcome, before)) in enumerate(zip(pairs, batch, strict=True)):
        if before == "receipt":
            house.advance(Reported(attempt_id, f"SM{place}", State.SENT))
        elif before == "answered":
            house.advance(Answered(attempt_id, outcome))
    house.clock.tick(seconds=20)
    for (attempt_id, _), (_, before) in zip(pairs, batch, strict=True):
        if before == "lease over":
            house.advance(LeaseOver(attempt_id))
    return [(*pair, outcome) for pair, (outcome, _) in zip(pairs, batch, strict=True)]


def _without_ids(
    rows: list[tuple[dict[str, Any], dict[str, Any]]], house: House
) -> list[dict[str, Any]]:
    kept = []
    for delivery, attempt in rows:
        merged = {f"d.{name}": value for name, value in delivery.items()}
        merged |= {f"a.{name}": value for name, value in attempt.items()}
        for name in ("d.id", "d.once_key", "d.body_sealed", "a.id", "a.delivery_id"):
            merged.pop(name)
        now = house.clock.now()
        for name, value in merged.items():
            if name.endswith(("_at", "_before", "_after", "_until")) and value is not None:
                merged[name] = value - now
        kept.append(merged)
    return kept


# --- fences ---------------------------------------------------------------------------------------


def test_a_receipt_that_came_first_is_not_taken_back(house: House) -> None:
    (first, first_id), (second, second_id) = taken(house, 2)
    house.advance(Reported(first, "SM1", State.DELIVERED))
    write_down(house, [(first, first_id, Accepted("SM1")), (second, second_id, Accepted("SM2"))])
    assert house.states([first_id, second_id]) == [State.DELIVERED, State.ACCEPTED]


def test_an_answer_after_the_lease_still_counts(house: House) -> None:
    ((attempt_id, delivery_id),) = taken(house, 1)
    house.clock.tick(seconds=60)
    house.advance(LeaseOver(attempt_id))
    write_down(house, [(attempt_id, delivery_id, Accepted("SM1"))])
    row = house.row(delivery_id)
    assert row.attempt is not None
    assert (row.delivery.state, row.attempt.look_at, row.delivery.reason) == (
        State.ACCEPTED, None, "",
    )  # fmt: skip


@pytest.mark.parametrize("outcome", [Accepted("SM1"), TooFast(), InDoubt("x"), Refused(21211, 400)])
def test_a_batch_that_is_written_twice_counts_once(house: House, outcome: Outcome) -> None:
    ((attempt_id, delivery_id),) = taken(house, 1)
    write_down(house, [(attempt_id, delivery_id, outcome)])
    before = all_rows(house, [delivery_id])
    write_down(house, [(attempt_id, delivery_id, outcome)])
    assert all_rows(house, [delivery_id]) == before


def test_the_message_id_of_another_attempt_is_not_taken_and_the_others_are_written(
    house: House,
) -> None:
    """It can't be: so it stays unresolved, for the carrier's list to settle."""
    (first, first_id), (second, second_id), (third, third_id) = taken(house, 3)
    write_down(house, [(first, first_id, Accepted("SM1"))])
    write_down(house, [(second, second_id, Accepted("SM1")), (third, third_id, Accepted("SM3"))])
    assert house.states([first_id, second_id, third_id]) == [
        State.ACCEPTED, State.SUBMITTING, State.ACCEPTED,
    ]  # fmt: skip
    row = house.row(second_id)
    assert row.attempt is not None
    assert (row.attempt.is_open, row.attempt.sid) == (True, None)


def test_an_answer_for_an_attempt_that_is_gone_harms_nobody(house: House) -> None:
    (first, first_id), (second, second_id) = taken(house, 2)
    with house.database.write() as session:
        session.delete(session.get_one(Attempt, first))
    write_down(house, [(first, first_id, Accepted("SM1")), (second, second_id, Accepted("SM2"))])
    assert house.states([first_id, second_id]) == [State.SUBMITTING, State.ACCEPTED]


def test_what_follows_from_a_refusal_follows_in_the_same_transaction(house: House) -> None:
    ((attempt_id, delivery_id),) = taken(house, 1)
    with house.database.write() as session:
        record(session, [(attempt_id, delivery_id, Refused(20003, 401))], house.at(), house.rules)
        session.rollback()
    assert house.state(delivery_id) is State.SUBMITTING
    assert house.notices() == set()
    write_down(house, [(attempt_id, delivery_id, Refused(20003, 401))])
    assert house.notices() == {"paused"}
    assert house.claimed() == []
