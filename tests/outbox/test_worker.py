"""The worker: claims, sends each once and in time, writes down; nothing stops it, and it stops when told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, update

from service.clock import monotonic_seconds
from service.errors import Unavailable
from service.outbox import deliver
from service.outbox.deliver import MOST_TRIES, Parts, Worker
from service.outbox.record import record as record_for_good
from service.outbox.tables import Attempt, Delivery, Priority, State
from service.privacy.keyring import KeyKind
from service.sms.carrier import InDoubt, OutgoingText, TooFast
from tests.outbox.conftest import House
from tests.outbox.fakes import SENDER, FakeCarrier, FakeDirectory

URL = "https://example.org"


@pytest.fixture
def carrier() -> FakeCarrier:
    return FakeCarrier()


@pytest.fixture
def worker(house: House, carrier: FakeCarrier) -> Worker:
    return a_worker(house, carrier)


def a_worker(house: House, carrier: FakeCarrier) -> Worker:
    directory = FakeDirectory()
    parts = Parts(house.database, house.keyring, carrier, directory, house.clock, URL)
    parts.connections, parts.rules = 4, house.rules
    return Worker(parts)


def drain(worker: Worker) -> int:
    return asyncio.run(worker.drain_once())


def run_until(worker: Worker, is_enough: Callable[[], bool], *also: Callable[[], object]) -> None:
    """Let the worker run until it is enough; call `also` then, and see it end."""

    async def go() -> None:
        stop = asyncio.Event()
        running = asyncio.create_task(worker.run(stop))
        while not is_enough() and not running.done():
            await asyncio.sleep(0.01)
        for call in also:
            call()
        stop.set()
        await asyncio.wait_for(running, timeout=60)

    asyncio.run(go())


def attempts_of(house: House, texts: list[Any]) -> int:
    return sum(attempt.delivery_id in texts for attempt in house.all_attempts())


# --- one round ------------------------------------------------------------------------------------


def test_a_text_goes_out_with_everything_the_carrier_needs(
    house: House, worker: Worker, carrier: FakeCarrier
) -> None:
    delivery_id = house.text(house.person(101))
    assert drain(worker) == 1
    (text,) = carrier.got
    row = house.row(delivery_id)
    assert row.attempt is not None
    mac = house.keyring.callback_mac(row.attempt.id)
    assert text == OutgoingText(
        to="+14135550101", body="The bus leaves at 9", sender_number=SENDER,
        messaging_service_sid="", validity_seconds=36_000,
        status_callback=f"{URL}/webhooks/twilio/status?attempt={row.attempt.id.hex}&mac={mac}",
    )  # fmt: skip
    assert (row.delivery.state, row.delivery.sid) == (State.ACCEPTED, f"SM{1:032}")


def test_a_text_never_arrives_after_its_use(
    house: House, worker: Worker, carrier: FakeCarrier
) -> None:
    house.text(house.person(101), not_after=house.clock.now() + timedelta(minutes=5))
    drain(worker)
    assert carrier.got[0].validity_seconds == 300


def test_the_most_pressing_leaves_first(house: House, worker: Worker, carrier: FakeCarrier) -> None:
    alma, beto, carmen = house.people(3)
    house.text(alma, "bulk", priority=Priority.BULK)
    house.text(beto, "normal")
    house.text(carmen, "urgent", priority=Priority.URGENT)
    drain(worker)
    assert [text.body for text in carrier.got] == ["urgent", "normal", "bulk"]


def test_no_byte_leaves_before_the_claim_is_committed(
    house: House, worker: Worker, carrier: FakeCarrier
) -> None:
    """When the carrier is spoken to, everybody else can already see the attempt."""
    texts = [house.text(person) for person in house.people(3)]
    seen: list[State] = []

    def look(_text: OutgoingText) -> None:
        seen.extend(house.states(texts))

    carrier.answer = look
    drain(worker)
    assert seen == [State.SUBMITTING] * 9
    assert house.states(texts) == [State.ACCEPTED] * 3


def test_a_worker_that_dies_after_the_claim_leaves_a_try_that_is_settled_later(
    house: House, worker: Worker, carrier: FakeCarrier
) -> None:
    delivery_id = house.text(house.person(101))

    async def die(_text: OutgoingText, *, deadline: float) -> None:
        raise SystemExit

    carrier.send = die  # type: ignore[assignment,method-assign]
    with pytest.raises(SystemExit):
        drain(worker)
    assert house.state(delivery_id) is State.SUBMITTING
    assert house.claimed() == []  # nobody else sends it blindly


def test_a_text_that_can_not_be_written_within_two_seconds_is_dropped_and_claimed_anew(
    house: House, worker: Worker, carrier: FakeCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process was held up between the claim and the write: it looks at the clock once more."""
    delivery_id = house.text(house.person(101))
    monkeypatch.setattr(deliver, "monotonic_seconds", lambda: monotonic_seconds() - 60)
    assert drain(worker) == 1
    assert carrier.got == []
    row = house.row(delivery_id)
    assert row.attempt is not None
    assert (row.delivery.state, row.delivery.reason) == (State.PLANNED, "never_written")
    assert row.attempt.is_open is False
    monkeypatch.undo()
    assert drain(worker) == 1
    assert len(carrier.got) == 1


def test_what_fails_one_text_fails_no_other(
    house: House, worker: Worker, carrier: FakeCarrier
) -> None:
    texts = [house.text(person) for person in house.people(4)]
    outcomes = iter([None, TooFast(), InDoubt("reset"), None])
    carrier.answer = lambda _text: next(outcomes)
    drain(worker)
    assert house.states(texts) == [
        State.ACCEPTED, State.PLANNED, State.IN_DOUBT, State.ACCEPTED,
    ]  # fmt: skip


# --- poison ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["key gone", "damaged", "cut short", "empty"])
def test_a_text_that_can_never_be_opened_is_parked_and_the_others_go_on(
    house: House, worker: Worker, carrier: FakeCarrier, what: str
) -> None:
    bad = house.person(101)
    broken = house.text(bad, "" if what == "empty" else "Hello", priority=Priority.URGENT)
    others = [house.text(person) for person in house.people(3, start=110)]
    if what == "key gone":
        house.keyring.destroy(KeyKind.PERSON, [bad.id])
    elif what != "empty":
        junk = b"\x01" + b"junk" * (20 if what == "damaged" else 1)
        with house.database.write() as session:
            session.exec(
                update(Delivery).where(col(Delivery.id) == broken).values(body_sealed=junk)
            )
    drain(worker)
    assert house.states(others) == [State.ACCEPTED] * 3
    row = house.row(broken)
    assert row.attempt is not None
    assert (row.delivery.state, row.delivery.reason) == (State.FAILED, "cannot_open")
    assert (row.attempt.is_open, house.notices()) == (False, {"cannot_open"})
    assert drain(worker) == 0


def test_a_text_whose_opening_fails_for_a_reason_nobody_foresaw_is_parked_after_five_tries(
    house: House, worker: Worker, carrier: FakeCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = house.text(house.person(101), "poison", priority=Priority.URGENT)
    mac = house.keyring.callback_mac

    def stumble(attempt_id: Any) -> str:
        with house.database.read() as session:
            if session.get_one(Attempt, attempt_id).delivery_id == broken:
                raise ZeroDivisionError
        return mac(attempt_id)

    monkeypatch.setattr(house.keyring, "callback_mac", stumble)
    for place in range(MOST_TRIES):
        other = house.text(house.person(110 + place))
        assert house.state(broken) is State.PLANNED
        drain(worker)
        assert house.state(other) is State.ACCEPTED
        house.clock.tick(seconds=30)
    row = house.row(broken).delivery
    assert (row.state, row.reason, row.tries) == (State.FAILED, "cannot_open", MOST_TRIES)


def test_while_the_keys_can_not_be_had_nothing_is_lost_nor_left_in_doubt(
    house: House, worker: Worker, carrier: FakeCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [house.text(person) for person in house.people(3)]

    def down(*_: object) -> None:
        raise Unavailable("the keyring's database does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(house.keyring, "keys", down)
        drain(worker)
    assert carrier.got == []
    assert house.states(texts) == [State.PLANNED] * 3
    house.clock.tick(seconds=30)
    drain(worker)
    assert house.states(texts) == [State.ACCEPTED] * 3


# --- running --------------------------------------------------------------------------------------


def test_a_running_worker_sends_all_and_ends_when_told(
    house: House, worker: Worker, carrier: FakeCarrier
) -> None:
    texts = [house.text(person) for person in house.people(25)]
    run_until(worker, lambda: len(carrier.got) == 25)
    assert house.states(texts) == [State.ACCEPTED] * 25
    assert attempts_of(house, texts) == 25
    assert carrier.is_closed


def test_a_new_text_wakes_it(house: House, worker: Worker, carrier: FakeCarrier) -> None:
    alma = house.person(101)
    late = threading.Timer(0.3, lambda: house.text(alma))
    late.start()
    run_until(worker, lambda: len(carrier.got) == 1)
    late.join()


def test_stopping_gives_back_what_was_not_begun_and_waits_for_what_was(
    house: House, worker: Worker, carrier: FakeCarrier
) -> None:
    """Four connections, six claimed: four are under way, the others go back unwritten."""
    texts = [house.text(person) for person in house.people(10)]
    carrier.gate.clear()
    run_until(
        worker,
        lambda: len(carrier.got) == 4 and State.PLANNED not in house.states(texts[:6]),
        lambda: asyncio.get_running_loop().call_later(0.2, carrier.gate.set),
    )
    states = house.states(texts)
    assert len(carrier.got) == states.count(State.ACCEPTED) == 4
    assert states.count(State.PLANNED) == 6
    assert not any(attempt.is_open for attempt in house.all_attempts())


def test_a_database_that_is_away_for_a_moment_costs_no_answer(
    house: House, worker: Worker, carrier: FakeCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the carrier said is kept until it can be written down."""
    monkeypatch.setattr(deliver, "AFTER_TROUBLE_SECONDS", 0.01)
    texts = [house.text(person) for person in house.people(3)]
    real, failures = record_for_good, iter(range(3))

    def record(session: Session, results: Any, *rest: Any) -> None:
        if results and next(failures, None) is not None:
            raise Unavailable("the database does not answer")
        real(session, results, *rest)

    monkeypatch.setattr(deliver, "record", record)
    run_until(worker, lambda: house.states(texts) == [State.ACCEPTED] * 3)
    assert len(carrier.got) == 3


def test_a_carrier_that_raises_costs_no_connection(
    house: House, worker: Worker, carrier: FakeCarrier
) -> None:
    people = house.people(12)
    texts = [house.text(person) for person in people]
    bad = {person.id for person in people[:6]}
    numbers = {f"+14135550{100 + place}" for place in range(len(bad))}
    carrier.answer = lambda text: ValueError("odd") if text.to in numbers else None
    run_until(worker, lambda: len(carrier.got) == 12)
    assert house.states(texts) == [State.IN_DOUBT] * 6 + [State.ACCEPTED] * 6


def test_two_workers_share_the_work(house: House) -> None:
    texts = [house.text(person) for person in house.people(30)]
    carriers = [FakeCarrier(), FakeCarrier()]

    def run(carrier: FakeCarrier) -> None:
        asyncio.run(_drain_all(a_worker(house, carrier)))

    threads = [threading.Thread(target=run, args=(carrier,)) for carrier in carriers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent = [text.to for carrier in carriers for text in carrier.got]
    assert len(sent) == len(set(sent)) == 30
    assert attempts_of(house, texts) == 30


async def _drain_all(worker: Worker) -> None:
    while await worker.drain_once():
        pass
