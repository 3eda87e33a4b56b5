"""A sender keeps its rate, counted in segments; it slows down when told and recovers by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.outbox import pace
from service.outbox.events import Answered, Reported
from service.outbox.tables import Priority, State
from service.sms.carrier import Refused, TooFast
from tests.outbox.conftest import House


def sent_in(house: House, seconds: float, *, segments: int = 1, every: float = 0.05) -> int:
    """Claim all that is granted, again and again; return the segments that went in this time."""
    sent = 0
    with house.database.write() as session:
        for _ in range(round(seconds / every)):
            now = house.clock.tick(seconds=every)
            granted, _least = pace.grant(session, house.sender, now=now)
            texts = granted if granted == 0 else max(1, granted // segments)
            pace.charge(session, house.sender, texts * segments, now=now)
            sent += texts * segments
    return sent


@pytest.mark.parametrize(
    ("rate", "seconds", "segments"),
    [(1.0, 60, 1), (3.0, 30, 1), (3.0, 30, 3), (3.75, 30, 1), (75.0, 5, 3), (225.0, 5, 1)],
)
def test_a_sender_sends_what_its_rate_allows(
    house: House, rate: float, seconds: int, segments: int
) -> None:
    house.change_sender(segments_per_second=rate)
    share = sent_in(house, seconds, segments=segments) / (rate * seconds)
    assert 0.98 <= share <= 1.05


def test_time_without_texts_is_not_saved_up(house: House) -> None:
    house.change_sender(segments_per_second=10.0)
    sent_in(house, 1)
    house.clock.tick(hours=1)
    assert sent_in(house, 1) <= 12


@pytest.mark.parametrize("rate", [3.0, 225.0])
def test_a_grant_is_small_enough_for_an_urgent_text_to_pass(house: House, rate: float) -> None:
    house.change_sender(segments_per_second=rate)
    with house.database.write() as session:
        granted, least = pace.grant(session, house.sender, now=house.clock.now())
    assert 1 <= granted <= max(1, rate * pace.GRANT_SECONDS)
    assert least is Priority.BULK


def test_a_claim_takes_no_more_than_was_granted_and_pays_in_segments(house: House) -> None:
    house.change_sender(segments_per_second=30.0)
    texts = [house.text(person, segments=3) for person in house.people(6)]
    assert house.claimed() == texts[:3]
    assert house.claimed() == []
    house.clock.tick(seconds=0.29)  # nine segments at thirty a second
    assert house.claimed() == []
    house.clock.tick(seconds=0.02)
    assert house.claimed() == texts[3:]
    assert house.pace().day_segments == 18


def test_an_unpaced_sender_takes_a_large_batch(house: House) -> None:
    with house.database.write() as session:
        assert pace.grant(session, house.sender, now=house.clock.now())[0] == pace.UNPACED_BATCH


def test_a_carrier_that_takes_nothing_is_asked_less_and_less(house: House) -> None:
    house.change_sender(segments_per_second=100.0)
    with house.database.write() as session:
        for _ in range(300):
            now = house.clock.tick(seconds=0.1)
            granted, _least = pace.grant(session, house.sender, now=now)
            pace.charge(session, house.sender, granted, now=now)
            if granted:
                pace.too_fast(session, house.sender, granted, now=now)
    assert house.pace().slowed_to == pytest.approx(pace.SLOWEST, rel=0.5)
    house.clock.tick(seconds=150)  # and it recovers by itself
    assert 0.98 <= sent_in(house, 5) / 500 <= 1.05


def test_a_carrier_that_takes_less_finds_us_near_its_own_speed(house: House) -> None:
    """It takes 30 segments a second of our 100, and refuses the rest."""
    house.change_sender(segments_per_second=100.0)
    asked = taken = 0
    with house.database.write() as session:
        for _ in range(1200):
            now = house.clock.tick(seconds=0.1)
            granted, _least = pace.grant(session, house.sender, now=now)
            pace.charge(session, house.sender, granted, now=now)
            refused = max(0, granted - 3)
            if refused:
                pace.too_fast(session, house.sender, refused, now=now)
            asked, taken = asked + granted, taken + granted - refused
    assert taken / 120 >= 0.8 * 30
    assert asked <= 2.2 * taken


def test_one_refusal_among_many_changes_nothing(house: House) -> None:
    house.change_sender(segments_per_second=40.0)
    _, attempt_id = house.take(house.person(101))
    house.advance(Answered(attempt_id, TooFast()))
    assert 0.97 <= sent_in(house, 5) / 200 <= 1.05
    assert house.pace().slowed_to == pytest.approx(1.0)


def test_half_refused_it_goes_slower_and_recovers(house: House) -> None:
    house.change_sender(segments_per_second=40.0)
    with house.database.write() as session:
        pace.grant(session, house.sender, now=house.clock.now())
        pace.charge(session, house.sender, 40, now=house.clock.now())
    with house.database.write() as session:
        pace.too_fast(session, house.sender, 20, now=house.clock.now())
    house.clock.tick(seconds=5)
    assert 0.65 <= sent_in(house, 5) / 200 <= 0.85
    house.clock.tick(seconds=40)
    assert 0.98 <= sent_in(house, 5) / 200 <= 1.05


def test_what_was_refused_is_paid_back(house: House) -> None:
    house.change_sender(segments_per_second=10.0, daily_cap_segments=100)
    _, attempt_id = house.take(house.person(101), segments=6)
    assert house.pace().day_segments == 6
    owed = house.pace().next_at - house.clock.now()
    house.advance(Answered(attempt_id, TooFast()))
    assert house.pace().day_segments == 0
    assert owed - (house.pace().next_at - house.clock.now()) == timedelta(seconds=0.6)


def test_a_code_that_says_too_fast_counts_as_well(house: House) -> None:
    _, attempt_id = house.take(house.person(101))
    house.advance(Answered(attempt_id, Refused(30022, 400)))
    assert house.pace().window_refused == 1


# --- daily caps -----------------------------------------------------------------------------------


def test_our_own_daily_cap_leaves_only_urgent_texts_until_midnight(house: House) -> None:
    house.change_sender(daily_cap_segments=2)
    alma, beto, carmen = house.people(3)
    first = house.text(alma, segments=2)
    assert house.claimed() == [first]
    waiting, urgent = house.text(beto), house.text(carmen, priority=Priority.URGENT)
    assert house.claimed() == [urgent]
    house.clock.tick(hours=9)  # midnight UTC
    assert house.claimed() == [waiting]


def test_the_carriers_daily_cap_leaves_only_urgent_texts_for_an_hour(house: House) -> None:
    alma, beto, carmen = house.people(3)
    refused, attempt_id = house.take(alma)
    house.advance(Answered(attempt_id, Refused(30023, 400)))
    assert house.state(refused) is State.PLANNED
    waiting, urgent = house.text(beto), house.text(carmen, priority=Priority.URGENT)
    assert house.claimed() == [urgent]
    assert f"cap-{house.clock.now().date()}" in house.notices()
    house.clock.tick(hours=1)
    assert house.claimed() == [waiting, refused]


def test_a_cap_that_a_receipt_tells_of_holds_as_well(house: House) -> None:
    alma, beto = house.people(2)
    _, attempt_id = house.take(alma)
    house.advance(Reported(attempt_id, "SM1", State.FAILED, 30023))
    house.text(beto)
    assert house.claimed() == []


def test_a_cap_is_the_senders_own(house: House) -> None:
    house.take(house.person(101))
    with house.database.write() as session:
        pace.cap(session, house.sender.id, until=house.clock.now() + timedelta(hours=1))
    assert house.pace().capped_until == house.clock.now() + timedelta(hours=1)
