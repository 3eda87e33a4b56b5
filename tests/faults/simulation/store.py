"""The outbox in memory: it claims as outbox/claim.py does, and every step is the real one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from service.outbox.advance import FILTERED_LEAST, FILTERED_SHARE
from service.outbox.events import (
    Alert,
    Answered,
    At,
    CapReached,
    Close,
    Effect,
    Event,
    Found,
    LeaseOver,
    Left,
    MarkNumber,
    NothingFound,
    PauseSender,
    Reported,
    StopBlast,
    Timing,
)
from service.outbox.receipts import REPORTED
from service.outbox.settle import CLOCK_MARGIN, read_list
from service.outbox.step import Life, step
from service.outbox.tables import UNDER_WAY, ConsentNeeded, GateState, State
from service.sms.carrier import Accepted, Listed, Outcome
from service.sms.codes import Does, look_up

IDS = tuple(UUID(int=number) for number in range(1, 2001))


@dataclass(slots=True)
class Somebody:
    """A person: what a claim asks of them. `left_at`: when their opt-out was committed."""

    number: int
    to: str
    left_at: datetime | None = None
    is_unreachable: bool = False
    unknown_handsets: int = 0


@dataclass(slots=True)
class Row:
    """A delivery. `life` is what the tables hold of it and of its newest attempt."""

    number: int
    person: Somebody
    body: str
    priority: int
    needs: ConsentNeeded
    is_behind_gate: bool
    life: Life
    tries: int = 0


@dataclass(slots=True)
class Try:
    """An attempt, open until somebody knows what became of it."""

    row: Row
    id: UUID
    sid: str | None = None
    outcome: str = ""


@dataclass(slots=True)
class World:
    """What a history starts from."""

    people: list[Somebody]
    rows: list[Row]
    settles_bulk: bool


Answer = tuple[int, Outcome]  # the attempt's number, what came of it


@dataclass(slots=True)
class MemoryStore:
    """Deliveries, attempts, people and one gate. Attempts are known by their number, from 0."""

    world: World
    tries: list[Try] = field(default_factory=list)
    sids: dict[str, int] = field(default_factory=dict)
    notices: set[tuple[str, int]] = field(default_factory=set)
    gate: GateState = GateState.OPEN
    gate_closed_at: datetime | None = None
    is_paused: bool = False
    capped_until: datetime | None = None

    # --- claiming ---

    def may_go(self, row: Row) -> bool:
        """Return whether a text may be claimed once its time has come."""
        life, person = row.life, row.person
        return (
            life.state is State.PLANNED
            and not self.is_paused
            and not (row.is_behind_gate and self.gate is not GateState.OPEN)
            and self.has_consent(row)
            and not person.is_unreachable
            and not self.is_being_tried(row)
        )

    def has_consent(self, row: Row) -> bool:
        """Return whether the person still wants it."""
        return row.person.left_at is None or row.needs is ConsentNeeded.ALWAYS

    def is_being_tried(self, row: Row) -> bool:
        """Return whether a try to the same number, as urgent as this, is still open."""
        is_urgent, person = row.priority == 0, row.person
        for other in self.world.rows:
            is_theirs = other.life.is_open and other.person is person
            if is_theirs and (other.priority == 0) is is_urgent:
                return True
        return False

    def claim(self, now: datetime, limit: int) -> list[int]:
        """Take what may go, most pressing first; return the numbers of the attempts."""
        is_capped = self.capped_until is not None and now < self.capped_until
        chosen = [
            row for row in self.world.rows
            if row.life.not_before <= now < row.life.not_after
            and not (is_capped and row.priority)
            and self.may_go(row)
        ]  # fmt: skip
        if len(chosen) > 1:
            chosen.sort(
                key=lambda row: (row.priority, row.is_behind_gate, row.life.not_before, row.number)
            )
        return [self._take(row, now) for row in chosen[:limit] if not self.is_being_tried(row)]

    def _take(self, row: Row, now: datetime) -> int:
        number = len(self.tries)
        taken, life = Try(row, IDS[number]), row.life
        row.life = Life(
            State.SUBMITTING, taken.id, True, now, now + _LEASE, life.not_before, life.not_after,
            None, life.reason, life.retries, None, None, life.resends, life.waits_for_person,
        )  # fmt: skip
        row.tries += 1
        self.tries.append(taken)
        return number

    # --- what happens afterwards ---

    def record(self, answers: Sequence[Answer], at: At) -> None:
        """Write answers down: the acceptances first, as outbox/record.py does."""
        for number, outcome in sorted(answers, key=lambda answer: type(answer[1]) is not Accepted):
            self.advance(number, Answered(self.tries[number].id, outcome), at)

    def report(self, number: int, sid: str, status: str, code: int, at: At) -> None:
        """Take in a receipt."""
        self.advance(number, Reported(self.tries[number].id, sid, REPORTED[status], code), at)

    def leases_over(self, at: At) -> None:
        """Put in doubt what nobody has written down in time."""
        for number, tried in enumerate(self.tries):
            life = tried.row.life
            if life.attempt_id is tried.id and life.state is State.SUBMITTING:
                self.advance(number, LeaseOver(tried.id), at)

    def due(self, now: datetime) -> list[int]:
        """Return the attempts in doubt that the carrier's list is to be asked about."""
        return [
            number for number, tried in enumerate(self.tries)
            if (life := tried.row.life).attempt_id is tried.id
            and life.state is State.IN_DOUBT
            and life.look_at is not None
            and life.look_at <= now
        ]  # fmt: skip

    def ask(self, number: int, listed: Sequence[Listed], at: At) -> Event:
        """Return what the list says of an attempt."""
        tried = self.tries[number]
        row, started_at = tried.row, tried.row.life.started_at
        fitting = [
            message for message in listed
            if message.body == row.body
            and message.created_at >= started_at - CLOCK_MARGIN
            and message.sid not in self.sids
        ]  # fmt: skip
        if not fitting:
            return NothingFound(tried.id)
        rivals = [
            other.life.started_at for other in self.world.rows
            if other.life.is_open
            and other is not row
            and other.person is row.person
            and other.body == row.body
        ]  # fmt: skip
        return read_list(tried.id, fitting, started_at=started_at, rivals=rivals, at=at)

    def advance(self, number: int, event: Event, at: At) -> None:
        """Take a step, and do what follows from it."""
        tried = self.tries[number]
        row, sid = tried.row, _sid_in(event)
        if row.life.attempt_id is not tried.id:
            if tried.sid is None and sid is not None:
                self.notices.add(("twice", row.number))
            return
        if sid is not None and self.sids.get(sid, number) != number:
            return
        row.life, effects = step(row.life, event, at)
        for effect in effects:
            self._follow(effect, row, tried, number, at.now)

    def _follow(self, effect: Effect, row: Row, tried: Try, number: int, now: datetime) -> None:
        match effect:
            case Close(outcome=outcome, sid=sid):
                tried.outcome, tried.sid = outcome, sid or tried.sid
                if sid is not None:
                    self.sids[sid] = number
            case Left():
                self.opt_out(row.person, now)
            case MarkNumber(at_once=at_once):
                row.person.unknown_handsets += 1
                if at_once or row.person.unknown_handsets > 1:
                    row.person.is_unreachable = True
                    self._withdraw_person(row.person, "number_dead")
            case StopBlast(code=code, at_once=at_once):
                if row.is_behind_gate and (at_once or self._is_filtered()):
                    self.stop(str(code), now)
            case PauseSender():
                self.is_paused = True
            case CapReached(until=until):
                self.capped_until = until
            case Alert(code=code):
                self.notices.add(("alert", code))

    def _is_filtered(self) -> bool:
        behind = [row for row in self.world.rows if row.is_behind_gate]
        filtered = sum(
            row.life.reason.isdigit() and look_up(row.life.reason).does is Does.FILTERED
            for row in behind
        )
        return filtered >= FILTERED_LEAST and filtered > FILTERED_SHARE * len(behind)

    # --- what people do ---

    def opt_out(self, person: Somebody, now: datetime) -> None:
        """End a consent and take back what waits."""
        person.left_at = person.left_at or now
        self._withdraw_person(person, "opted_out")

    def _withdraw_person(self, person: Somebody, reason: str) -> None:
        for row in self.world.rows:
            is_theirs = row.person is person and row.needs is not ConsentNeeded.ALWAYS
            if is_theirs:
                _take_back(row, reason, UNDER_WAY)

    def set_gate(self, state: GateState, now: datetime) -> None:
        """Pause or open; a stopped one stays so."""
        if self.gate is not GateState.STOPPED:
            self.gate = state
            self.gate_closed_at = None if state is GateState.OPEN else now

    def stop(self, reason: str, now: datetime) -> None:
        """Stop what stands behind the gate, for good."""
        if self.gate is GateState.STOPPED:
            return
        self.set_gate(GateState.STOPPED, now)
        for row in self.world.rows:
            if row.is_behind_gate:
                _take_back(row, reason, (State.SUBMITTING, State.IN_DOUBT))

    def resume_sender(self) -> None:
        """A person has looked: the sender may go on."""
        self.is_paused = False

    def expire(self, now: datetime) -> None:
        """Say of what is too late that it is."""
        for row in self.world.rows:
            if row.life.state is State.PLANNED and row.life.not_after <= now:
                row.life = replace(row.life, state=State.EXPIRED, reason="too_late")


def _take_back(row: Row, reason: str, under_way: tuple[State, ...]) -> None:
    if row.life.state is State.PLANNED:
        row.life = replace(row.life, state=State.SUPPRESSED, reason=reason, withdrawn=reason)
    elif row.life.state in under_way:
        row.life = replace(row.life, withdrawn=reason)


def _sid_in(event: Event) -> str | None:
    kind = type(event)
    if kind is Reported or kind is Found:
        return event.sid  # type: ignore[union-attr]
    if kind is Answered and type(event.outcome) is Accepted:  # type: ignore[union-attr]
        return event.outcome.sid  # type: ignore[union-attr]
    return None


_LEASE = Timing().lease
