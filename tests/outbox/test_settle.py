"""What became of a text in doubt is read from the carrier's list, and nothing is sent blindly."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from service.outbox.advance import Rules
from service.outbox.events import Answered, Reported
from service.outbox.open import Opener
from service.outbox.settle import note_leases_over, settle
from service.outbox.tables import Priority, State
from service.people.tables import Person
from service.privacy.keyring import KeyKind
from service.sms.carrier import Accepted, InDoubt
from tests.outbox.conftest import House
from tests.outbox.fakes import FakeDirectory

ALMA = "+14135550101"
BODY = "The bus leaves at 9"


@pytest.fixture
def directory() -> FakeDirectory:
    return FakeDirectory()


@pytest.fixture
def alma(house: House) -> Person:
    return house.person(101)


def look(house: House, directory: FakeDirectory, **time: float) -> int:
    """Let time pass, then look after what is in doubt, as the worker does."""
    house.clock.tick(**time)
    note_leases_over(house.database, house.at(), house.rules)
    return settle(house.database, Opener(house.keyring), directory, house.at(), house.rules)


def doubtful(house: House, person: Person, **changes: object) -> tuple[UUID, UUID]:
    """A text that was sent, of which nobody knows what became."""
    delivery_id, attempt_id = house.take(person, **changes)
    house.advance(Answered(attempt_id, InDoubt("ServerDisconnectedError")))
    return delivery_id, attempt_id


def test_what_was_claimed_and_never_written_down_is_in_doubt_after_its_lease(
    house: House, alma: Person
) -> None:
    delivery_id, _ = house.take(alma)
    timing = house.at().timing
    house.clock.tick(seconds=timing.lease.total_seconds() - 1)
    assert note_leases_over(house.database, house.at(), house.rules) == 0
    assert house.state(delivery_id) is State.SUBMITTING
    house.clock.tick(seconds=1)
    assert note_leases_over(house.database, house.at(), house.rules) == 1
    assert house.state(delivery_id) is State.IN_DOUBT
    assert note_leases_over(house.database, house.at(), house.rules) == 0


def test_found_in_the_list_is_accepted(
    house: House, alma: Person, directory: FakeDirectory
) -> None:
    delivery_id, _ = doubtful(house, alma)
    directory.shows(ALMA, BODY, at=house.clock.now())
    assert look(house, directory) == 1
    row = house.row(delivery_id)
    assert row.attempt is not None
    assert (row.delivery.state, row.delivery.sid) == (State.ACCEPTED, "SM1")
    assert (row.attempt.is_open, row.attempt.sid) == (False, "SM1")
    assert look(house, directory, hours=1) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"body": "Another text"}, {"to": "+14135550102"}, {"direction": "inbound"},
        {"direction": "outbound-reply"}, {"sender": "+14135550199"}, {"sender": ""},
    ],
    ids=str,
)  # fmt: skip
def test_a_message_that_is_not_ours_is_not_taken_for_it(
    house: House, alma: Person, directory: FakeDirectory, changes: dict[str, str]
) -> None:
    delivery_id, _ = doubtful(house, alma)
    directory.shows(**{"to": ALMA, "body": BODY} | changes, at=house.clock.now())
    look(house, directory)
    assert house.state(delivery_id) is State.IN_DOUBT


@pytest.mark.parametrize(("earlier", "is_it"), [(0, True), (4, True), (6, False), (3600, False)])
def test_an_older_message_is_not_it(
    house: House, alma: Person, directory: FakeDirectory, earlier: float, is_it: bool
) -> None:
    delivery_id, _ = doubtful(house, alma)
    directory.shows(ALMA, BODY, at=house.clock.now() - timedelta(seconds=earlier))
    look(house, directory)
    assert house.state(delivery_id) is (State.ACCEPTED if is_it else State.IN_DOUBT)


def test_a_messaging_service_is_known_by_its_id(
    house: House, alma: Person, directory: FakeDirectory
) -> None:
    house.change_sender(messaging_service_sid="MG1")
    delivery_id, _ = doubtful(house, alma)
    directory.shows(ALMA, BODY, at=house.clock.now(), sender="", messaging_service_sid="MG1")
    look(house, directory)
    assert house.state(delivery_id) is State.ACCEPTED


def test_a_message_that_belongs_to_another_text_is_not_taken(
    house: House, alma: Person, directory: FakeDirectory
) -> None:
    """The same words twice, to the same phone: one message is one text."""
    _, first = house.take(alma)
    house.advance(Answered(first, Accepted("SM1")))
    second, _ = doubtful(house, alma)
    directory.shows(ALMA, BODY, at=house.clock.now(), sid="SM1")
    look(house, directory)
    assert house.state(second) is State.IN_DOUBT
    directory.shows(ALMA, BODY, at=house.clock.now(), sid="SM2")
    look(house, directory, seconds=20)
    assert house.row(second).delivery.sid == "SM2"


def test_two_of_the_same_words_in_doubt_are_two_messages(
    house: House, alma: Person, directory: FakeDirectory
) -> None:
    """Until both are there nobody knows whose the first is; taken wrongly, the other would go again."""
    bulk, _ = doubtful(house, alma, priority=Priority.BULK)
    bulk_at = house.clock.now()
    house.clock.tick(seconds=10)
    urgent, _ = doubtful(house, alma, priority=Priority.URGENT)
    directory.shows(ALMA, BODY, at=house.clock.now(), sid="SM2")
    for _ in range(4):
        look(house, directory, seconds=20)
        assert house.states([bulk, urgent]) == [State.IN_DOUBT] * 2
    directory.shows(ALMA, BODY, at=bulk_at, sid="SM1")
    for _ in range(2):
        look(house, directory, seconds=20)
    assert [house.row(text).delivery.sid for text in (bulk, urgent)] == ["SM1", "SM2"]


def test_of_two_of_the_same_words_only_one_was_taken(
    house: House, alma: Person, directory: FakeDirectory
) -> None:
    doubts = [
        doubtful(house, alma, priority=priority)[0] for priority in (Priority.BULK, Priority.URGENT)
    ]
    directory.shows(ALMA, BODY, at=house.clock.now())
    for _ in range(20):
        look(house, directory, seconds=20)
    assert sorted(house.states(doubts)) == [State.ACCEPTED, State.PLANNED]


def test_other_words_to_the_same_phone_are_no_rival(
    house: House, alma: Person, directory: FakeDirectory
) -> None:
    bulk, _ = doubtful(house, alma, priority=Priority.BULK)
    doubtful(house, alma, priority=Priority.URGENT, body="Do not come: it is called off")
    directory.shows(ALMA, BODY, at=house.clock.now())
    look(house, directory)
    assert house.state(bulk) is State.ACCEPTED


# --- nothing found --------------------------------------------------------------------------------


def test_two_empty_lists_late_enough_and_far_enough_apart_mean_never_accepted(
    house: House, alma: Person, directory: FakeDirectory
) -> None:
    delivery_id, _ = doubtful(house, alma)
    waited = 0
    while house.state(delivery_id) is State.IN_DOUBT:
        look(house, directory, seconds=5)
        waited += 5
    timing = house.at().timing
    least = (timing.lease + timing.list_margin + timing.empty_gap).total_seconds()
    assert least <= waited <= least + timing.look_every.total_seconds() + 10
    row = house.row(delivery_id)
    assert row.attempt is not None
    assert (row.delivery.state, row.delivery.reason) == (State.PLANNED, "never_accepted")
    assert (row.attempt.is_open, row.attempt.outcome) == (False, "never accepted")
    assert house.claimed() == [delivery_id]


def test_a_message_that_shows_up_late_is_still_found(
    house: House, alma: Person, directory: FakeDirectory
) -> None:
    delivery_id, _ = doubtful(house, alma)
    sent_at = house.clock.now()
    for _ in range(9):
        look(house, directory, seconds=20)
    directory.shows(ALMA, BODY, at=sent_at)  # after 180 seconds
    look(house, directory, seconds=20)
    assert house.state(delivery_id) is State.ACCEPTED


def test_while_the_list_is_down_nothing_is_sent_again(
    house: House, alma: Person, directory: FakeDirectory
) -> None:
    delivery_id, _ = doubtful(house, alma)
    directory.is_down = True
    for _ in range(10):
        assert look(house, directory, minutes=10) == 1
    row = house.row(delivery_id)
    assert row.attempt is not None
    assert (row.delivery.state, row.attempt.first_empty_at) == (State.IN_DOUBT, None)


def test_a_bulk_text_waits_for_a_person_until_the_margin_was_probed(
    house: House, alma: Person, directory: FakeDirectory
) -> None:
    house.rules = Rules(settles_bulk=False)
    delivery_id, attempt_id = doubtful(house, alma, priority=Priority.BULK)
    for _ in range(30):
        look(house, directory, seconds=20)
    row = house.row(delivery_id).delivery
    assert (row.state, row.reason) == (State.IN_DOUBT, "waits_for_person")
    assert house.notices() == {"in_doubt"}
    assert look(house, directory, hours=1) == 0
    other = house.text(alma)
    assert house.claimed() == [other]  # which does not have to wait as well
    house.advance(Reported(attempt_id, "SM1", State.DELIVERED))
    assert house.state(delivery_id) is State.DELIVERED


def test_an_urgent_text_may_go_again_after_a_minute_and_says_so(
    house: House, alma: Person, directory: FakeDirectory
) -> None:
    delivery_id, attempt_id = doubtful(house, alma, priority=Priority.URGENT, resends=True)
    for _ in range(2):
        look(house, directory, seconds=20)
    assert house.state(delivery_id) is State.IN_DOUBT
    look(house, directory, seconds=20)
    row = house.row(delivery_id)
    assert row.attempt is not None
    assert (row.delivery.state, row.delivery.reason) == (State.PLANNED, "sent_again_unsure")
    assert row.attempt.outcome == "given up: at least once"
    (again,) = house.claim()
    house.advance(Reported(attempt_id, "SM1", State.SENT))  # the first did arrive
    assert "twice" in house.notices()
    assert house.advance(Answered(again.attempt_id, Accepted("SM2"))) is True


# --- in bulk --------------------------------------------------------------------------------------


def test_who_can_no_longer_be_asked_about_does_not_block_the_others(
    house: House, directory: FakeDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.outbox.settle.BATCH", 2)
    erased = house.people(3, start=110)
    for person in erased:
        doubtful(house, person)
    house.keyring.destroy(KeyKind.PERSON, [person.id for person in erased])
    house.clock.tick(seconds=1)
    found, _ = doubtful(house, house.person(101))
    directory.shows(ALMA, BODY, at=house.clock.now())
    for _ in range(3):
        look(house, directory, seconds=1)
    assert house.state(found) is State.ACCEPTED


def test_the_list_is_asked_once_a_look(
    house: House, alma: Person, directory: FakeDirectory
) -> None:
    doubtful(house, alma)
    assert look(house, directory) == 1
    assert look(house, directory, seconds=19) == 0
    assert look(house, directory, seconds=1) == 1
    assert directory.asked == [ALMA, ALMA]
