"""One chapter, one sender, people by number, and texts that wait for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select, update

from service.chapters.tables import Sender
from service.db import Database, new_id
from service.outbox.advance import Rules, advance
from service.outbox.claim import Claimed, claim
from service.outbox.events import At, Event
from service.outbox.gate import make_gate, set_gate
from service.outbox.tables import (
    Attempt,
    ConsentNeeded,
    Delivery,
    GateState,
    Notice,
    Pace,
    Priority,
    State,
)
from service.people.tables import Consent, Person
from service.privacy.keyring import KeyKind, Keyring
from service.privacy.seal import seal
from tests.factories import StillClock, make_chapter, make_sender, make_volunteer


@dataclass(frozen=True)
class Row:
    """A delivery and its newest attempt, as the tables have them."""

    delivery: Delivery
    attempt: Attempt | None


class House:
    """The outbox of a small network, without its worker. The sender is unpaced until told."""

    def __init__(self, database: Database, keyring: Keyring, clock: StillClock) -> None:
        self.database, self.keyring, self.clock = database, keyring, clock
        self.rules = Rules(settles_bulk=True)
        with database.write() as session:
            self.chapter = make_chapter(session)
            self.sender = make_sender(session, self.chapter)
        self.change_sender(segments_per_second=0.0)
        self._texts = 0

    def change_sender(self, **values: Any) -> None:
        """Change the sender's row, and what claims are given."""
        with self.database.write() as session:
            session.exec(update(Sender).where(col(Sender.id) == self.sender.id).values(**values))
        with self.database.read() as session:
            self.sender = session.get_one(Sender, self.sender.id)

    def person(self, number: int, *, consent: Consent = Consent.ACTIVE, **changes: Any) -> Person:
        """Somebody on +1413555<number>."""
        with self.database.write() as session:
            person = make_volunteer(
                session, self.keyring, self.chapter, number, now=self.clock.now(), consent=consent
            )
            for name, value in changes.items():
                setattr(person, name, value)
            session.add(person)
        return person

    def people(self, count: int, start: int = 100) -> list[Person]:
        """Many at once, on +14135550100 and on."""
        return [self.person(start + place) for place in range(count)]

    def change_person(self, person: Person, **values: Any) -> None:
        """Change somebody's row."""
        with self.database.write() as session:
            session.exec(update(Person).where(col(Person.id) == person.id).values(**values))

    def gate(self, state: GateState = GateState.OPEN) -> UUID:
        """A gate with one wording, in a state."""
        gate_id = new_id()
        with self.database.write() as session:
            make_gate(session, gate_id, {"en": "Come to the rally"})
            set_gate(session, gate_id, state)
        return gate_id

    def text(self, person: Person, body: str = "The bus leaves at 9", **changes: Any) -> UUID:
        """A planned text to somebody, due now; returns its delivery."""
        self._texts += 1
        delivery_id, now = new_id(), self.clock.now()
        key = self.keyring.key(KeyKind.PERSON, person.id)
        values: dict[str, Any] = {
            "once_key": f"text:{self._texts}", "person_id": person.id, "segments": 1,
            "to_key": person.phone_key, "sender_id": self.sender.id, "subject": "rally:1",
            "template": "blast", "language": "en", "priority": Priority.NORMAL,
            "consent_needed": ConsentNeeded.ACTIVE, "not_before": now,
            "not_after": now + timedelta(hours=12), "created_at": now, "changed_at": now,
            "body_sealed": seal(key, "delivery", delivery_id, "body", body),
        }  # fmt: skip
        with self.database.write() as session:
            session.add(Delivery(id=delivery_id, **values | changes))
        return delivery_id

    def claim(self, limit: int = 500) -> list[Claimed]:
        """Claim and commit."""
        with self.database.write() as session:
            sender = session.get_one(Sender, self.sender.id)
            return claim(session, sender, limit=limit, now=self.clock.now())

    def claimed(self, limit: int = 500) -> list[UUID]:
        """Claim and commit; return the deliveries taken, in their order."""
        return [one.delivery_id for one in self.claim(limit)]

    def take(self, person: Person, **changes: Any) -> tuple[UUID, UUID]:
        """Make a text and claim it; return its delivery and its attempt."""
        delivery_id = self.text(person, **changes)
        (one,) = [one for one in self.claim() if one.delivery_id == delivery_id]
        return delivery_id, one.attempt_id

    def at(self, dice: float = 0.0) -> At:
        """This moment."""
        return At(self.clock.now(), dice)

    def advance(self, event: Event) -> bool:
        """Let something happen, and commit."""
        with self.database.write() as session:
            return advance(session, event, self.at(), self.rules)

    def row(self, delivery_id: UUID) -> Row:
        """Return what the tables say of a delivery."""
        with self.database.read() as session:
            delivery = session.get_one(Delivery, delivery_id)
            attempt = session.exec(
                select(Attempt)
                .where(Attempt.delivery_id == delivery_id)
                .order_by(col(Attempt.started_at).desc(), col(Attempt.id).desc())
            ).first()
        return Row(delivery, attempt)

    def state(self, delivery_id: UUID) -> State:
        """Return a delivery's state."""
        return self.row(delivery_id).delivery.state

    def states(self, deliveries: Iterable[UUID]) -> list[State]:
        """Return the states of several, in order."""
        return [self.state(delivery_id) for delivery_id in deliveries]

    def all_attempts(self) -> list[Attempt]:
        """Return every attempt, oldest first."""
        with self.database.read() as session:
            return list(session.exec(select(Attempt).order_by(col(Attempt.started_at))).all())

    def notices(self) -> set[str]:
        """Return the kinds of what waits for a person's eye."""
        with self.database.read() as session:
            return {key.partition(":")[0] for key in session.exec(select(Notice.key)).all()}

    def pace(self) -> Pace:
        """Return the sender's pace."""
        with self.database.read() as session:
            return session.get_one(Pace, self.sender.id)


@pytest.fixture
def house(database: Database, keyring: Keyring, clock: StillClock) -> House:
    return House(database, keyring, clock)
