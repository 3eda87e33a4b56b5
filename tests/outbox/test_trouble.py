"""What is left to a person, and what becomes of it when they decide."""

from __future__ import annotations

from uuid import UUID

import pytest

from service.outbox.advance import Rules
from service.outbox.events import Answered, LeaseOver, NothingFound, Reported
from service.outbox.tables import Priority, State
from service.outbox.trouble import decide, find_trouble, mark_seen, wake_senders
from service.sms.carrier import InDoubt, Refused
from tests.outbox.conftest import House


@pytest.fixture
def left_to_us(house: House) -> list[UUID]:
    """Three bulk texts that the carrier's list does not show."""
    house.rules = Rules(settles_bulk=False)
    taken = [house.take(house.person(101 + n), priority=Priority.BULK) for n in range(3)]
    for _, attempt in taken:
        house.advance(Answered(attempt, InDoubt("no answer in time")))
    for minutes in (5, 2):
        house.clock.tick(minutes=minutes)
        for _, attempt in taken:
            house.advance(NothingFound(attempt))
    return [text for text, _ in taken]


def _attempt(house: House, text: UUID) -> UUID:
    attempt = house.row(text).attempt
    assert attempt is not None
    return attempt.id


def test_it_is_told(house: House, left_to_us: list[UUID]) -> None:
    with house.database.read() as session:
        found = find_trouble(session)
    assert (found.doubtful, found.paused) == (3, [])
    assert [(note.kind, note.count) for note in found.notes] == [("in_doubt", 3)]


def test_sent_again_it_is_claimed_again_and_once(house: House, left_to_us: list[UUID]) -> None:
    assert decide(house.database, house.at(), house.rules, again=True) == 3
    assert decide(house.database, house.at(), house.rules, again=True) == 0
    assert sorted(house.claimed()) == sorted(left_to_us)
    assert house.claimed() == []


def test_given_up_it_is_never_sent(house: House, left_to_us: list[UUID]) -> None:
    assert decide(house.database, house.at(), house.rules, again=False) == 3
    assert house.states(left_to_us) == [State.FAILED] * 3
    assert house.row(left_to_us[0]).delivery.reason == "given_up"
    assert house.claimed() == []


def test_given_up_and_yet_delivered_it_is_delivered(house: House, left_to_us: list[UUID]) -> None:
    decide(house.database, house.at(), house.rules, again=False)
    house.advance(Reported(_attempt(house, left_to_us[0]), "SM1", State.DELIVERED))
    assert house.state(left_to_us[0]) is State.DELIVERED


def test_sent_again_and_yet_delivered_before_is_noted(house: House, left_to_us: list[UUID]) -> None:
    first = _attempt(house, left_to_us[0])
    decide(house.database, house.at(), house.rules, again=True)
    house.claim()
    house.advance(Reported(first, "SM1", State.DELIVERED))
    with house.database.read() as session:
        assert "twice" in [note.kind for note in find_trouble(session).notes]


def test_what_may_still_be_found_is_not_decided(house: House) -> None:
    house.rules = Rules(settles_bulk=False)
    text, attempt = house.take(house.person(101), priority=Priority.BULK)
    house.clock.tick(minutes=1)
    house.advance(LeaseOver(attempt))
    assert house.state(text) is State.IN_DOUBT
    assert decide(house.database, house.at(), house.rules, again=True) == 0
    assert house.claimed() == []


def test_a_sender_at_rest_is_told_and_woken(house: House) -> None:
    _, attempt = house.take(house.person(101))
    house.advance(Answered(attempt, Refused(20003, 401)))
    with house.database.write() as session:
        found = find_trouble(session)
        assert list(found.paused) == [house.sender.number]
        assert [(note.kind, note.code) for note in found.notes] == [("paused", 20003)]
        assert wake_senders(session) == 1
        assert mark_seen(session, by="Marta", now=house.clock.now()) == 1
    with house.database.read() as session:
        found = find_trouble(session)
    assert (found.paused, found.doubtful, found.notes) == ([], 0, [])
