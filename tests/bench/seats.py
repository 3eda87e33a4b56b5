"""Five seats and five hundred who say yes at once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from sqlmodel import col, select

from service.people.tables import Person
from service.rsvps.respond import Answer, respond
from service.rsvps.seats import make_seats
from service.rsvps.tables import Rsvp, RsvpState, Seat, SeatRole
from tests.bench.ground import DATABASES, Ground, Grounds
from tests.bench.report import Line, Report, best

PEOPLE = 500
SEATS = 5
THREADS = 16
LIMIT_MS = 200.0
SUBJECT = "checkin:bench"


def seats(grounds: Grounds, report: Report) -> None:
    """Print how long the slowest hundredth waits, and how many seats were given twice."""
    for kind in DATABASES:
        oversold: list[int] = []
        waits = best(
            partial(_run, grounds, report, kind, oversold), partial(percentile, percent=99)
        )
        note = f"{PEOPLE} yes to {SEATS} seats from {THREADS} threads"
        p99 = percentile(waits, 99) * 1000
        report.add(Line("seats", p99, LIMIT_MS, f"200 ms ({kind})", "ms, p99", note))
        report.add(Line("seats", max(oversold), None, f"0 ({kind})", "oversold"))


def _run(grounds: Grounds, report: Report, kind: str, oversold: list[int]) -> list[float]:
    with grounds.ground(kind, PEOPLE) as ground:
        waits = _answer(ground)
        oversold.append(_oversold(ground, report))
    return waits


def percentile(values: list[float], percent: float) -> float:
    """Return the value that `percent` of them don't exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))]


def _answer(ground: Ground) -> list[float]:
    now = datetime.now(UTC)
    with ground.database.write() as session:
        make_seats(
            session, SUBJECT, {SeatRole.ACCOMPANIER: SEATS},
            starts_at=now + timedelta(days=1), ends_at=now + timedelta(days=1, hours=4),
        )  # fmt: skip
        people = session.exec(select(Person.id).order_by(col(Person.phone_key))).all()

    def say_yes(person: UUID) -> float:
        began = time.perf_counter()
        with ground.database.write() as session:
            respond(session, person, SUBJECT, Answer.YES, now=now)
        return time.perf_counter() - began

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(say_yes, people))


def _oversold(ground: Ground, report: Report) -> int:
    with ground.database.read() as session:
        states = session.exec(select(Rsvp.state).where(Rsvp.subject == SUBJECT)).all()
        taken = session.exec(select(Seat.taken).where(Seat.subject == SUBJECT)).one()
    yes, standby = states.count(RsvpState.YES), states.count(RsvpState.STANDBY)
    report.expect("seats", "yes, waiting, taken", (yes, standby, taken), (5, PEOPLE - SEATS, 5))
    return max(0, yes - SEATS)
