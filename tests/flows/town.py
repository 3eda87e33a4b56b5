"""A chapter with its office, its people's phones and the clock: what a flow is lived in."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select, update

from schedules.jobs import run_all
from service.chapters.tables import Chapter
from service.checkins.approve import USUAL_PLACES, Approval, approve
from service.checkins.register import Registration, register
from service.checkins.tables import CheckIn
from service.db import Database, new_id
from service.messages.catalog import Catalog
from service.outbox.tables import Delivery, State, Wording
from service.people.register import Card
from service.people.tables import Person
from service.privacy.keyring import Keyring
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader
from service.rallies.draft import Draft, save_draft
from service.rallies.tables import Rally, RallyKind, RallyState
from service.replies.receive import Reception, act_on, take_in
from service.rsvps.ask import open_asks
from service.rsvps.seats import make_seats
from service.rsvps.tables import SeatRole
from service.settings import Settings
from service.sms.inbound import InboundText
from service.sms.signature import Signatures
from service.wiring import Wiring
from tests.factories import (
    StillClock,
    make_chapter,
    make_family,
    make_office,
    make_sender,
    make_volunteer,
)

SENDER = "+14135550100"


class Town:
    """The network: people answer, the clock ticks, texts wait in the outbox."""

    def __init__(self, wiring: Wiring, clock: StillClock) -> None:
        self.wiring, self.clock = wiring, clock
        self.reception = Reception(wiring.outbox, wiring.settings.countries)
        with wiring.database.write() as session:
            self.chapter: Chapter = make_chapter(session)
            make_sender(session, self.chapter, SENDER)
            self.office = make_office(session, self.chapter)

    def volunteer(self, number: int, **more: object) -> Person:
        """A volunteer who agreed to texts."""
        with self.wiring.database.write() as session:
            return make_volunteer(
                session, self.wiring.keyring, self.chapter, number, now=self.clock.now(),
                **more,  # type: ignore[arg-type]  # by name
            )  # fmt: skip

    def family(self, number: int, **more: object) -> Person:
        """A family that agreed to texts."""
        with self.wiring.database.write() as session:
            return make_family(
                session, self.wiring.keyring, self.chapter, number, now=self.clock.now(),
                **more,  # type: ignore[arg-type]  # by name
            )  # fmt: skip

    def checkin(self, *, starts_at: datetime | None = None, is_approved: bool = True) -> CheckIn:
        """A check-in of Azucena's, five days on at 9 unless said otherwise."""
        with self.wiring.database.write() as session:
            made = register(
                session,
                self.wiring.outbox,
                self.chapter,
                Registration(
                    card=Card("+14135550120", alias="Azucena", language="es"),
                    office_id=self.office.id,
                    starts_at=starts_at or self.clock.now() + timedelta(days=5, hours=-1),
                    how="web",
                ),
                now=self.clock.now(),
            )
            if is_approved:
                approval = Approval(USUAL_PLACES, agreed_to_texts=True)
                approve(
                    session, self.wiring.outbox, made, approval, by=SYSTEM, now=self.clock.now()
                )
        return made

    def rally(self, *, days: int = 5, kind: RallyKind = RallyKind.RALLY) -> Rally:
        """An announced rally, for which nobody has been texted yet."""
        now = self.clock.now()
        draft = Draft("Friday", "90 Main St", now + timedelta(days=days), "Come?", "¿Viene?", kind)
        with self.wiring.database.write() as session:
            made = save_draft(session, self.chapter, draft, by="Marta", now=now)
            made.state = RallyState.ANNOUNCED
            session.add(made)
            make_seats(
                session, made.subject, {SeatRole.CROWD: None}, starts_at=made.starts_at,
                ends_at=made.ends_at,
            )  # fmt: skip
        return made

    def ask(self, checkin: CheckIn, number: int) -> None:
        """Somebody is asked about one more check-in while another question to them is open."""
        key = self.wiring.keyring.phone_key(f"+1413555{number:04}")
        with self.wiring.database.write() as session:
            person = session.exec(select(Person).where(Person.phone_key == key)).one()
            open_asks(
                session, [person.id], checkin.subject, now=self.clock.now(),
                expires_at=checkin.starts_at,
            )  # fmt: skip

    def tick(self, **time: float) -> None:
        """Let time pass, then let every job look for what is due."""
        self.clock.tick(**time)
        run_all(self.wiring, now=self.clock.now())

    def text(self, number: int, body: str, *, opt_out_type: str = "", sid: str = "") -> UUID | None:
        """Somebody texts us."""
        self.clock.tick(seconds=1)
        message = InboundText(
            sid or f"SM{new_id().hex}", f"+1413555{number:04}", SENDER, body, opt_out_type, 0
        )
        with self.wiring.database.write() as session:
            inbound_id = take_in(session, self.reception, message, now=self.clock.now())
        if inbound_id is not None:
            with self.wiring.database.write() as session:
                act_on(session, self.reception, inbound_id, now=self.clock.now())
        return inbound_id

    def got(self, number: int, *, states: tuple[State, ...] = (State.PLANNED,)) -> list[str]:
        """Return the texts to a phone that wait in the outbox, oldest first."""
        key = self.wiring.keyring.phone_key(f"+1413555{number:04}")
        reader = Reader(self.wiring.keyring, SYSTEM)
        with self.wiring.database.read() as session:
            rows = session.exec(
                select(Delivery, Wording)
                .join(Wording, col(Wording.id) == Delivery.wording_id, isouter=True)
                .where(Delivery.to_key == key, col(Delivery.state).in_(states))
                .order_by(col(Delivery.id))
            ).all()
            return [
                wording.body if wording else reader.show(delivery.sealed_body(self.chapter.id))
                for delivery, wording in rows
            ]

    def told(self, number: int) -> str:
        """Return which text of messages/*.toml the phone got last (of those that still wait)."""
        key = self.wiring.keyring.phone_key(f"+1413555{number:04}")
        with self.wiring.database.read() as session:
            found = session.exec(
                select(Delivery.template)
                .where(Delivery.to_key == key, Delivery.state == State.PLANNED)
                .order_by(col(Delivery.id).desc())
            ).first()
        return found or ""

    def deliver(self) -> None:
        """Let everything that waits reach its phone."""
        with self.wiring.database.write() as session:
            session.exec(
                update(Delivery)
                .where(col(Delivery.state) == State.PLANNED)
                .values(state=State.DELIVERED)
            )

    def session(self) -> Session:
        """Return a session for looking."""
        return Session(self.wiring.database.reader)


def make_town(database: Database, keyring: Keyring, catalog: Catalog, clock: StillClock) -> Town:
    """Return a network in an empty database."""
    settings = Settings(public_url="http://localhost:8000", twilio_account_sid="AC" + "0" * 32)
    signatures = Signatures(public_url="", account_sid="", auth_tokens=[])
    return Town(Wiring(settings, database, keyring, clock, catalog, signatures), clock)
