"""After somebody came home and the days to keep it are over, nothing leads from that day to them."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import MetaData
from sqlalchemy import select as rows_of
from sqlmodel import SQLModel, col, func, select

from service.calls.tables import VoiceCall
from service.checkins.approve import Approval, approve
from service.checkins.follow import follow
from service.checkins.move import move
from service.checkins.safety.contacts import name_contact
from service.checkins.safety.tables import SafetyStep
from service.checkins.tables import CheckIn, Outcome
from service.inbox.tables import Inbound
from service.outbox.tables import Delivery
from service.people.register import Card
from service.people.tables import Consent, EmergencyContact, Person, Volunteer
from service.privacy.policy import SYSTEM
from service.rsvps.tables import SeatRole
from tests.flows.day import AZUCENA, CONTACT, DUE, ORGANIZER, ROSA, STARTS, After
from tests.flows.town import Town

COUSIN, MUTE = 177, 178
SHARED = {"chapter", "office", "sender", "organizer", "wording"}  # of many families
HEX = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")


def ids_in(value: Any) -> Iterator[UUID]:
    """All ids in a value of a row: its own kind, and those within words."""
    if isinstance(value, UUID):
        yield value
    elif isinstance(value, str | dict | list):
        words = value if isinstance(value, str) else json.dumps(value)
        yield from (UUID(found) for found in HEX.findall(words))


class Trail:
    """Which row leads to which, by any id that stands in both."""

    def __init__(self, after: After) -> None:
        tables: MetaData = SQLModel.metadata
        self._rows: dict[UUID, list[tuple[str, set[UUID]]]] = {}
        self._closed: set[UUID] = set()
        with after.town.session() as session:
            self._closed |= set(session.exec(select(Volunteer.person_id)))
            self._closed.add(after.legal.id)
            for table in tables.sorted_tables:
                for row in session.connection().execute(rows_of(table)):
                    ids = {one for value in row for one in ids_in(value)}
                    if table.name in SHARED:
                        self._closed |= ids
                    for one in ids:
                        self._rows.setdefault(one, []).append((table.name, ids))

    def between(self, start: UUID, end: UUID) -> list[str]:
        """The tables on the shortest way from one id to another; none where there is no way."""
        ways: dict[UUID, list[str]] = {start: []}
        left = deque([start])
        while left:
            here = left.popleft()
            for table, ids in self._rows.get(here, []):
                for one in ids - ways.keys() - self._closed:
                    ways[one] = [*ways[here], table]
                    left.append(one)
        return ways.get(end, [])


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


@pytest.fixture(params=[After, ByText, ByCousin])
def told(town: Town, request: pytest.FixtureRequest) -> After:
    """A day on which much was said: by the family, to and from the lead, and to whom they named."""
    after: After = request.param(town)
    with town.wiring.database.write() as session:
        session.get_one(Volunteer, after.rosa.id).languages = ["en", "es"]
        family = session.get_one(Person, after.checkin.family_id)
        family.consent = Consent.ACTIVE  # whoever was registered by another has said yes by now
        for number, name in ((CONTACT, "Lupe"), (MUTE, "Chela")):
            card = Card(f"+1413555{number:04}", alias=name, language="es")
            name_contact(
                session, town.wiring.outbox, town.chapter, family, card, now=town.clock.now()
            )
        checkin = session.get_one(CheckIn, after.checkin.id)
        checkin.repeats = "4w"  # so that the next date is proposed the day after
        for starts_at in (STARTS + timedelta(hours=1), STARTS):
            move(session, town.wiring.outbox, checkin, starts_at, by=ORGANIZER,
                 now=town.clock.now())  # fmt: skip
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
    return after


def home(after: After) -> None:
    """It ended well, and the days to keep it are over."""
    after.record(Outcome.CAME_HOME)
    for days in (1, 14):
        after.town.tick(days=days)
    assert after.now_is().forgotten_at is not None


def steps_and_calls(after: After) -> tuple[list[str], list[str]]:
    with after.town.session() as session:
        steps = session.exec(select(SafetyStep.once_key).where(col(SafetyStep.by_voice))).all()
        return sorted(steps), sorted(session.exec(select(VoiceCall.once_key)))


def test_nothing_leads_from_the_appointment_to_the_family_or_whom_they_named(told: After) -> None:
    family, lupe, chela = told.checkin.family_id, *contacts(told)
    before = Trail(told)
    assert all(before.between(told.checkin.id, one) for one in (family, lupe, chela))
    home(told)
    after = Trail(told)
    assert [after.between(told.checkin.id, one) for one in (family, lupe, chela)] == [[], [], []]
    assert after.between(family, lupe) == ["emergency_contact"]  # theirs, for the next one


def test_what_counts_is_left(told: After) -> None:
    with told.town.session() as session:
        texts, steps = (session.exec(select(func.count()).select_from(table)).one()
                        for table in (Delivery, SafetyStep))  # fmt: skip
    home(told)
    with told.town.session() as session:
        assert session.exec(select(func.count()).select_from(Delivery)).one() >= texts
        assert session.exec(select(func.count()).select_from(SafetyStep)).one() == steps
        said = session.exec(
            select(Inbound.text_sealed).where(col(Inbound.subject).startswith("checkin:"))
        ).all()
    assert len(said) > 1
    assert set(said) == {b""}
    rung, calls = steps_and_calls(told)
    assert rung == calls != []  # each ring still finds its call


def test_the_next_appointment_of_the_family_is_untouched_and_does_not_lead_back(
    told: After,
) -> None:
    town = told.town
    with town.wiring.database.write() as session:
        next_one = follow(
            session, town.wiring.outbox, session.get_one(CheckIn, told.checkin.id),
            STARTS + timedelta(weeks=4), told_by=None, now=town.clock.now(),
        )  # fmt: skip
        assert next_one.earlier_id == told.checkin.id
    texts = said_about(told, next_one)
    assert texts
    home(told)
    assert Trail(told).between(told.checkin.id, next_one.id) == []
    with town.session() as session:
        left = session.get_one(CheckIn, next_one.id)
    assert (left.family_id, left.earlier_id) == (told.checkin.family_id, None)
    assert said_about(told, next_one)[: len(texts)] == texts


def said_about(after: After, checkin: CheckIn) -> list[tuple[UUID, bytes | None]]:
    with after.town.session() as session:
        query = select(Delivery.person_id, Delivery.body_sealed)
        about = query.where(Delivery.subject == checkin.subject).order_by(col(Delivery.id))
        return list(session.exec(about))
