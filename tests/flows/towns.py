"""Two chapters in two time zones, and somebody who belongs to both."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from service.chapters.tables import Chapter, Office, Sender
from service.checkins.approve import USUAL_PLACES, Approval, approve
from service.checkins.register import Registration, register
from service.checkins.tables import CheckIn
from service.db import new_id
from service.outbox.tables import Delivery, State
from service.people.members import (
    trust_in,
)
from service.people.register import Card, make_volunteer
from service.people.tables import Person
from service.privacy.policy import SYSTEM
from service.replies.receive import act_on, take_in
from service.sms.inbound import InboundText
from tests.factories import make_chapter, make_office, make_sender
from tests.flows.town import Town

BAY_NUMBER = "+14155550100"
BAY_ZONE = "America/Los_Angeles"
BETO, CARMEN = 121, 122


class TwoTowns:
    """Valley (New York) and Bay (Los Angeles); Beto's home is Valley."""

    def __init__(self, town: Town) -> None:
        self.town, self.wiring, self.clock = town, town.wiring, town.clock
        self.valley = town.chapter
        with self.wiring.database.write() as session:
            self.bay: Chapter = make_chapter(
                session, "Bay", network_name="Bahía", time_zone=BAY_ZONE, keyword="BAHIA",
                contact_phone="415-555-0142",
            )  # fmt: skip
            make_sender(session, self.bay, BAY_NUMBER)
            self.bay_office: Office = make_office(
                session, self.bay, name="San Francisco", area="San Francisco", time_zone=BAY_ZONE
            )

    def text(self, number: int, body: str, *, to: str = BAY_NUMBER) -> None:
        """Somebody texts a chapter's number."""
        self.clock.tick(seconds=1)
        message = InboundText(f"SM{new_id().hex}", f"+1413555{number:04}", to, body, "", 0)
        with self.wiring.database.write() as session:
            inbound_id = take_in(session, self.town.reception, message, now=self.clock.now())
        assert inbound_id is not None
        with self.wiring.database.write() as session:
            act_on(session, self.town.reception, inbound_id, now=self.clock.now())

    def sent(self, number: int) -> list[tuple[str, str]]:
        """Return (chapter, template) of what waits for a phone, oldest first."""
        key = self.wiring.keyring.phone_key(f"+1413555{number:04}")
        names = {self.valley.id: "Valley", self.bay.id: "Bay"}
        with self.town.session() as session:
            rows = session.exec(
                select(Sender.chapter_id, Delivery.template)
                .join(Delivery, col(Delivery.sender_id) == Sender.id)
                .where(Delivery.to_key == key, Delivery.state == State.PLANNED)
                .order_by(col(Delivery.id))
            ).all()
        return [(names[chapter], template) for chapter, template in rows]

    def trust(self, session: Session, person: Person) -> tuple[int, int]:
        """Return how far Valley and Bay trust somebody."""
        here, there = (trust_in(session, person.id, one.id) for one in (self.valley, self.bay))
        return here, there

    def join(self, person: Person, *, vetting: int = 0) -> None:
        """Somebody of Valley belongs to Bay too."""
        with self.wiring.database.write() as session:
            mine = session.get_one(Person, person.id)
            make_volunteer(
                session, mine, self.bay.id, now=self.clock.now(), vetting=vetting, how="text"
            )

    def bay_checkin(self, *, starts_at: datetime | None = None) -> CheckIn:
        """A family of Bay's goes to San Francisco in five days."""
        with self.wiring.database.write() as session:
            told = Registration(
                card=Card("+14155550120", alias="Rosa", language="es"),
                office_id=self.bay_office.id,
                starts_at=starts_at or self.clock.now() + timedelta(days=5),
                how="web",
            )
            made = register(session, self.wiring.outbox, self.bay, told, now=self.clock.now())
            approval = Approval(USUAL_PLACES, agreed_to_texts=True)
            approve(session, self.wiring.outbox, made, approval, by=SYSTEM, now=self.clock.now())
        return made
