"""The day of an appointment, and the hours after it: who lives it, and what can be asked of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlmodel import col, select

from service.calls.tables import CallState, VoiceCall
from service.chapters.shifts import add_shift
from service.checkins.approve import Approval, approve
from service.checkins.outcome.record import Ended, record_outcome
from service.checkins.outcome.tell import add_legal_contact
from service.checkins.register import Registration, register
from service.checkins.safety.tables import SafetyCheck, SafetyState
from service.checkins.tables import CheckIn, Outcome
from service.outbox.tables import Delivery
from service.people.register import Card
from service.people.tables import Person
from service.privacy.policy import SYSTEM, Role, Viewer
from service.rallies.tables import Rally, RallyState
from service.rsvps.tables import SeatRole
from tests.factories import make_organizer
from tests.flows.town import Town

AZUCENA, ROSA, TOM, CONTACT, NOOR, MARTA, LEGAL = 120, 101, 102, 103, 140, 141, 170
STARTS = datetime(2026, 3, 10, 13, 0, tzinfo=UTC)  # a Tuesday, 9:00 in New York
DUE = STARTS + timedelta(hours=4)
S = SafetyState
ORGANIZER = Viewer(Role.ORGANIZER, "Marta")


class Day:
    """The day of an appointment of Azucena's, with Rosa in the lead and Tom outside."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.rosa = town.volunteer(ROSA, name="Rosa", vetting=3)
        self.tom = town.volunteer(TOM, name="Tom", roles=["outside_contact"])
        self.noor = town.volunteer(NOOR, name="Noor", vetting=3)
        self.checkin = self._checkin()
        town.tick()
        town.text(ROSA, "Y")
        town.text(TOM, "Y")

    def _checkin(self) -> CheckIn:
        town, now = self.town, self.town.clock.now()
        told = Registration(
            Card("+14135550120", alias="Azucena", language="es"), town.office.id, STARTS, how="web"
        )
        places = {SeatRole.LEAD: 1, SeatRole.OUTSIDE_CONTACT: 1}
        with town.wiring.database.write() as session:
            made = register(session, town.wiring.outbox, town.chapter, told, now=now)
            approval = Approval(places, agreed_to_texts=True)
            approve(session, town.wiring.outbox, made, approval, by=SYSTEM, now=now)
        return made

    def at(self, moment: datetime) -> None:
        """Let it be this moment, and the clock look."""
        self.town.clock.at = moment
        self.town.tick()

    def pass_minutes(self, minutes: int, *, every: int = 1) -> None:
        """Let minutes pass, the clock looking at each."""
        for _ in range(0, minutes, every):
            self.town.tick(minutes=every)

    def check(self) -> SafetyCheck:
        with self.town.session() as session:
            return session.exec(
                select(SafetyCheck).where(SafetyCheck.checkin_id == self.checkin.id)
            ).one()

    def shift(self, person: Person, *, hours: float = 12, starts_at: datetime = STARTS) -> None:
        """Put somebody on call."""
        with self.town.wiring.database.write() as session:
            add_shift(
                session, self.town.chapter.id, person.id, starts_at=starts_at,
                ends_at=starts_at + timedelta(hours=hours), by="Marta",
                now=self.town.clock.now(),
            )  # fmt: skip

    def calls(self, *states: CallState) -> list[VoiceCall]:
        with self.town.session() as session:
            query = select(VoiceCall).order_by(col(VoiceCall.id))
            rows = session.exec(query).all()
        return [row for row in rows if not states or row.state in states]

    def told(self, number: int) -> list[str]:
        """Return the safety texts to a phone, oldest first."""
        key = self.town.wiring.keyring.phone_key(f"+1413555{number:04}")
        with self.town.session() as session:
            return list(
                session.exec(
                    select(Delivery.template)
                    .where(
                        Delivery.to_key == key,
                        col(Delivery.template).startswith("safety_")
                        | col(Delivery.template).startswith("alert_")
                        | (col(Delivery.template) == "distress_heard"),
                    )
                    .order_by(col(Delivery.id))
                )
            )


class After(Day):
    """That day, from when one of us has spoken with the family."""

    def __init__(self, town: Town) -> None:
        super().__init__(town)
        self.marta = town.volunteer(MARTA, name="Marta")
        self.legal = town.volunteer(LEGAL, name="Lucia", vetting=0)
        now = town.clock.now()
        with town.wiring.database.write() as session:
            make_organizer(session, town.chapter, now=now, person_id=self.marta.id)
            add_legal_contact(session, town.chapter, self.legal, now=now)

    def out(self) -> None:
        """Rosa has spoken with Azucena, and the clock looks."""
        self.at(DUE)
        self.town.text(ROSA, "1")
        self.town.tick()

    def now_is(self) -> CheckIn:
        with self.town.session() as session:
            return session.get_one(CheckIn, self.checkin.id)

    def texts(self, number: int) -> list[str]:
        """Which texts a phone got about how it ended, oldest first."""
        key = self.town.wiring.keyring.phone_key(f"+1413555{number:04}")
        about = ("outcome_", "alert_", "thanks_")
        with self.town.session() as session:
            rows = session.exec(
                select(Delivery.template).where(Delivery.to_key == key).order_by(col(Delivery.id))
            ).all()
        return [row for row in rows if row.startswith(about)]

    def record(self, outcome: Outcome, deadline_on: date | None = None) -> None:
        """Marta writes it on the page."""
        with self.town.wiring.database.write() as session:
            record_outcome(
                session, self.town.wiring.outbox, session.get_one(CheckIn, self.checkin.id),
                Ended(outcome, deadline_on), by=ORGANIZER, now=self.town.clock.now(),
            )  # fmt: skip

    def second_family(self) -> CheckIn:
        """Jasmine, at the same office and hour; Rosa leads there too, for she said so."""
        town, now = self.town, self.town.clock.now()
        told = Registration(
            Card("+14135550121", alias="Jasmine"), town.office.id, STARTS, how="web"
        )
        with town.wiring.database.write() as session:
            made = register(session, town.wiring.outbox, town.chapter, told, now=now)
            approval = Approval({SeatRole.LEAD: 1}, agreed_to_texts=True)
            approve(session, town.wiring.outbox, made, approval, by=ORGANIZER, now=now)
        town.tick()
        town.text(ROSA, "Y")
        return made

    def drafts(self) -> list[Rally]:
        with self.town.session() as session:
            return list(session.exec(select(Rally).where(Rally.state == RallyState.DRAFT)))
