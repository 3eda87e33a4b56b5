"""Durable blasts: from launch to the last text written down as accepted."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlmodel import col, func, select

from service.outbox.tables import WAITING, Delivery, State
from tests.bench import clients, queue, server, worker
from tests.bench.ground import Ground, Grounds
from tests.bench.report import Line, Report, best

STALLED_SECONDS = 60.0
CONNECTIONS = 64
CONNECTIONS_SLOW = 100
SLOW = 0.05
FEW = 2000  # for clients that would take minutes


@dataclass(frozen=True)
class Run:
    """One blast. Seconds count from the launch; planned: when its last copy was written."""

    messages: int
    planned: float
    seconds: float
    peak_mb: float
    accepted: int
    received: int
    distinct: int

    @property
    def per_second(self) -> float:
        """Messages a second, planning included."""
        return self.messages / self.seconds

    def check(self, report: Report, row: str) -> None:
        """Nothing lost, nothing twice."""
        report.expect(row, "accepted", self.accepted, self.messages)
        report.expect(row, "received", self.received, self.messages)
        report.expect(row, "received, by number and words", self.distinct, self.messages)


def send_blast(
    ground: Ground, messages: int, *, delay: float, connections: int, workers: int = 1
) -> Run:
    """Launch to everybody on the ground and wait until all are written down."""
    with contextlib.ExitStack() as stack:
        carrier = stack.enter_context(server.running(delay))
        processes = [
            stack.enter_context(worker.running(ground, carrier.base, connections))
            for _ in range(workers)
        ]
        began = time.monotonic()
        launched = processes[0].ask(do="launch", chapter=ground.chapter.id.hex, urgent=False)
        _until_received(carrier, messages)
        _until_written(ground, UUID(launched["blast"]))
        seconds = time.monotonic() - began
        peak = max(process.ask(do="stop")["peak_mb"] for process in processes)
        seen = carrier.whole()
        accepted = count_accepted(ground)
    return Run(
        messages, launched["seconds"], seconds, peak, accepted, seen["count"], seen["distinct"]
    )


def count_accepted(ground: Ground) -> int:
    """Return how many deliveries the carrier has, by our books."""
    query = select(func.count()).select_from(Delivery).where(Delivery.state == State.ACCEPTED)
    with ground.database.read() as session:
        return session.exec(query).one()


def blasts(grounds: Grounds, report: Report, kind: str, size: int, *, slow: bool) -> None:
    """Print the blast on one database beside clients that keep no books, and beside a task queue."""
    row = f"blast-50ms-{kind}" if slow else f"blast-{kind}"
    delay, connections = (SLOW, CONNECTIONS_SLOW) if slow else (0.0, CONNECTIONS)
    run = _best_blast(grounds, report, row, kind, size, delay, connections)
    note = f"drain alone {size / (run.seconds - run.planned):,.0f}/s; {connections} in flight"
    add = partial(_add, report, row, run.per_second, note)
    with server.running(delay) as carrier:
        measure = partial(clients.per_second, base=carrier.base, connections=connections)
        add(_most(partial(measure, "bare", messages=size)), "same client bare")
        wrk = clients.wrk_per_second(carrier.base, connections)
        add(wrk, f"wrk, {connections} connections" if wrk else "wrk (not on this machine)")
        if not slow:
            few = min(FEW, size)
            threads = f"twilio-python, {clients.THREADS} threads"
            add(_most(partial(measure, "twilio", messages=few)), threads)
    if not slow:
        add(*queue.per_second(grounds, report, row, kind, min(FEW, size)))


class Workers:
    """The blast on PostgreSQL with more and more workers, all on our one core."""

    def __init__(self, grounds: Grounds, report: Report, size: int) -> None:
        self._grounds = grounds
        self._report = report
        self._size = size
        self._one: float | None = None

    def run(self, count: int) -> None:
        """Print the row of so many workers beside that of one, if that was run before."""
        row = f"workers-{count}"
        run = _best_blast(
            self._grounds, self._report, row, "postgresql", self._size, 0.0, CONNECTIONS, count
        )
        if count == 1:
            self._one = run.per_second
        note = "PostgreSQL; one core for all of them"
        self._report.add(Line(row, run.per_second, self._one, "workers-1", "messages/s", note))


def _best_blast(
    grounds: Grounds, report: Report, row: str, kind: str, size: int, delay: float,
    connections: int, workers: int = 1,
) -> Run:  # fmt: skip
    def run() -> Run:
        with grounds.ground(kind, size) as ground:
            done = send_blast(ground, size, delay=delay, connections=connections, workers=workers)
        done.check(report, row)
        return done

    return best(run, lambda done: done.seconds)


def _add(report: Report, row: str, ours: float, note: str, limit: float | None, name: str) -> None:
    report.add(Line(row, ours, limit, name, "messages/s", note))


def _most(measure: partial[float]) -> float:
    return max(measure(), measure())


def _until_received(carrier: server.Server, messages: int) -> None:
    began = moved = time.monotonic()
    before = 0
    while (count := carrier.count()) < messages:
        now = time.monotonic()
        if count > before:
            before, moved = count, now
        if now - moved > STALLED_SECONDS:
            raise RuntimeError(f"only {count} of {messages} were sent; nothing moves any more")
        # Look the more often the nearer the end: looking costs the worker's core.
        left = (messages - count) * (now - began) / count if count else 0.0
        time.sleep(min(0.2, max(0.002, left / 2)))


def _until_written(ground: Ground, blast: UUID) -> None:
    waiting = (
        select(Delivery.id)
        .where(Delivery.gate_id == blast, col(Delivery.state).in_(WAITING))
        .limit(1)
    )
    give_up = time.monotonic() + STALLED_SECONDS
    while time.monotonic() < give_up:
        with ground.database.read() as session:
            if session.exec(waiting).first() is None:
                return
        time.sleep(0.002)
    raise RuntimeError("all were sent, and not all were written down")
