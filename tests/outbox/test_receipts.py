"""What the carrier reports moves a delivery forward; what is not about it changes nothing."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from uuid import UUID

import pytest

from service.db import new_id
from service.outbox.events import Answered, LeaseOver
from service.outbox.receipts import REPORTED, record_receipt
from service.outbox.tables import Priority, State
from service.people.tables import Consent, Person
from service.sms.carrier import Accepted, InDoubt, TooFast
from service.sms.inbound import Receipt
from tests.outbox.conftest import House

SID = "SM" + "1" * 32


def report(house: House, attempt_id: UUID, status: str, *, sid: str = SID, code: str = "") -> bool:
    with house.database.write() as session:
        return record_receipt(
            session, attempt_id, Receipt(sid, status, code), house.at(), house.rules
        )


def accepted(house: House, number: int = 101, sid: str = SID) -> tuple[UUID, UUID]:
    delivery_id, attempt_id = house.take(house.person(number))
    house.advance(Answered(attempt_id, Accepted(sid)))
    return delivery_id, attempt_id


@pytest.mark.parametrize(("status", "state"), REPORTED.items())
def test_each_of_the_carriers_words(house: House, status: str, state: State) -> None:
    delivery_id, attempt_id = accepted(house)
    assert report(house, attempt_id, status) is (state is not State.ACCEPTED)
    assert house.state(delivery_id) is state


def test_a_word_that_nobody_knows_changes_nothing(house: House) -> None:
    delivery_id, attempt_id = accepted(house)
    assert report(house, attempt_id, "teleported") is False
    assert house.state(delivery_id) is State.ACCEPTED


@pytest.mark.parametrize(
    "order", list(permutations(["sent", "undelivered", "delivered"])), ids="-".join
)
def test_delivered_beats_the_rest_whatever_the_order(house: House, order: tuple[str, ...]) -> None:
    delivery_id, attempt_id = accepted(house)
    for status in order * 2:
        report(house, attempt_id, status)
    row = house.row(delivery_id).delivery
    assert (row.state, row.sid, row.reason) == (State.DELIVERED, SID, "")


def test_a_receipt_before_the_answer_proves_acceptance(house: House) -> None:
    delivery_id, attempt_id = house.take(house.person(101))
    assert report(house, attempt_id, "sent") is True
    row = house.row(delivery_id)
    assert row.attempt is not None
    assert (row.delivery.state, row.delivery.sid) == (State.SENT, SID)
    assert (row.attempt.is_open, row.attempt.sid, row.attempt.outcome) == (False, SID, "accepted")
    assert house.advance(Answered(attempt_id, Accepted(SID))) is False
    assert house.state(delivery_id) is State.SENT


def test_a_receipt_ends_a_doubt(house: House) -> None:
    delivery_id, attempt_id = house.take(house.person(101))
    house.advance(Answered(attempt_id, InDoubt("ServerDisconnectedError")))
    report(house, attempt_id, "delivered")
    row = house.row(delivery_id)
    assert row.attempt is not None
    assert (row.delivery.state, row.attempt.look_at) == (State.DELIVERED, None)


@pytest.mark.parametrize("status", REPORTED)
def test_a_receipt_for_an_attempt_that_we_never_made_changes_nothing(
    house: House, status: str
) -> None:
    delivery_id, _ = accepted(house)
    assert report(house, new_id(), status) is False
    assert house.state(delivery_id) is State.ACCEPTED


def test_the_message_id_of_another_delivery_changes_neither(house: House) -> None:
    first, first_attempt = accepted(house, 101)
    second, second_attempt = accepted(house, 102, sid="SM2")
    third, third_attempt = house.take(house.person(103))
    for attempt_id in (second_attempt, third_attempt):
        assert report(house, attempt_id, "delivered", sid=SID) is False
    assert house.states([first, second, third]) == [
        State.ACCEPTED, State.ACCEPTED, State.SUBMITTING,
    ]  # fmt: skip
    assert report(house, first_attempt, "delivered") is True


def test_an_older_try_has_no_say(house: House) -> None:
    """Too fast, then tried again: what is said about the first try is not about the second."""
    delivery_id, first = house.take(house.person(101))
    house.advance(Answered(first, TooFast()))
    house.clock.tick(seconds=30)
    (second,) = house.claim()
    assert house.advance(LeaseOver(first)) is False
    assert house.advance(Answered(first, TooFast())) is False
    assert house.notices() == set()
    assert report(house, first, "delivered") is False
    assert house.state(delivery_id) is State.SUBMITTING
    assert house.notices() == {"twice"}  # it did arrive: somebody should know
    assert report(house, second.attempt_id, "sent", sid="SM2") is True


def test_the_newest_try_is_known_even_if_the_clock_went_back(house: House) -> None:
    delivery_id, first = house.take(house.person(101), not_before=house.clock.now() - LONG)
    house.advance(Answered(first, TooFast()))
    with house.database.write() as session:
        session.merge(house.row(delivery_id).delivery).not_before = house.clock.now() - LONG
    house.clock.tick(hours=-1)
    (second,) = house.claim()
    assert house.advance(Answered(second.attempt_id, InDoubt("no answer in time"))) is True
    assert report(house, second.attempt_id, "sent") is True
    assert report(house, second.attempt_id, "delivered") is True
    assert house.state(delivery_id) is State.DELIVERED


LONG = timedelta(hours=2)


# --- what follows ---------------------------------------------------------------------------------


def test_a_phone_that_is_off_is_tried_again_and_a_doubled_receipt_does_not_stop_that(
    house: House,
) -> None:
    delivery_id, attempt_id = accepted(house)
    for status, code in (("undelivered", "30003"), ("undelivered", "30003"), ("sent", "")):
        report(house, attempt_id, status, code=code)
    row = house.row(delivery_id).delivery
    assert (row.state, row.sid, row.retries) == (State.PLANNED, None, 1)
    assert row.not_before == house.clock.now() + timedelta(minutes=15)
    house.clock.tick(minutes=15)
    (again,) = house.claim()
    assert report(house, attempt_id, "undelivered", code="30003") is False
    assert house.advance(Answered(again.attempt_id, Accepted("SM2"))) is True
    assert house.row(delivery_id).delivery.sid == "SM2"


def person_of(house: House, person: Person) -> Person:
    with house.database.read() as session:
        return session.get_one(Person, person.id)


def test_who_left_at_the_carrier_has_left(house: House) -> None:
    alma = house.person(101)
    _, attempt_id = house.take(alma)
    waiting = house.text(alma)
    report(house, attempt_id, "failed", code="21610")
    assert person_of(house, alma).consent is Consent.OPTED_OUT
    row = house.row(waiting).delivery
    assert (row.state, row.reason) == (State.SUPPRESSED, "opted_out")


@pytest.mark.parametrize(("code", "after_how_many"), [("30006", 1), ("30005", 2)])
def test_a_dead_number_gets_no_more(house: House, code: str, after_how_many: int) -> None:
    alma = house.person(101)
    for place in range(after_how_many):
        assert person_of(house, alma).is_unreachable is False
        _, attempt_id = house.take(alma)
        report(house, attempt_id, "undelivered", sid=f"SM{place}", code=code)
    assert person_of(house, alma).is_unreachable is True
    assert person_of(house, alma).unreachable_why == code


def test_a_text_that_the_carrier_blocks_stops_its_message(house: House) -> None:
    gate_id = house.gate()
    people = house.people(5)
    texts = [house.text(person, gate_id=gate_id, priority=Priority.BULK) for person in people]
    taken = house.claim(limit=3)
    for place, one in enumerate(taken):
        assert house.state(texts[4]) is State.PLANNED  # one odd phone stops nothing
        report(house, one.attempt_id, "undelivered", sid=f"SM{place}", code="30007")
    assert house.states(texts[3:]) == [State.SUPPRESSED] * 2
    assert "stopped" in house.notices()
    assert house.claimed() == []


def test_a_code_that_is_no_number_is_no_code(house: House) -> None:
    delivery_id, attempt_id = accepted(house)
    assert report(house, attempt_id, "undelivered", code="²") is True
    assert house.state(delivery_id) is State.UNDELIVERED
