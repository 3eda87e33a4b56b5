"""A day on which much was said, however the family was registered: what must be forgotten later."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlmodel import col, select

from service.checkins.approve import Approval, approve
from service.checkins.move import move
from service.checkins.safety.contacts import name_contact
from service.checkins.tables import CheckIn
from service.people.register import Card, rename
from service.people.tables import Consent, EmergencyContact, Person, Volunteer
from service.privacy.policy import SYSTEM
from service.rsvps.tables import SeatRole
from tests.flows.day import AZUCENA, CONTACT, DUE, ORGANIZER, ROSA, STARTS, After

COUSIN, MUTE = 177, 178


class ByText(After):
    """That day, the family having registered it themselves, by text, and asked for a ride."""

    phone, words = AZUCENA, "CITA martes 10 de marzo 9am"
    says: tuple[str, ...] = ("S", "2", "si", "esquina de Elm y 3", "1")

    def _checkin(self) -> CheckIn:
        for body in (self.words, *self.says):
            self.town.text(self.phone, body)
        now, outbox = self.town.clock.now(), self.town.wiring.outbox
        places = {SeatRole.LEAD: 1, SeatRole.OUTSIDE_CONTACT: 1}
        with self.town.wiring.database.write() as session:
            made = session.exec(select(CheckIn)).one()
            approval = Approval(places, agreed_to_texts=True)
            approve(session, outbox, made, approval, by=SYSTEM, now=now)
        return made


class ByCousin(ByText):
    """That day, a cousin who is no volunteer having registered it for them."""

    phone, words = COUSIN, "quiero registrar una cita para mi prima"
    says = ("413 555 0120", "martes 10 de marzo 9am", "S", "2", "no", "1")


def contacts(after: After) -> list[UUID]:
    """Whom the family named: Lupe, and Chela whose phone takes no texts."""
    with after.town.session() as session:
        query = select(EmergencyContact.person_id).order_by(col(EmergencyContact.id))
        return list(session.exec(query))


def live_a_day_of_many_words(after: After) -> None:
    """Let much be said: by the family, to and from the lead, and to whom they named."""
    town = after.town
    with town.wiring.database.write() as session:
        session.get_one(Volunteer, after.rosa.id).languages = ["en", "es"]
        family = session.get_one(Person, after.checkin.family_id)
        family.consent = Consent.ACTIVE  # whoever was registered by another has said yes by now
        rename(session, town.wiring.keyring, family, "Azucena")  # as an organizer was told
        for number, name in ((CONTACT, "Lupe"), (MUTE, "Chela")):
            card = Card(f"+1413555{number:04}", alias=name, language="es")
            name_contact(
                session, town.wiring.outbox, town.chapter, family, card, now=town.clock.now()
            )
        checkin = session.get_one(CheckIn, after.checkin.id)
        for starts_at in (STARTS + timedelta(hours=1), STARTS):
            move(session, town.wiring.outbox, checkin, starts_at, by=ORGANIZER,
                 now=town.clock.now())  # fmt: skip
        checkin.repeats = "4w"  # so that the next date is proposed the day after
    for contact in (CONTACT, MUTE):
        town.text(contact, "S")
    after.shift(after.noor)
    with town.wiring.database.write() as session:
        session.get_one(Person, contacts(after)[1]).is_unreachable = True  # she is called
    after.at(STARTS - timedelta(hours=23))
    town.text(ROSA, "Y")
    after.at(STARTS - timedelta(hours=1))
    town.text(AZUCENA, "Estoy junto a la puerta verde, traigo un abrigo gris")
    town.text(ROSA, "Ya casi llego, deme cinco minutos mas")
    after.at(DUE)
    after.pass_minutes(50)
    town.text(AZUCENA, "3")
    after.pass_minutes(10)
    town.text(CONTACT, "1")
    town.text(AZUCENA, "que pasa ahora?")
    town.text(ROSA, "1")
    after.pass_minutes(3)
