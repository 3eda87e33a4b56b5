"""An appointment is practised from the first text to safe home, among guests alone, and swept away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select, update

from service.calls import place
from service.calls.place import claim as claim_calls
from service.calls.plan import Call, plan_call
from service.calls.tables import CallState, VoiceCall
from service.chapters.shifts import add_shift
from service.checkins.candidates import asks_lately, busy_people, with_open_question
from service.checkins.drill import Practice, end_appointment_drill, start_appointment_drill
from service.checkins.find import coming_up, count_coming, get_checkin, list_checkins
from service.checkins.outcome.tell import add_legal_contact
from service.checkins.safety.find import open_safety
from service.checkins.safety.press import is_of_use, press
from service.checkins.safety.tables import SafetyCheck, SafetyState, SafetyStep
from service.checkins.tables import CheckIn, CheckInState, Outcome
from service.errors import InvalidValue, NotFound, WrongState
from service.outbox.drill import add_guest, remove_guest
from service.outbox.tables import Delivery, Notice
from service.people.tables import Consent, Person
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader
from service.rallies.tables import Rally
from service.rsvps.tables import Ask, Rsvp, Seat, SeatRole
from tests.factories import make_organizer
from tests.flows.town import Town

AZUCENA, ROSA, TOM, NOOR = 120, 101, 102, 140  # guests: the family, the lead, a companion, on call
CARMEN, LAWYER, MARTA, ON_SHIFT = 103, 104, 141, 142  # nobody of these agreed to drills
STRANGERS = (CARMEN, LAWYER, MARTA, ON_SHIFT)
STARTS = datetime(2026, 3, 10, 13, 0, tzinfo=UTC)  # a Tuesday, 9:00 in New York
DUE = STARTS + timedelta(hours=4)
WORDS = {AZUCENA: "SIMULACRO: ", ROSA: "DRILL: ", TOM: "DRILL: ", NOOR: "DRILL: "}


class Practised:
    """A drill among four guests, in a network that has a shift, an organizer and a lawyer of its own."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.azucena = town.volunteer(AZUCENA, name="Azucena", language="es")
        self.rosa = town.volunteer(ROSA, name="Rosa", vetting=3)
        self.tom = town.volunteer(TOM, name="Tom")
        self.noor = town.volunteer(NOOR, name="Noor")
        names = ("Carmen", "Lena", "Marta", "Omar")
        self.strangers = [
            town.volunteer(number, name=name, vetting=3)
            for number, name in zip(STRANGERS, names, strict=True)
        ]
        _, lawyer, marta, omar = self.strangers
        now = town.clock.now()
        with town.wiring.database.write() as session:
            for person in (self.azucena, self.rosa, self.tom, self.noor):
                add_guest(session, person, by=SYSTEM, now=now)
            add_legal_contact(session, town.chapter, lawyer, now=now)
            make_organizer(session, town.chapter, now=now, person_id=marta.id)
            add_shift(
                session, town.chapter.id, omar.id, starts_at=STARTS - timedelta(hours=2),
                ends_at=STARTS + timedelta(hours=20), by="Marta", now=now,
            )  # fmt: skip
        self.drill = self.start()
        town.tick()

    def start(self, stand_in: bool = True) -> CheckIn:
        town = self.town
        told = Practice(
            self.azucena.id, town.office.id, STARTS, self.noor.id if stand_in else None,
            {SeatRole.LEAD: 1, SeatRole.ACCOMPANIER: 1},
        )  # fmt: skip
        with town.wiring.database.write() as session:
            args = session, town.wiring.outbox, town.chapter, told
            made = start_appointment_drill(*args, by=SYSTEM, now=town.clock.now())
            again = start_appointment_drill(*args, by=SYSTEM, now=town.clock.now())
            assert again.id == made.id
        return made

    def at(self, moment: datetime) -> None:
        self.town.clock.at = moment
        self.town.tick()

    def staffed(self) -> None:
        """Rosa leads, Tom goes along."""
        self.town.text(ROSA, "Y")
        self.town.text(TOM, "Y")

    def check(self) -> SafetyCheck:
        with self.town.session() as session:
            query = select(SafetyCheck).where(SafetyCheck.checkin_id == self.drill.id)
            return session.exec(query).one()

    def rung(self) -> dict[str, str]:
        """Place every call that is due; return who was rung, and what was said."""
        names = {one.id: name for name, one in vars(self).items() if isinstance(one, Person)}
        with self.town.wiring.database.write() as session:
            calls = claim_calls(session, now=self.town.clock.now())
            wiring = self.town.wiring
            reader = Reader(wiring.keyring, SYSTEM)
            return {
                names.get(one.person_id, "stranger"): reader.show(
                    one.sealed_says(self.town.chapter.id)
                )
                for one in calls
            }

    def end(self) -> None:
        with self.town.wiring.database.write() as session:
            drill = session.get_one(CheckIn, self.drill.id)
            end_appointment_drill(
                session, self.town.wiring.outbox, drill, by=SYSTEM, now=self.town.clock.now()
            )


@pytest.fixture
def practised(town: Town) -> Practised:
    return Practised(town)


def only_guests_were_texted(town: Town) -> None:
    """Nothing of it was written to anybody else, and each text to a guest says what it is."""
    with town.session() as session:
        rows = session.exec(select(Delivery.to_key, Delivery.subject)).all()
    keys = {town.wiring.keyring.phone_key(f"+1413555{number:04}") for number in WORDS}
    assert {to for to, subject in rows if subject.startswith("drill:")} <= keys
    for number, word in WORDS.items():
        assert all(text.startswith(word) for text in town.got(number)), town.got(number)


def test_from_the_first_text_to_safe_home(practised: Practised) -> None:
    town = practised.town
    assert town.told(AZUCENA) == "family_approved"
    assert town.told(ROSA) == town.told(TOM) == "blast"
    assert town.got(NOOR) == []  # who plays those on call is not asked to come
    practised.staffed()
    assert [town.told(one) for one in (ROSA, TOM)] == ["confirmed_lead", "confirmed"]
    only_guests_were_texted(town)
    town.deliver()
    for before in (timedelta(days=1), timedelta(hours=13), timedelta(hours=3), timedelta(hours=2)):
        practised.at(STARTS - before)
    said = "\n".join(town.got(ROSA) + town.got(TOM) + town.got(AZUCENA))
    assert "Café Sol" in said  # vetted yes-sayers learn the place
    assert "Rosa" in "\n".join(town.got(AZUCENA))  # the family hears who comes
    only_guests_were_texted(town)
    town.deliver()
    town.text(ROSA, "HERE")
    town.text(ROSA, "IN")
    with town.session() as session:
        assert session.get_one(CheckIn, practised.drill.id).state is CheckInState.UNDERWAY
    practised.at(DUE + timedelta(minutes=1))
    assert "SIMULACRO: " in town.got(AZUCENA)[-1]
    town.text(ROSA, "1")
    assert practised.check().state is SafetyState.RESOLVED
    town.tick(seconds=30)
    assert town.told(ROSA) == "outcome_ask"
    town.text(ROSA, "1")
    town.text(ROSA, "Y")
    with town.session() as session:
        assert session.get_one(CheckIn, practised.drill.id).outcome is Outcome.CAME_HOME
    assert town.told(TOM) == "thanks_home"
    only_guests_were_texted(town)


def test_silence_climbs_to_the_one_who_plays_those_on_call(practised: Practised) -> None:
    town = practised.town
    practised.staffed()
    town.deliver()
    practised.at(DUE)
    for _ in range(12):
        town.tick(minutes=5)
    assert practised.check().state is SafetyState.ESCALATED
    said = practised.rung()
    assert said.keys() == {"noor"}
    assert said["noor"].startswith("Drill. Nothing of this is real. This is Acompaña")
    only_guests_were_texted(town)
    with town.wiring.database.write() as session:
        call = session.exec(select(VoiceCall).where(VoiceCall.state == CallState.PLACING)).first()
        assert call is not None
        assert is_of_use(session, call)
        assert press(session, town.wiring.outbox, call, "1", now=town.clock.now()) == "key_taken"
    assert practised.check().state is SafetyState.TAKEN
    assert town.told(NOOR) == "safety_taken"
    only_guests_were_texted(town)


def test_a_grave_end_reaches_the_stand_in_and_no_lawyer_and_drafts_nothing(
    practised: Practised,
) -> None:
    town = practised.town
    practised.staffed()
    practised.at(STARTS + timedelta(minutes=5))
    town.text(ROSA, "IN")
    town.text(ROSA, "DETAINED")
    for _ in range(4):
        town.tick(minutes=1)
    town.text(ROSA, "6")
    town.text(ROSA, "Y")
    said = practised.rung()
    assert said.keys() <= {"noor"}
    with town.session() as session:
        assert session.exec(select(Rally)).all() == []
        assert session.exec(select(Notice)).all() == []
        rows = session.exec(select(VoiceCall)).all()
        assert {row.person_id for row in rows} == {practised.noor.id}
    only_guests_were_texted(town)


def test_every_answer_along_the_way_says_that_it_is_a_drill(practised: Practised) -> None:
    town = practised.town
    for number, body in (
        (TOM, "not sure"), (TOM, "Y but late"), (ROSA, "Y"), (AZUCENA, "CAMBIO"), (AZUCENA, "N"),
        (ROSA, "no"), (ROSA, "Y"),
    ):  # fmt: skip
        town.text(number, body)
    practised.at(STARTS - timedelta(hours=12))
    town.text(AZUCENA, "Llevo un paraguas azul y una mochila roja")  # passed on to Rosa
    assert any("paraguas azul" in text for text in town.got(ROSA))
    practised.at(DUE)
    for number, body in (
        (ROSA, "what?"), (ROSA, "2"), (AZUCENA, "3"), (AZUCENA, "lo agarraron"), (TOM, "HERE"),
        (ROSA, "NEXT 3/24 9:30"),
    ):  # fmt: skip
        town.text(number, body)
    assert town.told(ROSA) == "drill_no_next"
    with town.session() as session:
        assert len(session.exec(select(CheckIn)).all()) == 1
    only_guests_were_texted(town)


def test_a_call_to_somebody_else_is_never_placed_whoever_planned_it(
    practised: Practised, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = practised.town
    call = Call(
        "safety_shift", "stray", practised.check().own_subject, "1", {"name": "A", "why": "?"}
    )
    with town.wiring.database.write() as session:
        plan_call(
            session, town.wiring.keyring, town.wiring.catalog, practised.strangers[0], call,
            now=town.clock.now(),
        )  # fmt: skip
    assert practised.rung() == {}
    monkeypatch.setattr(place, "_may_be_rung", lambda: col(VoiceCall.id).is_not(None))
    assert practised.rung().keys() == {"stranger"}  # without the claim's condition


@pytest.mark.parametrize("how", ["taken off the list", "stop"])
def test_who_left_is_not_rung_either(practised: Practised, how: str) -> None:
    town = practised.town
    practised.staffed()
    practised.at(DUE)
    for _ in range(12):
        town.tick(minutes=5)
    with town.wiring.database.write() as session:
        if how == "stop":
            session.exec(
                update(Person)
                .where(col(Person.id) == practised.noor.id)
                .values(consent=Consent.OPTED_OUT)
            )
        else:
            remove_guest(
                session, town.chapter.id, practised.noor.id, by=SYSTEM, now=town.clock.now()
            )
    assert practised.rung() == {}


def test_it_counts_for_nothing(practised: Practised) -> None:
    town, now = practised.town, practised.town.clock.now()
    practised.staffed()
    with town.session() as session:
        assert with_open_question(session, now=now) == set()
        assert busy_people(session, STARTS, DUE) == {}
        assert asks_lately(session, now=now) == {}
        assert list_checkins(session, town.chapter.id, limit=9) == []
        assert coming_up(session, town.chapter.id, since=now, limit=9) == []
        assert count_coming(session, town.chapter.id, since=now) == 0
        with pytest.raises(NotFound):
            get_checkin(session, town.chapter.id, practised.drill.id)
    practised.at(DUE)
    with town.session() as session:
        assert open_safety(session, town.chapter.id) == []


def test_a_real_appointment_comes_before_a_drill(practised: Practised) -> None:
    """A cry of somebody who has a real one that day is never taken for practice."""
    town = practised.town
    real = town.checkin(starts_at=STARTS)
    practised.at(STARTS + timedelta(minutes=5))
    town.text(AZUCENA, "lo agarraron")
    with town.session() as session:
        query = select(SafetyCheck).where(SafetyCheck.checkin_id == real.id)
        assert session.exec(query).one().state is SafetyState.ESCALATED
    assert practised.check().state is SafetyState.ARMED
    assert not town.got(AZUCENA)[-1].startswith("SIMULACRO")


def test_its_end_sweeps_every_row_away_and_a_cry_is_real_again(practised: Practised) -> None:
    town = practised.town
    practised.staffed()
    practised.at(DUE)
    town.text(AZUCENA, "3")
    practised.end()
    assert town.told(ROSA) == town.told(TOM) == town.told(NOOR) == "drill_over"
    assert town.got(ROSA) == [town.got(ROSA)[-1]]  # nothing else of it waits
    with town.session() as session:
        for table in (CheckIn, SafetyCheck, SafetyStep, Rsvp, Ask, Seat):
            assert session.exec(select(table)).all() == [], table
        waiting = session.exec(select(VoiceCall).where(VoiceCall.state == CallState.PLANNED)).all()
        assert waiting == []
    town.deliver()
    for _ in range(3):
        town.tick(minutes=20)
    assert [town.got(number) for number in WORDS] == [[], [], [], []]
    town.text(AZUCENA, "me detuvieron")
    with town.session() as session:
        alarm = session.exec(select(SafetyCheck)).one()
        assert not alarm.is_drill
        call = session.exec(select(VoiceCall).where(VoiceCall.state == CallState.PLANNED)).one()
        assert call.person_id == practised.strangers[3].id  # who really is on call is rung


def test_one_that_nobody_ended_ends_by_itself(practised: Practised) -> None:
    practised.at(STARTS + timedelta(days=2, hours=1))
    with practised.town.session() as session:
        assert session.exec(select(CheckIn)).all() == []
        assert session.exec(select(Delivery).where(Delivery.template == "drill_over")).all() != []


def test_who_may_play(town: Town) -> None:
    alma, beto = town.volunteer(101), town.volunteer(102, name="Beto")
    now = town.clock.now()

    def start(family: Person, stand_in: Person | None = None) -> None:
        told = Practice(family.id, town.office.id, STARTS, stand_in.id if stand_in else None)
        with town.wiring.database.write() as session:
            start_appointment_drill(
                session, town.wiring.outbox, town.chapter, told, by=SYSTEM, now=now
            )

    with pytest.raises(WrongState, match="drill_needs_guests"):
        start(alma)
    with town.wiring.database.write() as session:
        add_guest(session, alma, by=SYSTEM, now=now)
    with pytest.raises(InvalidValue) as too_few:
        start(alma)
    assert (too_few.value.field, too_few.value.code) == ("family", "drill_needs_another")
    with pytest.raises(InvalidValue) as no_guest:
        start(beto)
    assert (no_guest.value.field, no_guest.value.code) == ("family", "not_a_guest")
