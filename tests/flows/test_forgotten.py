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
from service.checkins.follow import follow
from service.checkins.safety.tables import SafetyStep
from service.checkins.tables import CheckIn, CheckInState, Outcome
from service.inbox.tables import Inbound
from service.outbox.enqueue import Text
from service.outbox.tables import Delivery
from service.people.tables import Consent, Person, Volunteer
from service.privacy.keyring import KeyGone, KeyKind
from service.rsvps.tables import Rsvp
from tests.flows.day import AZUCENA, ROSA, STARTS, After
from tests.flows.told import contacts

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


def test_nor_does_what_an_organizer_corrected(said: After) -> None:
    town = said.town
    with town.wiring.database.write() as session:
        about_it = col(Inbound.subject) == said.checkin.subject
        theirs = select(Inbound).where(about_it, Inbound.person_id == said.checkin.family_id)
        corrected = session.exec(theirs).first()
        assert corrected is not None
        family = session.get_one(Person, said.checkin.family_id)
        text = Text(
            "stop_misread", once_key=f"correct:{corrected.id.hex}:{town.clock.now()}:1",
            subject=f"person:{family.id.hex}",
        )  # fmt: skip
        assert town.wiring.outbox.text(session, family, text, now=town.clock.now())
    home(said)
    assert Trail(said).between(said.checkin.id, said.checkin.family_id) == []


def test_what_counts_is_left(said: After) -> None:
    with said.town.session() as session:
        texts, steps = (session.exec(select(func.count()).select_from(table)).one()
                        for table in (Delivery, SafetyStep))  # fmt: skip
    home(said)
    with said.town.session() as session:
        assert session.exec(select(func.count()).select_from(Delivery)).one() >= texts
        assert session.exec(select(func.count()).select_from(SafetyStep)).one() == steps
        words = session.exec(
            select(Inbound.text_sealed).where(col(Inbound.subject).startswith("checkin:"))
        ).all()
    assert len(words) > 1
    assert set(words) == {b""}
    rung, calls = steps_and_calls(said)
    assert rung == calls != []  # each ring still finds its call


def test_the_next_appointment_of_the_family_is_untouched_and_does_not_lead_back(
    said: After,
) -> None:
    town = said.town
    with town.wiring.database.write() as session:
        next_one = follow(
            session, town.wiring.outbox, session.get_one(CheckIn, said.checkin.id),
            STARTS + timedelta(weeks=4), told_by=None, now=town.clock.now(),
        )  # fmt: skip
        assert next_one.earlier_id == said.checkin.id
    texts = said_about(said, next_one)
    assert texts
    home(said)
    assert Trail(said).between(said.checkin.id, next_one.id) == []
    with town.session() as session:
        left = session.get_one(CheckIn, next_one.id)
    assert (left.family_id, left.earlier_id) == (said.checkin.family_id, None)
    assert said_about(said, next_one)[: len(texts)] == texts


def said_about(after: After, checkin: CheckIn) -> list[tuple[UUID, bytes | None]]:
    with after.town.session() as session:
        query = select(Delivery.person_id, Delivery.body_sealed)
        about = query.where(Delivery.subject == checkin.subject).order_by(col(Delivery.id))
        return list(session.exec(about))


def test_what_is_personal_is_forgotten_days_after_they_came_home(after: After) -> None:
    after.out()
    after.town.text(ROSA, "1")
    after.town.text(ROSA, "Y")
    after.town.text(AZUCENA, "gracias por todo, estoy en casa")
    keyring = after.town.wiring.keyring
    after.town.tick(days=13)
    assert after.now_is().forgotten_at is None
    assert keyring.key(KeyKind.CHECKIN, after.checkin.id)
    after.town.tick(days=1)
    gone = after.now_is()
    assert gone.forgotten_at == after.town.clock.now()
    assert (gone.outcome, gone.state) == (Outcome.CAME_HOME, CheckInState.CLOSED)
    assert gone.family_id != after.checkin.family_id
    with pytest.raises(KeyGone):
        keyring.key(KeyKind.CHECKIN, after.checkin.id)
    with after.town.session() as session:
        family = session.get_one(Person, after.checkin.family_id)
        assert family.consent is Consent.ACTIVE
        about = [
            (delivery.person_id, delivery.body_sealed)
            for delivery in session.exec(
                select(Delivery).where(
                    col(Delivery.subject).in_(
                        [gone.subject, f"outcome:{gone.id.hex}", after.check().own_subject]
                    )
                )
            )
        ]
        assert family.id not in {person for person, _ in about}
        assert {body for _, body in about} == {None}
        answers = session.exec(select(Rsvp.state).where(Rsvp.subject == gone.subject)).all()
        assert len(answers) >= 2
    after.town.tick(minutes=1)
    assert after.now_is().family_id == gone.family_id


def test_what_ended_otherwise_is_kept(after: After) -> None:
    after.out()
    after.record(Outcome.MONITOR)
    after.town.tick(days=60)
    assert after.now_is().forgotten_at is None
