"""The safety ladder where two chapters share people: one's silence rings nobody of the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from service.calls.tables import VoiceCall
from service.chapters.shifts import add_shift
from service.chapters.tables import Sender
from service.checkins.approve import Approval, approve
from service.checkins.find import get_checkin
from service.checkins.outcome.tell import add_legal_contact
from service.checkins.register import Registration, register
from service.checkins.safety.find import get_safety, open_safety
from service.checkins.safety.tables import SafetyCheck, SafetyState
from service.checkins.tables import CheckIn
from service.errors import NotFound
from service.outbox.tables import Delivery
from service.people.register import Card
from service.people.tables import Person
from service.privacy.policy import SYSTEM
from service.rsvps.tables import SeatRole
from tests.factories import make_organizer, make_volunteer
from tests.flows.town import Town
from tests.flows.towns import BETO, TwoTowns

FAMILY, NOOR, OMAR, MARTA, NORA, LAWYER = 120, 140, 141, 151, 152, 153
STARTS = datetime(2026, 3, 10, 17, 0, tzinfo=UTC)  # a Tuesday, 10:00 in San Francisco
DUE = STARTS + timedelta(hours=4)
EVERY = 5  # minutes between two looks of the clock: it may be slow


class Bay(TwoTowns):
    """A family of Bay's; Beto of Valley leads, for Bay trusts him. Each has a shift and an organizer."""

    def __init__(self, town: Town) -> None:
        super().__init__(town)
        self.beto = town.volunteer(BETO, name="Beto", vetting=0)
        self.join(self.beto, vetting=3)
        self.noor, self.nora = self._of_bay(NOOR, "Noor"), self._of_bay(NORA, "Nora")
        self.omar, self.marta = (
            town.volunteer(OMAR, name="Omar"),
            town.volunteer(MARTA, name="Marta"),
        )
        lawyer = town.volunteer(LAWYER, name="Lena", vetting=0)
        now = self.clock.now()
        with self.wiring.database.write() as session:
            for chapter, on_call, organizer in (
                (self.bay, self.noor, self.nora), (self.valley, self.omar, self.marta),
            ):  # fmt: skip
                add_shift(
                    session, chapter.id, on_call.id, starts_at=STARTS - timedelta(hours=2),
                    ends_at=STARTS + timedelta(hours=8), by="Nora", now=now,
                )  # fmt: skip
                make_organizer(session, chapter, now=now, person_id=organizer.id)
            add_legal_contact(session, self.valley, lawyer, now=now)
        self.checkin = self._checkin()
        town.tick()
        self.text(BETO, "Y")
        town.tick()

    def _of_bay(self, number: int, name: str) -> Person:
        with self.wiring.database.write() as session:
            return make_volunteer(
                session, self.wiring.keyring, self.bay, number, now=self.clock.now(), name=name,
                vetting=0,
            )  # fmt: skip

    def _checkin(self) -> CheckIn:
        told = Registration(
            Card("+14135550120", alias="Azucena", language="es"), self.bay_office.id, STARTS, "web"
        )
        with self.wiring.database.write() as session:
            made = register(session, self.wiring.outbox, self.bay, told, now=self.clock.now())
            approval = Approval({SeatRole.LEAD: 1}, agreed_to_texts=True)
            approve(session, self.wiring.outbox, made, approval, by=SYSTEM, now=self.clock.now())
        return made

    def at(self, moment: datetime, *, minutes: int = 0) -> None:
        """Let it be this moment, then let so many minutes pass, the clock looking at each."""
        self.clock.at = moment
        self.town.tick()
        for _ in range(0, minutes, EVERY):
            self.town.tick(minutes=EVERY)

    def told(self, number: int) -> set[str]:
        """Return "chapter template" of every text about safety that was written for a phone."""
        key = self.wiring.keyring.phone_key(f"+1413555{number:04}")
        names = {self.valley.id: "Valley", self.bay.id: "Bay"}
        with self.town.session() as session:
            rows = session.exec(
                select(Sender.chapter_id, Delivery.template)
                .join(Delivery, col(Delivery.sender_id) == Sender.id)
                .where(
                    Delivery.to_key == key,
                    col(Delivery.template).startswith("safety_")
                    | col(Delivery.template).startswith("alert_"),
                )
            ).all()
        return {f"{names[chapter]} {template}" for chapter, template in rows}

    def rung(self) -> set[tuple[str, str]]:
        """Return (chapter whose number rings, whom)."""
        chapters = {self.valley.id: "Valley", self.bay.id: "Bay"}
        people = {one.id: name for name, one in vars(self).items() if isinstance(one, Person)}
        with self.town.session() as session:
            rows = session.exec(
                select(Sender.chapter_id, VoiceCall.person_id).join(
                    VoiceCall, col(VoiceCall.sender_id) == Sender.id
                )
            ).all()
        return {(chapters[chapter], people[person]) for chapter, person in rows}


@pytest.fixture
def bay(town: Town) -> Bay:
    return Bay(town)


def test_silence_climbs_in_its_own_chapter_and_rings_its_own_shift(bay: Bay) -> None:
    bay.at(DUE, minutes=60)
    assert bay.told(FAMILY) == {"Bay safety_ask"}
    assert bay.told(BETO) == {"Bay safety_ask_lead", "Bay safety_no_word"}
    assert bay.rung() == {("Bay", "noor"), ("Bay", "nora")}  # the shift, then its organizers
    assert bay.told(OMAR) == bay.told(MARTA) == set()
    bay.text(BETO, "1")
    with bay.town.session() as session:
        assert session.exec(select(SafetyCheck)).one().state is SafetyState.RESOLVED


def test_an_empty_shift_alarms_the_organizers_of_that_chapter_alone(bay: Bay) -> None:
    bay.at(STARTS + timedelta(hours=9), minutes=60)  # both shifts are over
    assert "Bay alert_nobody_on_shift" in bay.told(NORA)
    assert ("Bay", "nora") in bay.rung()
    assert bay.told(MARTA) == set()
    assert not any(who in ("marta", "omar") for _, who in bay.rung())


def test_a_cry_of_somebody_of_both_is_about_the_visit_they_are_at(bay: Bay) -> None:
    bay.at(STARTS + timedelta(minutes=30))
    bay.town.text(BETO, "help, they took her")  # to the number of Valley
    with bay.town.session() as session:
        check = session.exec(select(SafetyCheck)).one()
    assert (check.chapter_id, check.state) == (bay.bay.id, SafetyState.ESCALATED)
    assert ("Bay", "noor") in bay.rung()
    assert not any(chapter == "Valley" for chapter, _ in bay.rung())


def test_an_organizer_of_another_chapter_neither_sees_nor_ends_it(bay: Bay) -> None:
    bay.at(DUE, minutes=10)
    with bay.town.session() as session:
        check = session.exec(select(SafetyCheck)).one()
        assert [one.id for one in open_safety(session, bay.bay.id)] == [check.id]
        assert open_safety(session, bay.valley.id) == []
        with pytest.raises(NotFound):
            get_safety(session, bay.valley.id, check.id)
        with pytest.raises(NotFound):
            get_checkin(session, bay.valley.id, bay.checkin.id)
