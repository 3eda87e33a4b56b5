"""Several workers claim at once: each text is taken by one of them."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlmodel import Session

from service.chapters.tables import Sender
from service.db import Database
from service.outbox import pace
from service.outbox.claim import claim
from service.outbox.tables import Priority, State
from service.outbox.withdraw import withdraw_subject
from service.people.consent import opt_out
from service.people.tables import Consent, Person
from tests.factories import make_sender
from tests.outbox.conftest import House

WORKERS = 4
PEOPLE = 60


def claim_together(house: House, limit: int) -> list[list[UUID]]:
    """Let several workers, each with a database of its own, claim until nothing is left."""
    start = threading.Barrier(WORKERS)
    url = house.database.url.render_as_string(hide_password=False)

    def work() -> list[UUID]:
        own = Database(url)
        taken: list[UUID] = []
        empty = 0
        try:
            start.wait()
            while empty < 3:
                with own.write() as session:
                    got = claim(session, house.sender, limit=limit, now=house.clock.now())
                taken += [one.delivery_id for one in got]
                empty = 0 if got else empty + 1
        finally:
            own.dispose()
        return taken

    with ThreadPoolExecutor(WORKERS) as pool:
        return [done.result() for done in [pool.submit(work) for _ in range(WORKERS)]]


def test_no_two_workers_take_the_same_text(house: House) -> None:
    texts = [house.text(person) for person in house.people(PEOPLE)]
    taken = Counter(id_ for one in claim_together(house, limit=5) for id_ in one)
    assert taken == Counter(texts)
    assert len(house.all_attempts()) == PEOPLE
    assert {house.row(id_).delivery.tries for id_ in texts} == {1}


def test_no_two_workers_text_one_number_at_once(house: House) -> None:
    people = house.people(8)
    for person in people * 4:
        house.text(person)
    taken = [id_ for one in claim_together(house, limit=3) for id_ in one]
    attempts = house.all_attempts()
    assert len(taken) == len(attempts) == len(people)
    assert {attempt.to_key for attempt in attempts} == {person.phone_key for person in people}


def test_workers_at_two_senders_do_not_stand_in_each_others_way(house: House) -> None:
    """One number may be written to from two senders: still one open try, and nobody hangs."""
    people = house.people(10)
    with house.database.write() as session:
        second = make_sender(session, house.chapter, "+14135550101")
    for person in people:
        house.text(person)
        house.text(person, sender_id=second.id)
    start = threading.Barrier(2)

    def work(sender: Sender) -> int:
        start.wait()
        with house.database.write() as session:
            return len(claim(session, sender, limit=20, now=house.clock.now()))

    with ThreadPoolExecutor(2) as pool:
        counts = [pool.submit(work, sender) for sender in (house.sender, second)]
        taken = sum(count.result() for count in counts)
    assert taken == len(house.all_attempts()) == len(people)


def test_a_text_that_left_planned_in_between_is_not_moved(house: House) -> None:
    """Withdrawn while a claim is under way: either it was taken before, or it is not taken."""
    alma = house.person(101)
    delivery_id = house.text(alma)
    start = threading.Barrier(2)

    def leave() -> None:
        start.wait()
        with house.database.write() as session:
            person = session.get_one(Person, alma.id)
            opt_out(session, person, how="text", now=house.clock.now())

    def take() -> int:
        start.wait()
        return len(house.claim())

    with ThreadPoolExecutor(2) as pool:
        left, took = pool.submit(leave), pool.submit(take)
        left.result()
        taken = took.result()
    assert house.state(delivery_id) is (State.SUBMITTING if taken else State.PLANNED)
    assert len(house.all_attempts()) == taken


def test_a_text_that_is_being_taken_back_is_not_claimed(house: House) -> None:
    """The withdrawal is written and not yet committed when a claim comes by."""
    delivery_id = house.text(house.person(101))
    is_written, is_claimed = threading.Event(), threading.Event()

    def take_back() -> None:
        with house.database.write() as session:
            withdraw_subject(session, "rally:1", reason="cancelled", now=house.clock.now())
            is_written.set()
            is_claimed.wait(timeout=0.5)  # on SQLite the claim waits for us instead

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(take_back)
        is_written.wait()
        taken = house.claimed()
        is_claimed.set()
        done.result()
    assert taken == []
    assert house.state(delivery_id) is State.SUPPRESSED
    assert house.all_attempts() == []


def test_nothing_is_claimed_until_the_claim_has_committed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A claim that dies before its commit leaves the text where it was, for the next."""
    delivery_id = house.text(house.person(101))

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(pace, "charge", die)
        with pytest.raises(KeyboardInterrupt):
            house.claim()
    assert house.state(delivery_id) is State.PLANNED
    assert house.all_attempts() == []
    assert house.claimed() == [delivery_id]


def test_an_opt_out_between_two_claims_holds(house: House) -> None:
    alma, beto = house.people(2)
    house.text(alma, priority=Priority.URGENT)
    kept = house.text(beto)
    house.change_person(alma, consent=Consent.OPTED_OUT)
    with house.database.write() as session:
        taken = [
            one.delivery_id
            for one in claim(session, _sender(session, house), limit=9, now=house.clock.now())
        ]
    assert taken == [kept]


def _sender(session: Session, house: House) -> Sender:
    return session.get_one(Sender, house.sender.id)
