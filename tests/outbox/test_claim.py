"""What may go is taken, most pressing first; what may not is left where it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, text, update

from service.chapters.tables import Chapter, Sender
from service.db import new_id
from service.outbox.claim import claim, expire_what_is_late
from service.outbox.enqueue import Text, enqueue_copies
from service.outbox.events import Answered, LeaseOver
from service.outbox.gate import get_wordings, set_gate
from service.outbox.record import record
from service.outbox.tables import Attempt, ConsentNeeded, Delivery, GateState, Priority, State
from service.people.audience import Recipient
from service.people.tables import Consent
from service.sms.carrier import NotWritten, TooFast
from tests.outbox.conftest import House

PLANNING, OPEN, PAUSED = GateState.PLANNING, GateState.OPEN, GateState.PAUSED
ROWS_READ = text(
    "select seq_tup_read + idx_tup_fetch from pg_stat_xact_user_tables where relname = 'delivery'"
)


def test_the_most_pressing_goes_first_and_of_equals_the_oldest(house: House) -> None:
    alma, beto, carmen, dora, elsa = house.people(5)
    now = house.clock.now()
    bulk = house.text(alma, priority=Priority.BULK, not_before=now - timedelta(hours=3))
    normal = house.text(beto, not_before=now - timedelta(hours=1))
    older = house.text(carmen, not_before=now - timedelta(hours=2))
    urgent = house.text(dora, priority=Priority.URGENT)
    last = house.text(elsa, priority=Priority.BULK)
    assert house.claimed(limit=2) == [urgent, older]
    assert house.claimed() == [normal, bulk, last]
    assert house.claimed() == []


def test_what_is_claimed_says_who_what_and_which_try(house: House) -> None:
    alma = house.person(101)
    delivery_id = house.text(alma)
    (one,) = house.claim()
    row = house.row(delivery_id)
    assert row.attempt is not None
    assert (one.attempt_id, one.person_id, one.wording) == (row.attempt.id, alma.id, None)
    assert (row.delivery.state, row.delivery.tries) == (State.SUBMITTING, 1)
    assert (row.attempt.is_open, row.attempt.started_at) == (True, house.clock.now())
    assert row.attempt.to_key == alma.phone_key


def test_a_shared_wording_comes_along(house: House) -> None:
    alma, gate_id = house.person(101), house.gate()
    with house.database.write() as session:
        enqueue_copies(
            session, [Recipient(alma.id, alma.time_zone, "en")], get_wordings(session, gate_id),
            Text("blast", "blast:1", "rally:1"), chapter=house.chapter, sender_id=house.sender.id,
            now=house.clock.now(),
        )  # fmt: skip
    (one,) = house.claim()
    assert one.wording == "Come to the rally"


# --- when -----------------------------------------------------------------------------------------


def test_nothing_goes_before_its_time_nor_after_it(house: House) -> None:
    alma = house.person(101)
    start = house.clock.now()
    delivery_id = house.text(
        alma, not_before=start + timedelta(minutes=10), not_after=start + timedelta(minutes=20)
    )
    house.clock.tick(minutes=9, seconds=59)
    assert house.claimed() == []
    house.clock.tick(minutes=10, seconds=1)  # the last moment is over
    assert house.claimed() == []
    with house.database.write() as session:
        assert expire_what_is_late(session, now=house.clock.now()) == 1
    row = house.row(delivery_id).delivery
    assert (row.state, row.reason) == (State.EXPIRED, "too_late")


@pytest.mark.parametrize("has_gate", [False, True])
def test_what_is_for_later_does_not_go_along_with_what_is_due(
    house: House, *, has_gate: bool
) -> None:
    gate_id = house.gate() if has_gate else None
    soon, later = house.people(2)
    due = house.text(soon, gate_id=gate_id)
    house.text(later, gate_id=gate_id, not_before=house.clock.now() + timedelta(minutes=10))
    assert house.claimed() == [due]


def test_a_text_goes_from_its_first_moment_on(house: House) -> None:
    delivery_id = house.text(
        house.person(101), not_before=house.clock.now() + timedelta(minutes=10)
    )
    house.clock.tick(minutes=10)
    assert house.claimed() == [delivery_id]


def test_quiet_hours_put_a_text_off_until_they_end(house: House) -> None:
    with house.database.write() as session:
        session.exec(update(Chapter).values(quiet_from_minute=20 * 60, quiet_until_minute=9 * 60))
    alma, beto, carmen = house.people(3)
    tomorrow = house.clock.now() + timedelta(days=1)
    held, exempt = house.text(alma, not_after=tomorrow), house.text(beto, quiet_exempt=True)
    in_alaska = house.text(carmen)
    house.change_person(carmen, time_zone="America/Anchorage")
    house.clock.at = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)  # 21:00 in New York, 17:00 in Alaska
    assert house.claimed() == [exempt, in_alaska]
    row = house.row(held)
    assert (row.delivery.state, row.delivery.reason) == (State.PLANNED, "quiet_hours")
    assert row.delivery.not_before == datetime(2026, 3, 3, 14, 0, tzinfo=UTC)
    assert (row.delivery.tries, row.attempt) == (0, None)
    house.clock.at = row.delivery.not_before
    assert house.claimed() == [held]


def test_an_answer_written_down_in_the_claims_own_transaction_is_seen_by_it(house: House) -> None:
    """Given back and put off at once: the text waits, and is not forgotten in between."""
    delivery_id, attempt_id = house.take(house.person(101))
    with house.database.write() as session:
        session.exec(update(Chapter).values(quiet_from_minute=20 * 60, quiet_until_minute=9 * 60))
    house.clock.at = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)
    with house.database.write() as session:
        held = session.get_one(Delivery, delivery_id)
        results = [(attempt_id, delivery_id, NotWritten())]
        record(session, results, house.at(), house.rules)
        assert claim(session, house.sender, limit=10, now=house.clock.now()) == []
    row = house.row(delivery_id)
    assert row.delivery.state is held.state is State.PLANNED
    assert row.delivery.not_before == datetime(2026, 3, 3, 14, 0, tzinfo=UTC)


# --- whether --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "goes"),
    [
        (GateState.PLANNING, False), (GateState.OPEN, True),
        (GateState.PAUSED, False), (GateState.STOPPED, False),
    ],
)  # fmt: skip
def test_only_an_open_gate_lets_go(house: House, state: GateState, goes: bool) -> None:
    delivery_id = house.text(house.person(101), gate_id=house.gate(state))
    assert house.claimed() == ([delivery_id] if goes else [])


def test_of_one_priority_what_is_for_one_alone_goes_first_then_blasts_as_they_were_made(
    house: House,
) -> None:
    alma, beto, carmen, dora = house.people(4)
    earlier, later = house.gate(), house.gate()
    old = house.clock.now() - timedelta(hours=3)
    third = house.text(alma, gate_id=later, not_before=old)
    second = house.text(beto, gate_id=earlier)
    first = house.text(carmen)
    urgent = house.text(dora, gate_id=later, priority=Priority.URGENT)
    assert house.claimed() == [urgent, first, second, third]


def test_however_many_wait_behind_a_shut_gate_a_claim_passes_them_by(house: House) -> None:
    alma, beto, *many = house.people(302)
    shut, between, open_ = (house.gate(state) for state in (PAUSED, PLANNING, OPEN))
    first, last = house.text(alma), house.text(beto, gate_id=open_)
    alone = _steps_of_a_claim(house)
    for place, person in enumerate(many):
        house.text(person, gate_id=(shut, between)[place % 2])
    assert _steps_of_a_claim(house) < alone + 100
    assert house.claimed() == [first, last]


def test_a_claim_of_a_few_does_not_read_all_that_wait(house: House) -> None:
    gate_id = house.gate()
    for person in house.people(300):
        house.text(person, gate_id=gate_id)
    of_one, of_two = (_steps_of_a_claim(house, limit) for limit in (1, 2))
    assert of_two - of_one < 100
    assert of_one < 300


def _steps_of_a_claim(house: House, limit: int = 500) -> int:
    """Return how many rows the database reads for a claim (SQLite: hundreds of its own steps).

    Nothing is changed by it.
    """
    with house.database.write() as session:
        sender = session.get_one(Sender, house.sender.id)
        connection = session.connection()
        if not house.database.is_sqlite:
            connection.execute(text("analyze"))  # as it is when it has counted the rows
            for whole in ("seqscan", "hashjoin", "mergejoin"):  # quicker where all is small
                connection.execute(text(f"set local enable_{whole} = off"))
            before = connection.scalar(ROWS_READ) or 0
            claim(session, sender, limit=limit, now=house.clock.now())
            steps = int(connection.scalar(ROWS_READ) or 0) - before
        else:
            raw, steps = connection.connection.driver_connection, 0
            assert raw is not None

            def count() -> None:
                nonlocal steps
                steps += 1

            raw.set_progress_handler(count, 100)
            claim(session, sender, limit=limit, now=house.clock.now())
            raw.set_progress_handler(None, 0)
        session.rollback()
    return steps


def test_a_paused_gate_goes_on_where_it_was(house: House) -> None:
    gate_id = house.gate()
    texts = [house.text(person, gate_id=gate_id) for person in house.people(2)]
    assert house.claimed(limit=1) == texts[:1]
    for state, goes in ((GateState.PAUSED, []), (GateState.OPEN, texts[1:])):
        with house.database.write() as session:
            set_gate(session, gate_id, state)
        assert house.claimed() == goes


@pytest.mark.parametrize("needed", ConsentNeeded)
@pytest.mark.parametrize("consent", Consent)
def test_consent_is_looked_at_when_a_text_is_taken(
    house: House, consent: Consent, needed: ConsentNeeded
) -> None:
    alma = house.person(101)
    delivery_id = house.text(alma, consent_needed=needed)
    house.change_person(alma, consent=consent)  # after it was put into the outbox
    goes = {
        ConsentNeeded.ACTIVE: consent is Consent.ACTIVE,
        ConsentNeeded.ANSWER: consent is not Consent.OPTED_OUT,
        ConsentNeeded.ALWAYS: True,
    }[needed]
    assert house.claimed() == ([delivery_id] if goes else [])


def test_a_number_that_takes_no_texts_gets_none(house: House) -> None:
    alma = house.person(101)
    house.text(alma, consent_needed=ConsentNeeded.ALWAYS)
    house.change_person(alma, is_unreachable=True)
    assert house.claimed() == []


def test_a_paused_sender_sends_nothing(house: House) -> None:
    delivery_id = house.text(house.person(101), priority=Priority.URGENT)
    house.change_sender(is_paused=True)
    assert house.claimed() == []
    house.change_sender(is_paused=False)
    assert house.claimed() == [delivery_id]


# --- one open try a number ------------------------------------------------------------------------


def test_a_number_has_one_open_try(house: House) -> None:
    alma, beto = house.people(2)
    first, second = house.text(alma), house.text(alma)
    other = house.text(beto)
    taken = house.claim()
    assert [one.delivery_id for one in taken] == [first, other]
    assert house.claimed() == []
    house.advance(Answered(taken[0].attempt_id, TooFast()))
    assert house.claimed() == [second]


def test_of_several_to_one_number_the_most_pressing_takes_the_try(house: House) -> None:
    alma = house.person(101)
    now = house.clock.now()
    texts = {
        house.text(alma, priority=Priority.BULK, not_before=now - timedelta(minutes=place))
        for place in range(8)
    }
    normal = house.text(alma)
    assert house.claimed() == [normal]
    assert house.states(texts) == [State.PLANNED] * 8


def test_an_urgent_text_passes_a_bulk_one_in_doubt(house: House) -> None:
    alma = house.person(101)
    bulk, attempt_id = house.take(alma, priority=Priority.BULK)
    house.clock.tick(seconds=15)
    house.advance(LeaseOver(attempt_id))
    assert house.state(bulk) is State.IN_DOUBT
    urgent = house.text(alma, priority=Priority.URGENT)
    house.text(alma)
    assert house.claimed() == [urgent]


def test_numbers_in_doubt_do_not_fill_the_batch(house: House) -> None:
    doubtful, waiting = house.people(3), house.people(2, start=150)
    for person in doubtful:
        house.text(person)
    house.claim()
    for person in doubtful:
        house.text(person, not_before=house.clock.now() - timedelta(hours=1))
    later = [house.text(person) for person in waiting]
    assert house.claimed(limit=2) == later


def test_the_database_itself_refuses_a_second_open_try(house: House) -> None:
    """The last guard, should the claim's own look fail: a unique index."""
    delivery_id, attempt_id = house.take(house.person(101))
    first = house.row(delivery_id).attempt
    assert first is not None
    with pytest.raises(IntegrityError), house.database.write() as session:
        session.add(
            Attempt(
                id=new_id(), delivery_id=delivery_id, to_key=first.to_key, is_urgent=False,
                started_at=house.clock.now(),
            )
        )  # fmt: skip
    with house.database.write() as session:
        session.exec(update(Attempt).where(col(Attempt.id) == attempt_id).values(is_open=False))
