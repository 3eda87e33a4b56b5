"""One history: what happens, to whom, and in which order. All of it follows from the seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from heapq import heappop, heappush
from random import Random
from typing import Any, Protocol

from service.outbox.events import At, Event, NoList, Timing
from service.outbox.step import Life
from service.outbox.tables import ConsentNeeded, GateState, State
from service.sms.carrier import Listed, NotWritten, Outcome
from tests.faults.simulation.carrier import Carrier
from tests.faults.simulation.store import IDS, Answer, MemoryStore, Row, Somebody, World

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
TIMING = Timing()
POST_WITHIN_MS = int(TIMING.post_within.total_seconds() * 1000)
LEASE_MS = int(TIMING.lease.total_seconds() * 1000)
STORM_ENDS_MS = 900_000
LOOK_WITHIN_MS = 60_000
NEVER = 1 << 60
MOST_EVENTS = 3_000
LIFETIME = timedelta(hours=12)
BODIES = ("The bus leaves at 9", "The bus leaves at 10")
STORMS = (0.0, 0.15, 0.4, 0.75)
LIMITS = (1, 2, 500)


class Store(Protocol):
    """What a history does to an outbox; see MemoryStore. Attempts are numbers, from 0."""

    def claim(self, now: datetime, limit: int) -> list[int]: ...
    def record(self, answers: Sequence[Answer], at: At) -> None: ...
    def report(self, number: int, sid: str, status: str, code: int, at: At) -> None: ...
    def leases_over(self, at: At) -> None: ...
    def due(self, now: datetime) -> list[int]: ...
    def ask(self, number: int, listed: Sequence[Listed], at: At) -> Event: ...
    def advance(self, number: int, event: Event, at: At) -> None: ...
    def opt_out(self, person: Somebody, now: datetime) -> None: ...
    def set_gate(self, state: GateState, now: datetime) -> None: ...
    def stop(self, reason: str, now: datetime) -> None: ...
    def resume_sender(self) -> None: ...
    def expire(self, now: datetime) -> None: ...


@dataclass(slots=True, eq=False)
class Worker:
    """A process that sends. Killed, it forgets all that it held: `life` tells its lives apart."""

    number: int
    life: int = 0
    frozen_until_ms: int = 0
    answers: list[Answer] = field(default_factory=list)


class History:
    """Plays one seed. `log` is all that happened, in order; `broken` what was seen to go wrong.

    around: given the store in memory, returns the one to play on, which may wrap it.
    """

    def __init__(
        self, seed: int, around: Callable[[MemoryStore], Store] = lambda memory: memory
    ) -> None:
        self.seed, dice = seed, Random(seed)  # noqa: S311  (it has to come out the same)
        self._chance = dice.random
        self._storm = STORMS[int(self._chance() * len(STORMS))]
        self.now_ms, self.now = 0, START
        self.log: list[tuple[Any, ...]] = []
        self.broken: list[str] = []
        self._agenda: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = 0
        self._turn_ms = self._look_ms = NEVER
        self._asked_until_ms = 0
        self._resumes = False
        self.memory = MemoryStore(self._make_world())
        self.store: Store = around(self.memory)
        self.carrier = Carrier(dice, START, self._storm)
        self._workers = (Worker(0), Worker(1))

    def digest(self) -> str:
        """Return a fingerprint of everything that happened."""
        return blake2b(repr(self.log).encode(), digest_size=16).hexdigest()

    def play(self) -> None:
        """Let everything happen, until nothing more can."""
        self._plan_surprises()
        self._plan()
        agenda = self._agenda
        while agenda:
            due_ms, _, handler, arguments = heappop(agenda)
            # No two things happen in the same moment.
            self._move_to(due_ms if due_ms > self.now_ms else self.now_ms + 1)
            if self._storm and self.now_ms > STORM_ENDS_MS:
                self._storm = self.carrier.storm = 0.0
            handler(*arguments)
            if len(self.log) > MOST_EVENTS:
                self.broken.append("it never comes to rest")
                return
        self._move_to(self.now_ms + 2 * int(LIFETIME.total_seconds()) * 1000)
        self._expire()

    # --- time and chance ---

    def _move_to(self, moment_ms: int) -> None:
        self.now_ms, self.now = moment_ms, START + timedelta(0, 0, moment_ms * 1000)

    def _at(self) -> At:
        return At(self.now, self._chance(), TIMING)

    def _later(self, after_ms: int, handler: Callable[..., None], *arguments: Any) -> None:
        self._count += 1
        heappush(self._agenda, (self.now_ms + after_ms, self._count, handler, arguments))

    def _up_to(self, most_ms: int) -> int:
        return 1 + int(self._chance() * most_ms)

    def _strikes(self, share: float) -> bool:
        return self._storm > 0 and self._chance() < self._storm * share

    # --- what there is, and what people do ---

    def _make_world(self) -> World:
        chance = self._chance
        people = [Somebody(place, f"+1413555010{place}") for place in range(1 + int(chance() * 2))]
        settles_bulk = chance() < 0.7
        rows = []
        for number in range(1 + int(chance() * 4)):
            priority = int(chance() * 3)
            is_short = chance() < 0.1
            life = Life(
                State.PLANNED, None, False, START, START,
                not_before=START + timedelta(seconds=int(chance() * 40) - 20),
                not_after=START + (timedelta(seconds=int(chance() * 400)) if is_short else LIFETIME),
                resends=priority == 0 and chance() < 0.3,
                waits_for_person=priority == 2 and not settles_bulk,
            )  # fmt: skip
            is_answer = priority < 2 and chance() < 0.1
            needs = ConsentNeeded.ALWAYS if is_answer else ConsentNeeded.ACTIVE
            person = people[int(chance() * len(people))]
            body = BODIES[int(chance() * 2)]
            rows.append(Row(number, person, body, priority, needs, priority == 2, life))
        return World(people, rows, settles_bulk)

    def _plan_surprises(self) -> None:
        for person in self.memory.world.people:
            if self._chance() < 0.25:
                self._later(
                    self._up_to(400_000 if self._chance() < 0.3 else 8_000), self._leave, person
                )
        kind = self._chance()
        if kind < 0.3:
            after = self._up_to(400_000 if self._chance() < 0.3 else 8_000)
            if kind < 0.1:
                self._later(after, self._stop)
            else:
                self._later(after, self._set_gate, GateState.PAUSED)
                if kind < 0.25:
                    self._later(after + self._up_to(60_000), self._set_gate, GateState.OPEN)
        if self._strikes(0.5):
            self._later(self._up_to(600_000), self._expire)

    def _leave(self, person: Somebody) -> None:
        self.log.append(("leave", self.now_ms, person.number))
        self.store.opt_out(person, self.now)

    def _stop(self) -> None:
        self.log.append(("stop", self.now_ms))
        self.store.stop("by_hand", self.now)

    def _set_gate(self, state: GateState) -> None:
        self.log.append(("gate", self.now_ms, state.value))
        self.store.set_gate(state, self.now)
        self._plan()

    def _resume(self) -> None:
        self.log.append(("resume", self.now_ms))
        self._resumes = False
        self.store.resume_sender()
        self._plan()

    def _expire(self) -> None:
        self.log.append(("expire", self.now_ms))
        self.store.expire(self.now)

    # --- what the workers do ---

    def _plan(self) -> None:
        """See to it that somebody claims what may go, and looks after what is in doubt."""
        now, memory = self.now, self.memory
        turn: datetime | None = None
        look: datetime | None = None
        for row in memory.world.rows:
            life = row.life
            if life.state is State.PLANNED:
                if life.not_after > now and memory.may_go(row):
                    due = life.not_before
                    if memory.capped_until is not None and row.priority:
                        due = max(due, memory.capped_until)
                    turn = due if turn is None or due < turn else turn
            elif life.state is State.IN_DOUBT and life.look_at is not None:
                look = life.look_at if look is None or life.look_at < look else look
        if turn is not None and (due_ms := self._ms(turn)) + 500 < self._turn_ms:
            self._turn_ms = due_ms + self._up_to(500)
            self._later(self._turn_ms - self.now_ms, self._turn, self._turn_ms)
        if look is not None:
            due_ms = max(self._ms(look), self._asked_until_ms)
            if due_ms + LOOK_WITHIN_MS < self._look_ms:
                self._look_ms = due_ms + self._up_to(LOOK_WITHIN_MS)
                self._later(self._look_ms - self.now_ms, self._look, self._look_ms)
        if memory.is_paused and not self._resumes:
            self._resumes = True
            self._later(10_000 + self._up_to(200_000), self._resume)

    def _ms(self, moment: datetime) -> int:
        return max(self.now_ms, int((moment - START).total_seconds() * 1000))

    def _turn(self, planned_ms: int) -> None:
        """A worker claims, commits, and turns to the requests."""
        if planned_ms != self._turn_ms:
            return  # an earlier one was planned instead
        self._turn_ms = NEVER
        worker = self._workers[int(self._chance() * 2)]
        if worker.frozen_until_ms > self.now_ms:
            worker = self._workers[1 - worker.number]
        if worker.frozen_until_ms > self.now_ms:
            self._turn_ms = worker.frozen_until_ms  # both
            self._later(self._turn_ms - self.now_ms, self._turn, self._turn_ms)
            return
        taken = self.store.claim(self.now, LIMITS[int(self._chance() * 3)])
        self.log.append(("claim", self.now_ms, worker.number, *taken))
        self._plan()
        if not taken:
            return
        self._check_open_tries()
        self._later(LEASE_MS + self._up_to(5_000), self._leases)
        if self._strikes(0.15):
            self._kill(worker)
            return
        if self._strikes(0.15):
            self._freeze(worker)
        deadline_ms = self.now_ms + POST_WITHIN_MS
        for number in taken:
            after = self._up_to(2_500 if self._strikes(0.3) else 100)
            self._later(after, self._write, worker, worker.life, number, deadline_ms)

    def _kill(self, worker: Worker) -> None:
        self.log.append(("kill", self.now_ms, worker.number))
        worker.life += 1
        worker.answers.clear()
        worker.frozen_until_ms = self.now_ms + self._up_to(5_000)

    def _freeze(self, worker: Worker) -> None:
        most = 400_000 if self._chance() < 0.3 else 30_000
        worker.frozen_until_ms = self.now_ms + self._up_to(most)
        self.log.append(("freeze", self.now_ms, worker.number, worker.frozen_until_ms))

    def _is_away(self, worker: Worker, handler: Callable[..., None], *arguments: Any) -> bool:
        """Return whether the worker can't do this: dead, or frozen (then it does it on waking)."""
        if worker.life != arguments[1]:
            return True
        if worker.frozen_until_ms > self.now_ms:
            self._later(worker.frozen_until_ms - self.now_ms, handler, *arguments)
            return True
        return False

    def _is_in_time(self, deadline_ms: int) -> bool:
        return self.now_ms <= deadline_ms

    def _write(self, worker: Worker, life: int, number: int, deadline_ms: int) -> None:
        """The last look at the clock, and the request: nothing comes between the two."""
        if self._is_away(worker, self._write, worker, life, number, deadline_ms):
            return
        if not self._is_in_time(deadline_ms):
            self._answer(worker, life, number, NotWritten())
            return
        row = self.memory.tries[number].row
        self._check_may_leave(row)
        ledger = self.carrier.ledger
        known = len(ledger)
        outcome, took_ms = self.carrier.receive(
            row.number, number, row.person.to, row.body, self.now_ms
        )
        self.log.append(("write", self.now_ms, worker.number, number, outcome, len(ledger) - known))
        for message in ledger[known:]:
            for at_ms, status, code in message.callbacks:
                after = at_ms - self.now_ms
                self._later(after, self._callback, number, message.sid, status, code)
        if self._strikes(0.1):
            self._kill(worker)
            return
        if self._strikes(0.1):
            self._freeze(worker)
        self._later(took_ms, self._answer, worker, life, number, outcome)

    def _answer(self, worker: Worker, life: int, number: int, outcome: Outcome) -> None:
        if self._is_away(worker, self._answer, worker, life, number, outcome):
            return
        worker.answers.append((number, outcome))
        self._later(self._up_to(50), self._record, worker, life)

    def _record(self, worker: Worker, life: int) -> None:
        if self._is_away(worker, self._record, worker, life) or not worker.answers:
            return
        if self._strikes(0.1):
            self._kill(worker)
            return
        if self._strikes(0.1):  # the database does not answer: later
            self._later(self._up_to(3_000), self._record, worker, life)
            return
        answers = tuple(worker.answers)
        self.log.append(("record", self.now_ms, worker.number, answers))
        self.store.record(answers, self._at())
        self._plan()
        if self._strikes(0.1):  # it committed, and the worker did not hear of it
            self._later(self._up_to(3_000), self._record, worker, life)
            return
        worker.answers.clear()

    def _leases(self) -> None:
        if any(row.life.state is State.SUBMITTING for row in self.memory.world.rows):
            self.log.append(("leases", self.now_ms))
            self.store.leases_over(self._at())
            self._plan()

    def _callback(self, number: int, sid: str, status: str, code: int) -> None:
        self.log.append(("callback", self.now_ms, number, sid, status, code))
        self.store.report(number, sid, status, code, self._at())
        self._plan()

    def _look(self, planned_ms: int) -> None:
        if planned_ms != self._look_ms:
            return
        self._look_ms = NEVER
        self._asked_until_ms = self.now_ms + 2_500
        self._search()
        if self._strikes(0.2):  # another one asks as well, at about the same time
            self._later(self._up_to(2_000), self._search)
        self._plan()

    def _search(self) -> None:
        """Ask the carrier's list; other things happen until what it showed is written down."""
        at = self._at()
        for number in self.store.due(at.now):
            if self._strikes(0.3):
                event: Event = NoList(IDS[number])
            else:
                to = self.memory.tries[number].row.person.to
                event = self.store.ask(number, self.carrier.shown(to, self.now_ms), at)
            self.log.append(("look", self.now_ms, number, event))
            if not self._strikes(0.1):  # or it dies with it
                self._later(self._up_to(2_000), self._settle, number, event, at)

    def _settle(self, number: int, event: Event, at: At) -> None:
        self.log.append(("settle", self.now_ms, number))
        self.store.advance(number, event, at)
        self._plan()

    # --- what must hold at every moment ---

    def _check_open_tries(self) -> None:
        rows = [row for row in self.memory.world.rows if row.life.is_open]
        if len(rows) != len({(row.person.number, row.priority == 0) for row in rows}):
            self.broken.append("two open tries to one number")

    def _check_may_leave(self, row: Row) -> None:
        memory, latest = self.memory, self.now - TIMING.post_within
        left_at = row.person.left_at
        if row.needs is not ConsentNeeded.ALWAYS and left_at is not None and left_at < latest:
            self.broken.append(f"text {row.number} left after an opt-out")
        closed_at = memory.gate_closed_at
        if row.is_behind_gate and closed_at is not None and closed_at < latest:
            self.broken.append(f"text {row.number} left after a stop")
