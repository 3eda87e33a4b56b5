"""The same history on a real database: each thing that happens is done to both, and compared.

The store in memory leads; the database follows through the service's own claim, record, receipts,
settling and withdrawals. A whole history runs inside one transaction that is never committed; each
of its own transactions is a session of its own inside it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlmodel import Session, select, update

from service.chapters.tables import Chapter, Sender
from service.db import Database, new_id
from service.outbox.advance import Rules, advance
from service.outbox.claim import claim, expire_what_is_late
from service.outbox.events import At, Event
from service.outbox.gate import set_gate, withdraw_behind
from service.outbox.open import Opened
from service.outbox.receipts import record_receipt
from service.outbox.record import record
from service.outbox.settle import Doubt, _ask, _due, note_leases_over
from service.outbox.tables import Attempt, Delivery, Gate, GateState, Priority, State
from service.outbox.withdraw import withdraw_person
from service.people.consent import opt_out
from service.people.tables import Consent, Person
from service.privacy.read import SealedField
from service.sms.carrier import Listed
from service.sms.inbound import Receipt
from tests.factories import make_chapter
from tests.faults.simulation.carrier import SENDER
from tests.faults.simulation.store import Answer, MemoryStore, Somebody

COMPARED = ("state", "reason", "sid", "retries", "tries", "not_before")


# What is to go, or was taken back: a message id is only its last attempt's.
NOT_WITH_CARRIER = (State.PLANNED, State.SUPPRESSED, State.EXPIRED)


class Diverged(AssertionError):
    """The database did something else than the store in memory."""


class OneTransaction(Database):
    """A database whose every transaction is part of one on one connection, undone in the end."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Session]:
        """Give a session of its own; what it wrote stays."""
        with (
            Session(
                self._connection, expire_on_commit=False, join_transaction_mode="rollback_only"
            ) as session,
            session.begin(),
        ):
            yield session

    read = write


class ShownOnly:
    """Stands for the carrier's list while it is read, and for the seal: who is who is known here."""

    def __init__(self, people: dict[UUID, Somebody], bodies: dict[UUID, str]) -> None:
        self._people, self._bodies = people, bodies
        self.listed: Sequence[Listed] = ()

    def sent_to(self, to: str) -> Sequence[Listed]:
        """Return what the history says the list shows now."""
        return [message for message in self.listed if message.to == to]

    def open(self, phone: SealedField, body: SealedField | str) -> Opened:
        """Return number and text."""
        assert isinstance(body, SealedField)
        return Opened(self._people[phone.row_id].to, self._bodies[body.row_id])


class Twin:
    """Two stores as one. Raises Diverged at the first difference."""

    def __init__(self, memory: MemoryStore, connection: sa.Connection) -> None:
        self.memory, self.database = memory, OneTransaction(connection)
        self.rules = Rules(settles_bulk=memory.world.settles_bulk)
        self.people: dict[int, UUID] = {}
        self.deliveries: list[UUID] = []
        self.attempts: list[UUID] = []
        self.doubts: dict[UUID, Doubt] = {}
        self.gate_id = new_id()
        with self.database.write() as session:
            self.sender_id = self._move_in(session)
        self.shown: Any = ShownOnly(
            {self.people[person.number]: person for person in memory.world.people},
            {id_: row.body for id_, row in zip(self.deliveries, memory.world.rows, strict=True)},
        )

    def _move_in(self, session: Session) -> UUID:
        """Write the history's world into the tables; return the sender."""
        chapter: Chapter = make_chapter(session)
        sender = Sender(id=new_id(), chapter_id=chapter.id, number=SENDER, segments_per_second=0.0)
        session.add_all([sender, Gate(id=self.gate_id, state=GateState.OPEN)])
        session.flush()
        for somebody in self.memory.world.people:
            self.people[somebody.number] = new_id()
            session.add(
                Person(
                    id=self.people[somebody.number], chapter_id=chapter.id,
                    phone_key=somebody.to.encode(), phone_sealed=b"-", time_zone="UTC",
                    consent=Consent.ACTIVE, created_at=_EPOCH,
                )
            )  # fmt: skip
        session.flush()
        for row in self.memory.world.rows:
            # In the order of their numbers, as made one after the other.
            delivery_id = new_id(unix_ms=row.number + 1)
            self.deliveries.append(delivery_id)
            session.add(
                Delivery(
                    id=delivery_id, once_key=uuid4().hex, person_id=self.people[row.person.number],
                    to_key=row.person.to.encode(), sender_id=sender.id, subject="rally:1",
                    template="blast", body_sealed=b"-", language="en", segments=1,
                    gate_id=self.gate_id if row.is_behind_gate else None,
                    priority=Priority(row.priority), consent_needed=row.needs,
                    not_before=row.life.not_before, not_after=row.life.not_after,
                    resends=row.life.resends, created_at=_EPOCH, changed_at=_EPOCH,
                )
            )  # fmt: skip
        return sender.id

    # --- what a history does ---

    def claim(self, now: datetime, limit: int) -> list[int]:
        """Claim in both; the same texts in the same order."""
        numbers = self.memory.claim(now, limit)
        with self.database.write() as session:
            taken = claim(session, session.get_one(Sender, self.sender_id), limit=limit, now=now)
            ids = [(one.attempt_id, one.delivery_id) for one in taken]
        expected = [self.deliveries[self.memory.tries[number].row.number] for number in numbers]
        self._same("claim", [delivery for _, delivery in ids], expected)
        self.attempts += [attempt for attempt, _ in ids]
        return numbers

    def record(self, answers: Sequence[Answer], at: At) -> None:
        """Write answers down, as a batch."""
        self.memory.record(answers, at)
        results = [
            (self.attempts[number], self._delivery_of(number), outcome)
            for number, outcome in answers
        ]
        with self.database.write() as session:
            record(session, results, at, self.rules)

    def report(self, number: int, sid: str, status: str, code: int, at: At) -> None:
        """Take in a receipt, in the carrier's words."""
        self.memory.report(number, sid, status, code, at)
        receipt = Receipt(sid, status, str(code or ""))
        with self.database.write() as session:
            record_receipt(session, self.attempts[number], receipt, at, self.rules)

    def leases_over(self, at: At) -> None:
        """Put in doubt what was not written down in time."""
        self.memory.leases_over(at)
        note_leases_over(self.database, at, self.rules)

    def due(self, now: datetime) -> list[int]:
        """Return what is to be looked for; the same in both."""
        numbers = self.memory.due(now)
        with self.database.read() as session:
            self.doubts = {doubt.attempt_id: doubt for doubt in _due(session, self.shown, now)}
        self._same("due", set(self.doubts), {self.attempts[number] for number in numbers})
        return numbers

    def ask(self, number: int, listed: Sequence[Listed], at: At) -> Event:
        """Read the carrier's list; both say the same of it."""
        event = self.memory.ask(number, listed, at)
        self.shown.listed = listed
        said = _ask(self.database, self.shown, self.doubts[self.attempts[number]], at)
        self._same("ask", said, replace(event, attempt_id=self.attempts[number]))
        return event

    def advance(self, number: int, event: Event, at: At) -> None:
        """Write down what was found or not."""
        self.memory.advance(number, event, at)
        with self.database.write() as session:
            own = replace(event, attempt_id=self.attempts[number])
            advance(session, own, at, self.rules)

    def opt_out(self, person: Somebody, now: datetime) -> None:
        """As service/replies does it."""
        self.memory.opt_out(person, now)
        with self.database.write() as session:
            row = session.get_one(Person, self.people[person.number])
            opt_out(session, row, how="text", now=now)
            withdraw_person(session, row.id, reason="opted_out", now=now)

    def set_gate(self, state: GateState, now: datetime) -> None:
        """As service/blasts pauses and resumes: never what is stopped."""
        if self.memory.gate is not GateState.STOPPED:
            with self.database.write() as session:
                set_gate(session, self.gate_id, state)
        self.memory.set_gate(state, now)

    def stop(self, reason: str, now: datetime) -> None:
        """As service/blasts stops."""
        if self.memory.gate is not GateState.STOPPED:
            with self.database.write() as session:
                set_gate(session, self.gate_id, GateState.STOPPED)
                withdraw_behind(session, self.gate_id, reason=reason, now=now)
        self.memory.stop(reason, now)

    def resume_sender(self) -> None:
        """A person has looked."""
        self.memory.resume_sender()
        with self.database.write() as session:
            session.exec(update(Sender).values(is_paused=False))

    def expire(self, now: datetime) -> None:
        """Say of what is too late that it is."""
        self.memory.expire(now)
        with self.database.write() as session:
            expire_what_is_late(session, now=now)

    # --- the end ---

    def compare(self) -> None:
        """Compare every row. Raises Diverged."""
        with self.database.read() as session:
            self._same("deliveries", list(self._deliveries(session)), list(self._rows()))
            self._same("attempts", list(self._attempts(session)), list(self._tries()))
            people = [session.get_one(Person, id_) for id_ in self.people.values()]
            self._same(
                "people",
                [(one.consent is Consent.OPTED_OUT, one.is_unreachable) for one in people],
                [(one.left_at is not None, one.is_unreachable) for one in self.memory.world.people],
            )
            gate = session.get_one(Gate, self.gate_id)
            sender = session.get_one(Sender, self.sender_id)
            self._same("gate", gate.state, self.memory.gate)
            self._same("sender", sender.is_paused, self.memory.is_paused)

    def _deliveries(self, session: Session) -> Iterable[tuple[object, ...]]:
        for id_ in self.deliveries:
            delivery = session.get_one(Delivery, id_)
            yield tuple(getattr(delivery, name) for name in COMPARED)

    def _rows(self) -> Iterable[tuple[object, ...]]:
        for row in self.memory.world.rows:
            life = row.life
            sid = None if life.state in NOT_WITH_CARRIER else life.sid
            yield life.state, life.reason, sid, life.retries, row.tries, life.not_before

    def _attempts(self, session: Session) -> Iterable[tuple[object, ...]]:
        found = {one.id: one for one in session.exec(select(Attempt)).all()}
        for id_ in self.attempts:
            yield found[id_].is_open, found[id_].sid, found[id_].outcome

    def _tries(self) -> Iterable[tuple[object, ...]]:
        for tried in self.memory.tries:
            life = tried.row.life
            yield life.attempt_id is tried.id and life.is_open, tried.sid, tried.outcome

    def _delivery_of(self, number: int) -> UUID:
        return self.deliveries[self.memory.tries[number].row.number]

    def _same(self, what: str, database: object, memory: object) -> None:
        if database != memory:
            raise Diverged(f"{what}: the database says {database}, memory {memory}")


_EPOCH = datetime.fromisoformat("2026-03-02T15:00:00+00:00")
