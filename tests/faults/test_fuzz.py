"""Whatever happens in whatever order: the rules of a delivery and of the seats keep their promises."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import Session, col, select

from service.db import Database, new_id
from service.outbox.events import (
    Answered,
    At,
    Event,
    Found,
    LeaseOver,
    Left,
    NoList,
    NothingFound,
    Reported,
    Timing,
)  # fmt: skip
from service.outbox.step import Life, step
from service.outbox.tables import State
from service.people.tables import Volunteer
from service.privacy.keyring import Keyring
from service.rsvps.arrive import arrive, leave, miss, set_out
from service.rsvps.hold import hold_places, lapse, lapsed_holds, release_holds
from service.rsvps.respond import Answer, respond
from service.rsvps.seats import close_seats, make_seats
from service.rsvps.tables import SEATED, Rsvp, RsvpState, Seat, SeatRole
from service.sms.carrier import Accepted, InDoubt, NeverSent, NotWritten, Outcome, Refused, TooFast
from tests.factories import StillClock, make_chapter, make_volunteer
from tests.faults.grounds import STARTS

EXAMPLES = int(os.environ.get("ACOMPANA_EXAMPLES", "60"))
SETTINGS = settings(
    max_examples=EXAMPLES, stateful_step_count=40, deadline=None, database=None,
    derandomize="ACOMPANA_EXAMPLES" not in os.environ, suppress_health_check=list(HealthCheck),
)  # fmt: skip

SIDS = ("SM1", "SM2", "SM3")
CODES = (0, 20003, 20429, 21211, 21603, 21610, 30003, 30005, 30006, 30007, 30008, 30034)
REPORTED = (State.ACCEPTED, State.SENT, State.DELIVERED, State.UNDELIVERED, State.FAILED)
OUTCOMES: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Accepted, st.sampled_from(SIDS)),
    st.builds(Refused, st.sampled_from(CODES[1:]), st.just(400)),
    st.builds(TooFast, st.sampled_from((None, 1.0))),
    st.builds(NeverSent, st.just("made up")),
    st.builds(InDoubt, st.just("made up")),
    st.just(NotWritten()),
)
TIMING = Timing()


class DeliveryMachine(RuleBasedStateMachine):
    """One delivery: claims, answers, receipts, looks at the list, opt-outs, in any order and late."""

    def __init__(self) -> None:
        super().__init__()
        self.now = STARTS
        self.attempts: list[UUID] = []
        self.suppressed = False
        self.delivered = False
        self.life = Life(
            state=State.PLANNED, attempt_id=None, is_open=False, started_at=STARTS,
            lease_until=STARTS, not_before=STARTS, not_after=STARTS + timedelta(days=2),
        )  # fmt: skip

    @rule(seconds=st.sampled_from((0, 1, 16, 61, 200, 4000)))
    def pass_time(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.life.state is State.PLANNED and not self.life.is_open)
    @rule()
    def claim(self) -> None:
        """As the claim does: a new try, known to be open before a byte leaves."""
        assert not self.suppressed, "a suppressed text was claimed"
        if self.now < self.life.not_before:
            return
        self.attempts.append(new_id())
        self.life = Life(
            state=State.SUBMITTING, attempt_id=self.attempts[-1], is_open=True,
            started_at=self.now, lease_until=self.now + TIMING.lease,
            not_before=self.life.not_before, not_after=self.life.not_after,
            retries=self.life.retries,
        )  # fmt: skip

    @rule()
    def withdraw(self) -> None:
        """Somebody opts out: what waits is suppressed, what is under way is not tried again."""
        if self.life.state is State.PLANNED:
            self.suppressed = True
            self._set(state=State.SUPPRESSED, reason="opted_out")
        elif self.life.state in (State.SUBMITTING, State.IN_DOUBT):
            self._set(withdrawn="opted_out")

    @precondition(lambda self: bool(self.attempts))
    @rule(outcome=OUTCOMES, back=st.integers(0, 2))
    def answer(self, outcome: Outcome, back: int) -> None:
        self._take(Answered(self._attempt(back), outcome))

    @precondition(lambda self: bool(self.attempts))
    @rule(
        sid=st.sampled_from(SIDS), state=st.sampled_from(REPORTED), code=st.sampled_from(CODES),
        back=st.integers(0, 2),
    )  # fmt: skip
    def report(self, sid: str, state: State, code: int, back: int) -> None:
        is_bad = state in (State.UNDELIVERED, State.FAILED)
        self._take(Reported(self._attempt(back), sid, state, code if is_bad else 0))

    @precondition(lambda self: bool(self.attempts))
    @rule(
        kind=st.sampled_from((LeaseOver, NothingFound, NoList)), back=st.integers(0, 2)
    )  # fmt: skip
    def look(self, kind: type[LeaseOver | NothingFound | NoList], back: int) -> None:
        self._take(kind(self._attempt(back)))

    @precondition(lambda self: bool(self.attempts))
    @rule(sid=st.sampled_from(SIDS), back=st.integers(0, 2))
    def find(self, sid: str, back: int) -> None:
        self._take(Found(self._attempt(back), sid))

    def _attempt(self, back: int) -> UUID:
        return self.attempts[max(0, len(self.attempts) - 1 - back)]

    def _set(self, **changes: object) -> None:
        import dataclasses

        # The changes come by name; a wrong one fails at once.
        self.life = dataclasses.replace(self.life, **changes)  # type: ignore[arg-type]

    def _take(self, event: Event) -> None:
        at = At(self.now, 0.5, TIMING)
        before = self.life
        after, effects = step(before, event, at)
        if event.attempt_id != before.attempt_id:
            assert (after, effects) == (before, ()), "an older try changed the newest"
        if before.sid is not None and after.sid is not None:
            assert after.sid == before.sid, "it took another's message id"
        assert step(before, event, at) == (after, effects), "chance of its own"
        self.delivered = self.delivered or after.state is State.DELIVERED
        self.life = after
        if any(isinstance(effect, Left) for effect in effects):
            self.withdraw()

    @invariant()
    def keeps_its_promises(self) -> None:
        life = self.life
        assert life.state in State
        assert not self.delivered or life.state is State.DELIVERED, "delivered was undone"
        assert life.is_open <= (life.state in (State.SUBMITTING, State.IN_DOUBT))
        if life.state is State.SUBMITTING:
            assert life.is_open
        if life.withdrawn:
            assert life.state is not State.PLANNED, "taken back, and to be tried again"
        if life.state in (State.ACCEPTED, State.SENT, State.DELIVERED):
            assert life.sid is not None


def test_the_rules_of_a_delivery() -> None:
    run_state_machine_as_test(DeliveryMachine, settings=SETTINGS)


# --- seats ---------------------------------------------------------------------------------------

PEOPLE = 8
SUBJECT = "checkin:fuzz"
PLACES = {SeatRole.LEAD: 1, SeatRole.ACCOMPANIER: 2, SeatRole.DRIVER: 1}


class SeatMachine(RuleBasedStateMachine):
    """Eight people answer about one event, change their minds, arrive; free places are held for the next."""

    database: Database
    people: list[UUID]

    def __init__(self) -> None:
        super().__init__()
        self.clock = StillClock(STARTS)
        with self.database.write() as session:
            for table in (Rsvp, Seat):
                for row in session.exec(select(table)).all():
                    session.delete(row)
                session.flush()
            begins = STARTS + timedelta(days=7)
            ends = begins + timedelta(hours=4)
            make_seats(session, SUBJECT, PLACES, starts_at=begins, ends_at=ends)
        self.is_closed = False

    @rule(place=st.integers(0, PEOPLE - 1), answer=st.sampled_from(Answer), size=st.integers(1, 4))
    def say(self, place: int, answer: Answer, size: int) -> None:
        now = self.clock.tick(seconds=1)
        with self.database.write() as session:
            person = self.people[place]
            came = respond(session, person, SUBJECT, answer, party_size=size, now=now)
            again = respond(session, person, SUBJECT, answer, party_size=size, now=now)
            assert not again.is_changed, "the same answer twice said something new"
            if self.is_closed and answer is Answer.YES:
                assert came.is_closed
            if came.freed_seat_id is not None and not self.is_closed:
                hold_places(session, came.freed_seat_id, now=now)

    @rule(place=st.integers(0, PEOPLE - 1), verb=st.sampled_from([set_out, arrive, leave, miss]))
    def come(self, place: int, verb: Callable[[Session, UUID, str], object]) -> None:
        with self.database.write() as session:
            verb(session, self.people[place], SUBJECT)

    @rule(dice=st.integers(0, 2))
    def offer(self, dice: int) -> None:
        with self.database.write() as session:
            seats = session.exec(select(Seat.id).order_by(col(Seat.id))).all()
            hold_places(session, seats[dice % len(seats)], now=self.clock.now())

    @rule(hours=st.sampled_from([0, 1, 13]), was_told=st.booleans())
    def let_time_pass(self, hours: int, was_told: bool) -> None:
        now = self.clock.tick(hours=hours)
        with self.database.read() as session:
            due = lapsed_holds(session, now=now)
        for rsvp_id in due:
            with self.database.write() as session:
                freed = lapse(session, rsvp_id, was_told=was_told, now=now)
                assert freed is not None, "a hold was lost"
                assert lapse(session, rsvp_id, was_told=was_told, now=now) is None
                hold_places(session, freed, now=now)

    @rule()
    def move_it(self) -> None:
        with self.database.write() as session:
            release_holds(session, SUBJECT, now=self.clock.now())

    @precondition(lambda self: not self.is_closed)
    @rule(dice=st.integers(0, 9))
    def close(self, dice: int) -> None:
        if dice == 0:
            with self.database.write() as session:
                close_seats(session, SUBJECT)
            self.is_closed = True

    @invariant()
    def keeps_its_promises(self) -> None:
        with self.database.read() as session:
            seats = {seat.id: seat for seat in session.exec(select(Seat)).all()}
            rsvps = session.exec(select(Rsvp)).all()
        held: dict[UUID, int] = dict.fromkeys(seats, 0)
        for rsvp in rsvps:
            assert rsvp.state in RsvpState
            if rsvp.seat_id is not None:
                held[rsvp.seat_id] += 1
                assert rsvp.role is seats[rsvp.seat_id].role
            assert (rsvp.seat_id is not None) == (rsvp.state in SEATED), f"{rsvp.state}: its place"
            assert (rsvp.held_until is not None) == (rsvp.state is RsvpState.HELD)
        for seat_id, seat in seats.items():
            assert seat.taken == held[seat_id], "the count and the people differ"
            assert seat.capacity is None or 0 <= seat.taken <= seat.capacity, "oversold"
        assert len({rsvp.person_id for rsvp in rsvps}) == len(rsvps)


@pytest.fixture
def machine(database: Database, keyring: Keyring) -> type[SeatMachine]:
    """Two leads, two drivers, the others neither."""
    with database.write() as session:
        chapter = make_chapter(session)
        people = []
        for place in range(PEOPLE):
            made = make_volunteer(
                session, keyring, chapter, 101 + place, now=STARTS,
                vetting=3 if place < 2 else 2, roles=["driver"] if place > 5 else [],
            )  # fmt: skip
            people.append(made.id)
        assert len(session.exec(select(Volunteer)).all()) == PEOPLE
    return type("Machine", (SeatMachine,), {"database": database, "people": people})


def test_the_rules_of_the_seats(machine: type[SeatMachine]) -> None:
    few = settings(SETTINGS, max_examples=max(5, EXAMPLES // 8), stateful_step_count=25)
    run_state_machine_as_test(machine, settings=few)
