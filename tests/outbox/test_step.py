"""Everything that can happen to a delivery, in every state that it can be in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest

from service.outbox.events import (
    Alert,
    Answered,
    At,
    Close,
    Effect,
    Event,
    Found,
    LeaseOver,
    NoList,
    NothingFound,
    Reported,
    SlowSender,
    Timing,
)
from service.outbox.step import Life, step
from service.outbox.tables import State
from service.sms.carrier import Accepted, InDoubt, NeverSent, NotWritten, Refused, TooFast

TIMING = Timing()
STARTED = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
LEASE_OVER = STARTED + TIMING.lease
OURS, FOREIGN = UUID(int=1), UUID(int=2)
SID = "SM1"


def a_life(state: State, *, sid: str | None = None, is_open: bool = False, **more: object) -> Life:
    return Life(
        state=state, attempt_id=OURS, is_open=is_open, started_at=STARTED, sid=sid,
        lease_until=LEASE_OVER, not_before=STARTED, not_after=STARTED + timedelta(hours=12),
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


SUBMITTING = a_life(State.SUBMITTING, is_open=True)
IN_DOUBT = a_life(State.IN_DOUBT, is_open=True, look_at=LEASE_OVER)

LIVES = {
    "submitting": SUBMITTING,
    "in_doubt": IN_DOUBT,
    "given_up": a_life(State.PLANNED),  # its try is known, or taken, not to have reached anybody
    "again": a_life(State.PLANNED, sid=SID, retries=1),  # it ended badly; a next try is planned
    "accepted": a_life(State.ACCEPTED, sid=SID),
    "sent": a_life(State.SENT, sid=SID),
    "delivered": a_life(State.DELIVERED, sid=SID),
    "undelivered": a_life(State.UNDELIVERED, sid=SID),
    "failed": a_life(State.FAILED, sid=SID),
    "suppressed": a_life(State.SUPPRESSED),
    "expired": a_life(State.EXPIRED),
}
EVENTS: dict[str, Callable[[UUID], Event]] = {
    "201": lambda id_: Answered(id_, Accepted(SID)),
    "no": lambda id_: Answered(id_, Refused(21408, 400)),
    "429": lambda id_: Answered(id_, TooFast()),
    "unsent": lambda id_: Answered(id_, NeverSent("ClientConnectorError")),
    "lost": lambda id_: Answered(id_, InDoubt("ServerDisconnectedError")),
    "unwritten": lambda id_: Answered(id_, NotWritten()),
    "lease": LeaseOver,
    "r.acc": lambda id_: Reported(id_, SID, State.ACCEPTED),
    "r.sent": lambda id_: Reported(id_, SID, State.SENT),
    "r.deliv": lambda id_: Reported(id_, SID, State.DELIVERED),
    "r.undel": lambda id_: Reported(id_, SID, State.UNDELIVERED),
    "r.fail": lambda id_: Reported(id_, SID, State.FAILED),
    "found": lambda id_: Found(id_, SID),
    "nothing": NothingFound,
    "nolist": NoList,
}
# What each life becomes. "=": not a field of it changes, and nothing follows.
ARROWS = """
             201    no     429     unsent  lost  unwritten lease r.acc  r.sent r.deliv r.undel r.fail found nothing nolist
submitting   acc    fail   planned planned doubt planned   doubt acc    sent   deliv   undel   fail   =     =       =
in_doubt     acc    fail   planned planned doubt planned   =     acc    sent   deliv   undel   fail   acc   doubt   doubt
given_up     acc    =      =       =       =     =         =     acc    sent   deliv   undel   fail   =     =       =
again        =      =      =       =       =     =         =     =      =      deliv   =       =      =     =       =
accepted     =      =      =       =       =     =         =     =      sent   deliv   undel   fail   =     =       =
sent         =      =      =       =       =     =         =     =      =      deliv   undel   fail   =     =       =
delivered    =      =      =       =       =     =         =     =      =      =       =       =      =     =       =
undelivered  =      =      =       =       =     =         =     =      =      deliv   =       =      =     =       =
failed       =      =      =       =       =     =         =     =      =      deliv   undel   =      =     =       =
suppressed   acc    =      =       =       =     =         =     acc    sent   deliv   undel   fail   =     =       =
expired      acc    =      =       =       =     =         =     acc    sent   deliv   undel   fail   =     =       =
"""  # noqa: E501
WORDS = {
    "acc": State.ACCEPTED, "sent": State.SENT, "deliv": State.DELIVERED, "fail": State.FAILED,
    "undel": State.UNDELIVERED, "planned": State.PLANNED, "doubt": State.IN_DOUBT,
}  # fmt: skip


def arrows() -> list[tuple[str, str, str]]:
    head, *lines = ARROWS.strip().splitlines()
    rows = [line.split() for line in lines]
    return [
        (name, event, word)
        for name, *words in rows
        for event, word in zip(head.split(), words, strict=True)
    ]


def test_the_table_has_every_life_and_every_event() -> None:
    assert {(life, event) for life, event, _ in arrows()} == set(product(LIVES, EVENTS))
    assert {life.state for life in LIVES.values()} == set(State)


@pytest.mark.parametrize(("name", "event", "becomes"), arrows(), ids=lambda word: word)
def test_every_event_in_every_state(name: str, event: str, becomes: str) -> None:
    life = LIVES[name]
    after, effects = step(life, EVENTS[event](OURS), At(LEASE_OVER))
    if becomes == "=":
        assert (after, effects) == (life, ())
        return
    assert after.state is WORDS[becomes]
    assert after.is_open is (after.state is State.IN_DOUBT)
    closes = [effect for effect in effects if isinstance(effect, Close)]
    assert len(closes) == (life.sid is None and after.state is not State.IN_DOUBT)
    assert all(close.sid == after.sid for close in closes)


@pytest.mark.parametrize(("name", "event"), list(product(LIVES, EVENTS)))
def test_an_event_about_another_attempt_changes_nothing(name: str, event: str) -> None:
    assert step(LIVES[name], EVENTS[event](FOREIGN), At(LEASE_OVER)) == (LIVES[name], ())


@pytest.mark.parametrize(("name", "event"), list(product(LIVES, EVENTS)))
def test_an_event_that_comes_twice_counts_once(name: str, event: str) -> None:
    at = At(LEASE_OVER)
    once, _ = step(LIVES[name], EVENTS[event](OURS), at)
    twice, effects = step(once, EVENTS[event](OURS), at)
    assert (twice, effects) == (once, ())


@pytest.mark.parametrize("name", ["again", "accepted", "sent", "delivered", "failed"])
@pytest.mark.parametrize("event", ["201", "r.sent", "r.deliv", "r.fail", "found"])
def test_the_message_id_of_another_changes_nothing(name: str, event: str) -> None:
    life = replace(LIVES[name], sid="SM2")
    assert step(life, EVENTS[event](OURS), At(LEASE_OVER)) == (life, ())


# --- receipts in any order ------------------------------------------------------------------------

ACCEPTED, SENT = (Reported(OURS, SID, state) for state in (State.ACCEPTED, State.SENT))
DELIVERED = Reported(OURS, SID, State.DELIVERED)
UNDELIVERED, FAILED = (
    Reported(OURS, SID, state, 30007) for state in (State.UNDELIVERED, State.FAILED)
)
OFF = Reported(OURS, SID, State.UNDELIVERED, 30003)  # the phone is off: to be tried again
ANSWER = Answered(OURS, Accepted(SID))


def ends_of_every_order(start: Life, *events: Event) -> set[tuple[State, str | None, bool]]:
    """Return how `start` ends after every order of `events`, each of which comes twice.

    Orders that lead to one life by one set of events are followed together, so none is left out.
    """
    at = At(STARTED + timedelta(seconds=5))
    lives: dict[tuple[int, ...], set[Life]] = {(2,) * len(events): {start}}
    for _ in range(2 * len(events)):
        following: dict[tuple[int, ...], set[Life]] = {}
        for left, here in lives.items():
            for place in range(len(events)):
                if left[place]:
                    rest = (*left[:place], left[place] - 1, *left[place + 1 :])
                    reached = {step(life, events[place], at)[0] for life in here}
                    following.setdefault(rest, set()).update(reached)
        lives = following
    (ends,) = lives.values()
    return {(life.state, life.sid, life.is_open) for life in ends}


@pytest.mark.parametrize("start", ["submitting", "in_doubt", "given_up"])
@pytest.mark.parametrize(
    ("events", "end"),
    [
        ((ANSWER, ACCEPTED, SENT, DELIVERED), State.DELIVERED),
        ((ANSWER, ACCEPTED, SENT, UNDELIVERED), State.UNDELIVERED),
        ((ANSWER, ACCEPTED, SENT, FAILED), State.FAILED),
        ((ANSWER, ACCEPTED, SENT, OFF), State.PLANNED),
        ((ACCEPTED, SENT, FAILED, UNDELIVERED, DELIVERED), State.DELIVERED),
        ((ACCEPTED, SENT, FAILED, UNDELIVERED), State.UNDELIVERED),
        ((ACCEPTED, SENT, OFF, DELIVERED), State.DELIVERED),
    ],
    ids=lambda value: value if isinstance(value, State) else str(len(value)),
)
def test_every_order_of_receipts_ends_the_same(
    start: str, events: tuple[Event, ...], end: State
) -> None:
    assert ends_of_every_order(LIVES[start], *events) == {(end, SID, False)}


def test_a_receipt_after_the_next_try_was_planned_does_not_take_it_back() -> None:
    after, effects = step(LIVES["accepted"], OFF, At(LEASE_OVER))
    assert (after.state, after.retries, effects) == (State.PLANNED, 1, ())
    assert after.not_before == LEASE_OVER + timedelta(minutes=15)
    for late in (OFF, SENT, FAILED):
        assert step(after, late, At(LEASE_OVER)) == (after, ())
    assert step(after, DELIVERED, At(LEASE_OVER))[0].state is State.DELIVERED


def test_what_was_taken_back_and_arrived_all_the_same_says_so_and_is_not_tried_again() -> None:
    after, _ = step(LIVES["suppressed"], OFF, At(LEASE_OVER))
    assert after.state is State.UNDELIVERED


# --- time -----------------------------------------------------------------------------------------


def test_a_lease_is_not_over_a_moment_too_early() -> None:
    early = At(LEASE_OVER - timedelta(microseconds=1))
    assert step(SUBMITTING, LeaseOver(OURS), early) == (SUBMITTING, ())
    after, _ = step(SUBMITTING, LeaseOver(OURS), At(LEASE_OVER))
    assert (after.state, after.look_at) == (State.IN_DOUBT, LEASE_OVER)


def looked(life: Life, *seconds_after_lease: float) -> tuple[Life, tuple[Effect, ...]]:
    """Find nothing, at these moments."""
    effects: tuple[Effect, ...] = ()
    for seconds in seconds_after_lease:
        at = At(LEASE_OVER + timedelta(seconds=seconds))
        life, effects = step(life, NothingFound(OURS), at)
    return life, effects


@pytest.mark.parametrize(
    ("looks", "state"),
    [
        ((0, 60, 120, 179), State.IN_DOUBT),  # all too early to mean anything
        ((180,), State.IN_DOUBT),  # once is not enough
        ((180, 239), State.IN_DOUBT),  # nor twice in a row
        ((0, 240), State.IN_DOUBT),  # of which one too early
        ((180, 240), State.PLANNED),
        ((180, 200, 240), State.PLANNED),
        ((1000, 1060), State.PLANNED),
    ],
    ids=str,
)
def test_only_a_late_and_repeated_silence_means_never_accepted(
    looks: tuple[float, ...], state: State
) -> None:
    after, effects = looked(IN_DOUBT, *looks)
    assert after.state is state
    if state is State.PLANNED:
        assert effects == (Close("never accepted", None),)
        assert (after.first_empty_at, after.look_at, after.reason) == (None, None, "never_accepted")
    else:
        assert after.look_at is not None


def test_a_list_that_is_down_says_nothing_and_is_asked_again() -> None:
    doubtful, _ = looked(IN_DOUBT, 180)
    late = At(LEASE_OVER + timedelta(hours=1))
    after, effects = step(doubtful, NoList(OURS), late)
    assert (after.state, effects) == (State.IN_DOUBT, ())
    assert after.look_at == late.now + TIMING.look_every
    assert after.first_empty_at == doubtful.first_empty_at


def test_a_bulk_text_in_doubt_waits_for_a_person() -> None:
    after, effects = looked(replace(IN_DOUBT, waits_for_person=True), 180, 240)
    assert (after.state, after.look_at) == (State.IN_DOUBT, None)
    closed = Close("waits for a person", None)
    assert (after.reason, effects) == ("waits_for_person", (closed, Alert(0)))
    assert after.is_open is False
    for late in (ANSWER, SENT):
        assert step(after, late, At(LEASE_OVER))[0].sid == SID
    never = step(after, Answered(OURS, NotWritten()), At(LEASE_OVER))[0]
    assert (never.state, never.reason) == (State.PLANNED, "never_written")
    assert step(after, Answered(OURS, InDoubt("reset")), At(LEASE_OVER)) == (after, ())
    assert step(after, SENT, At(LEASE_OVER))[0].state is State.SENT


def test_an_urgent_text_goes_again_after_a_minute_and_says_so() -> None:
    urgent = replace(IN_DOUBT, resends=True)
    early, _ = step(urgent, NothingFound(OURS), At(STARTED + timedelta(seconds=59)))
    assert early.state is State.IN_DOUBT
    again, effects = step(urgent, NothingFound(OURS), At(STARTED + timedelta(seconds=60)))
    assert (again.state, again.reason) == (State.PLANNED, "sent_again_unsure")
    assert effects == (Close("given up: at least once", None),)
    assert TIMING.resend_after > TIMING.lease


@pytest.mark.parametrize("dice", [0.0, 0.5, 0.999])
@pytest.mark.parametrize(
    ("outcome", "least"),
    [(TooFast(), 15), (TooFast(40.0), 40), (NeverSent("DNS"), 15), (Refused(30022, 400), 15)],
    ids=repr,
)
def test_what_was_never_taken_goes_again_a_little_later(
    outcome: TooFast | NeverSent | Refused, least: float, dice: float
) -> None:
    at = At(STARTED, dice)
    after, effects = step(SUBMITTING, Answered(OURS, outcome), at)
    wait = timedelta(seconds=least)
    assert STARTED + wait <= after.not_before <= STARTED + wait * 1.5
    assert (after.state, after.retries) == (State.PLANNED, 0)
    assert (SlowSender() in effects) is not isinstance(outcome, NeverSent)


def test_what_was_not_written_goes_again_at_once() -> None:
    after, _ = step(SUBMITTING, Answered(OURS, NotWritten()), At(STARTED))
    assert (after.state, after.not_before) == (State.PLANNED, STARTED)


def test_a_text_never_goes_before_its_time_again() -> None:
    later = replace(SUBMITTING, not_before=STARTED + timedelta(hours=1))
    after, _ = step(later, Answered(OURS, TooFast()), At(STARTED))
    assert after.not_before == later.not_before


def test_a_faster_protocol_keeps_its_proportions() -> None:
    fast = TIMING.scaled(0.01)
    assert fast.lease == TIMING.lease * 0.01
    assert fast.list_margin / fast.empty_gap == TIMING.list_margin / TIMING.empty_gap


@pytest.mark.parametrize("event", ["429", "unsent", "unwritten"])
def test_what_was_taken_back_while_under_way_is_not_tried_again(event: str) -> None:
    taken_back = replace(SUBMITTING, withdrawn="moved")
    after, _ = step(taken_back, EVENTS[event](OURS), At(STARTED, 0.0, TIMING))
    assert (after.state, after.reason, after.is_open) == (State.SUPPRESSED, "moved", False)
