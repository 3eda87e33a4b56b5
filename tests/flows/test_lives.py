"""Whatever people text, in whatever order, and however the clock ticks: a check-in's life keeps its promises.

No seat is oversold, nobody who writes stays without an answer or a person who reads it, and nobody's silence
ends a ladder.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import SQLModel, col, func, select

from service.calls.tables import VoiceCall
from service.chapters.shifts import add_shift
from service.checkins.approve import Approval, approve
from service.checkins.cancel import cancel
from service.checkins.move import MOVABLE, move
from service.checkins.register import Registration, register
from service.checkins.safety.find import LATELY, SAY_THREE_IS_HELP
from service.checkins.safety.report import resolve, take_on_page
from service.checkins.safety.tables import OVER, SafetyCheck, SafetyState, SafetyStep
from service.checkins.tables import CheckIn, CheckInState
from service.db import Database
from service.errors import WrongState
from service.inbox.tables import Inbound
from service.messages.catalog import Catalog
from service.outbox.tables import Delivery
from service.people.register import Card
from service.people.tables import Consent, Person
from service.privacy.keyring import Keyring
from service.privacy.policy import SYSTEM, Role, Viewer
from service.rsvps.ask import COME
from service.rsvps.tables import SEATED, Ask, Rsvp, Seat, SeatRole
from tests.factories import StillClock
from tests.flows.town import Town, make_town

HISTORIES = int(os.environ.get("ACOMPANA_LIVES", "12"))
SETTINGS = settings(
    max_examples=HISTORIES, stateful_step_count=18, deadline=None, database=None,
    derandomize="ACOMPANA_LIVES" not in os.environ, suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # a history is short enough to be read; making it shorter takes minutes
)  # fmt: skip

MONDAY = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
STARTS = datetime(2026, 3, 10, 13, 0, tzinfo=UTC)  # a Tuesday, 9:00 in New York
AZUCENA, NOOR = 120, 140
COMPANIONS = {101: ("Rosa", 3, ()), 102: ("Tom", 2, ("driver",)), 103: ("Bea", 2, ()), 104: ("Luz", 3, ()),
              105: ("Ada", 1, ())}  # fmt: skip
PLACES = (
    {SeatRole.LEAD: 1},
    {SeatRole.LEAD: 1, SeatRole.ACCOMPANIER: 1},
    {SeatRole.LEAD: 1, SeatRole.DRIVER: 1, SeatRole.ACCOMPANIER: 2},
)
FROM_COMPANIONS = (
    "Y", "N", "y but I'll be late", "maybe", "S", "no puedo", "HERE", "IN", "OUT", "1", "2", "3",
    "still inside", "thank you", "help me", "DETAINED", "STOP", "START", "what time?", "Y 2",
    "👍", "9", "estoy en camino",
)  # fmt: skip
FROM_THE_FAMILY = (
    "1", "2", "3", "S", "N", "no gracias", "gracias", "CAMBIO", "CITAS", "AYUDA", "lo agarraron", "no sale",
    "STOP", "START", "quién viene?", "adentro", "ya salí", "🙏",
)  # fmt: skip
# After these words no answer need come: thanks, and what the carrier answers itself.
NEED_NO_ANSWER = (
    "thank you",
    "gracias",
    "🙏",
    "👍",
)  # a thumb where nothing was asked is thanks too
ORGANIZER = Viewer(Role.ORGANIZER, "Marta")


class Lives(RuleBasedStateMachine):
    """One family's appointment from registration to the end of its safety check, among five volunteers."""

    begin: Callable[[], Town]
    id: UUID

    def __init__(self) -> None:
        super().__init__()
        self.town = self.begin()

    @initialize(places=st.sampled_from(PLACES), is_on_call=st.booleans())
    def register(self, places: dict[SeatRole, int], is_on_call: bool) -> None:
        town, now = self.town, self.town.clock.now()
        for number, (name, vetting, roles) in COMPANIONS.items():
            town.volunteer(number, name=name, vetting=vetting, roles=roles)
        noor = town.volunteer(NOOR, name="Noor", vetting=1)
        told = Registration(
            Card("+14135550120", alias="Azucena", language="es"), town.office.id, STARTS, how="web"
        )
        with town.wiring.database.write() as session:
            if is_on_call:
                add_shift(
                    session, town.chapter.id, noor.id, starts_at=STARTS,
                    ends_at=STARTS + timedelta(hours=12), by="Marta", now=now,
                )  # fmt: skip
            self.id = register(session, town.wiring.outbox, town.chapter, told, now=now).id
            approval = Approval(places, agreed_to_texts=True)
            checkin = session.get_one(CheckIn, self.id)
            approve(session, town.wiring.outbox, checkin, approval, by=SYSTEM, now=now)
        town.tick()

    # --- what happens ---------------------------------------------------------------------------------

    @rule(place=st.sampled_from(sorted(COMPANIONS)), body=st.sampled_from(FROM_COMPANIONS))
    def a_companion_writes(self, place: int, body: str) -> None:
        self._text(place, body)

    @rule(body=st.sampled_from(FROM_THE_FAMILY))
    def the_family_writes(self, body: str) -> None:
        self._text(AZUCENA, body)

    @rule(minutes=st.sampled_from((1, 7, 20, 60, 240, 1200)))
    def time_passes(self, minutes: int) -> None:
        """Ticks that come late, or not for hours, are ticks as well."""
        self.town.tick(minutes=minutes)
        self.town.deliver()

    @rule(minutes=st.sampled_from((-2880, -1440, -150, -20, 0, 30, 245, 500)))
    def it_is_nearly_time(self, minutes: int) -> None:
        moment = self._checkin().starts_at + timedelta(minutes=minutes)
        if moment > self.town.clock.now():
            self.town.clock.at = moment
            self.town.tick()
            self.town.deliver()

    @rule(days=st.sampled_from((1, 2)))
    def it_is_moved(self, days: int) -> None:
        now = self.town.clock.now()
        with self.town.wiring.database.write() as session:
            checkin = session.get_one(CheckIn, self.id)
            to = checkin.starts_at + timedelta(days=days)
            is_refused = checkin.state not in MOVABLE or checkin.starts_at <= now
            with pytest.raises(WrongState) if is_refused else contextlib.nullcontext():
                move(session, self.town.wiring.outbox, checkin, to, by=ORGANIZER, now=now)

    @rule(dice=st.integers(0, 5))
    def it_is_cancelled(self, dice: int) -> None:
        if dice:
            return
        with self.town.wiring.database.write() as session:
            checkin = session.get_one(CheckIn, self.id)
            if checkin.state in (CheckInState.APPROVED, CheckInState.UNDERWAY):
                cancel(
                    session, self.town.wiring.outbox, checkin, by=ORGANIZER,
                    now=self.town.clock.now(),
                )  # fmt: skip

    @precondition(lambda self: self._is_open())
    @rule(has_spoken=st.booleans())
    def an_organizer_sees_to_it(self, has_spoken: bool) -> None:
        now = self.town.clock.now()
        with self.town.wiring.database.write() as session:
            check = session.exec(select(SafetyCheck)).first()
            assert check is not None
            verb = resolve if has_spoken else take_on_page
            try:
                verb(session, self.town.wiring.outbox, check, by=ORGANIZER, now=now)
            except WrongState:
                return

    def _text(self, number: int, body: str) -> None:
        town = self.town
        before, passed_on = self._count(number), self._passed_on()
        is_a_cry = body == "3" and self._was_told_that_three_is_help(number)
        inbound_id = town.text(number, body)
        assert inbound_id is not None
        with town.session() as session:
            inbound = session.get_one(Inbound, inbound_id)
            person = session.get_one(Person, inbound.person_id)
        assert inbound.done_at is not None, "it was written down, and nothing followed"
        # Within one talk, what goes on to the other is not answered each time: the other reads it.
        heard = self._count(number) > before or self._passed_on() > passed_on
        is_left = person.consent in (Consent.OPTED_OUT, Consent.ERASED)
        assert heard or inbound.needs_person or is_left or body in NEED_NO_ANSWER, (
            f"{body!r} of {number} ({inbound.intent}: {inbound.why}) stayed without an answer"
        )
        if is_a_cry:
            assert SafetyState.ESCALATED in self._states(), "told that 3 is help, and it was none"
        if body == "STOP":
            assert is_left, "a STOP was not obeyed"

    def _count(self, number: int) -> int:
        key = self.town.wiring.keyring.phone_key(f"+1413555{number:04}")
        with self.town.session() as session:
            return session.exec(
                select(func.count()).select_from(Delivery).where(Delivery.to_key == key)
            ).one()

    def _passed_on(self) -> int:
        """How many texts went on from the family to whoever leads, or back."""
        query = select(func.count()).where(col(Delivery.template).in_(["relay", "relay_tongue"]))
        with self.town.session() as session:
            return session.exec(query).one()

    def _was_told_that_three_is_help(self, number: int) -> bool:
        """Whether the last text to them says so, of what is open today and not of long ago."""
        key, now = self.town.wiring.keyring.phone_key(f"+1413555{number:04}"), self.town.clock.now()
        newest = select(Delivery).where(Delivery.to_key == key).order_by(col(Delivery.id).desc())
        with self.town.session() as session:
            last, checks = session.exec(newest).first(), session.exec(select(SafetyCheck)).all()
        is_open = any(check.state not in OVER and check.day_from <= now for check in checks)
        if last is None or not is_open:
            return False
        return last.template in SAY_THREE_IS_HELP and last.created_at > now - LATELY

    def _states(self) -> list[SafetyState]:
        with self.town.session() as session:
            return [check.state for check in session.exec(select(SafetyCheck)).all()]

    def _checkin(self) -> CheckIn:
        with self.town.session() as session:
            return session.get_one(CheckIn, self.id)

    def _is_open(self) -> bool:
        with self.town.session() as session:
            check = session.exec(select(SafetyCheck)).first()
        return check is not None and check.state not in OVER

    # --- what must hold ---------------------------------------------------------------------------------

    @invariant()
    def no_seat_is_oversold(self) -> None:
        with self.town.session() as session:
            seats = {seat.id: seat for seat in session.exec(select(Seat)).all()}
            rsvps = session.exec(select(Rsvp)).all()
        held = Counter(rsvp.seat_id for rsvp in rsvps if rsvp.seat_id is not None)
        for seat_id, seat in seats.items():
            assert seat.taken == held[seat_id], "the count and the people differ"
            assert seat.capacity is None or seat.taken <= seat.capacity, "oversold"
        for rsvp in rsvps:
            assert (rsvp.seat_id is not None) == (rsvp.state in SEATED), rsvp.state

    @invariant()
    def nobody_is_asked_twice_at_once(self) -> None:
        with self.town.session() as session:
            open_ = session.exec(
                select(Ask.person_id).where(
                    Ask.kind == COME,
                    col(Ask.answered_at).is_(None),
                    col(Ask.closed_at).is_(None),
                    Ask.expires_at > self.town.clock.now(),
                )
            ).all()
        assert max(Counter(open_).values(), default=0) <= 1

    @invariant()
    def who_may_not_learn_the_place_holds_none(self) -> None:
        key = self.town.wiring.keyring.phone_key("+14135550105")
        with self.town.session() as session:
            ada = session.exec(select(Person.id).where(Person.phone_key == key)).first()
            seats = session.exec(select(Rsvp.seat_id).where(Rsvp.person_id == ada)).all()
        assert [seat for seat in seats if seat is not None] == []

    @invariant()
    def no_ladder_is_lost(self) -> None:
        """A check-in that is on has a ladder; one that is open is looked at again soon."""
        with self.town.session() as session:
            checkin = session.get(CheckIn, self.id)
            check = session.exec(
                select(SafetyCheck).where(col(SafetyCheck.checkin_id).is_not(None))
            ).first()
        if checkin is None or checkin.state is CheckInState.SUBMITTED:
            return
        assert check is not None, "approved, and nobody will ask afterwards"
        if checkin.state is CheckInState.CANCELLED:
            return
        assert check.state is not SafetyState.OFF, "it is on, and its question is off"
        if check.state is SafetyState.RESOLVED:
            assert check.resolved_by, "resolved by nobody"
            return
        assert check.starts_at == checkin.starts_at, "it was moved, and its question was not"
        if check.state is not SafetyState.ARMED:
            assert check.next_at <= self.town.clock.now() + timedelta(minutes=45)

    def teardown(self) -> None:
        """Left alone for a day after its end, a silent one has called somebody; nothing dangles."""
        town = self.town
        town.clock.at = max(town.clock.now(), self._checkin().starts_at + timedelta(hours=4))
        for _ in range(8):
            town.tick(minutes=16)
        town.clock.tick(hours=24)
        town.tick()
        with town.session() as session:
            checkin = session.get_one(CheckIn, self.id)
            check = session.exec(
                select(SafetyCheck).where(SafetyCheck.checkin_id == checkin.id)
            ).one()
            did = {step.did for step in session.exec(select(SafetyStep)).all()}
            calls = session.exec(select(func.count()).select_from(VoiceCall)).one()
            open_asks = session.exec(
                select(Ask).where(
                    Ask.subject == checkin.subject,
                    col(Ask.answered_at).is_(None),
                    col(Ask.closed_at).is_(None),
                    Ask.expires_at > town.clock.now(),
                )
            ).all()
        assert open_asks == [], "over, and still asked about"
        if check.state in OVER:
            return
        assert check.state in (SafetyState.ESCALATED, SafetyState.TAKEN), (
            "silent, and nobody climbs"
        )
        assert calls or did & {"alarmed", "nobody"}, "silent, and nobody was called"


@pytest.fixture
def machine(
    database: Database, keyring: Keyring, catalog: Catalog, clock: StillClock
) -> type[Lives]:
    """Histories one after another in one database, emptied before each."""

    lived = count(1)

    def begin() -> Town:
        print("history", next(lived))
        clock.at = MONDAY
        with database.write() as session:
            for table in reversed(SQLModel.metadata.sorted_tables):
                if not table.name.startswith("audit"):  # append only
                    session.execute(table.delete())
        return make_town(database, keyring, catalog, clock)

    return type("Machine", (Lives,), {"begin": staticmethod(begin)})


def test_the_lives_of_check_ins(machine: type[Lives]) -> None:
    run_state_machine_as_test(machine, settings=SETTINGS)
