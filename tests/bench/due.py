"""What is due, among a million rows that are not yet."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from service.blasts.launch import Plan, due_blasts, launch
from service.blasts.tables import Blast, BlastKind, BlastState
from service.db import new_id
from service.messages.catalog import load_catalog
from service.outbox.claim import claim
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import Delivery, Priority
from service.people.audience import Audience
from service.people.tables import Person
from tests.bench.ground import DATABASES, Ground, Grounds
from tests.bench.report import Line, Report

LIMIT_MS = 1.0
TIMES, LEAST_TIMES, MOST_SECONDS = 200, 20, 5.0
DUE = 5
CLAIMED_AT_MOST = 100
SERIES = {
    "sqlite": (
        "with recursive series(n) as"
        " (select 1 union all select n + 1 from series where n < :rows) select n from series"
    ),
    "postgresql": "select n from generate_series(1, :rows) as n",
}
ANY_ID = {
    "sqlite": "lower(hex(randomblob(16)))",
    "postgresql": "gen_random_uuid()",
}


def due(grounds: Grounds, report: Report, size: int) -> None:
    """Print how long it takes to find nothing, to take a few, and to find no message to launch."""
    rows = size * 25
    later = datetime.now(UTC) + timedelta(days=30)
    for kind in DATABASES:
        with grounds.ground(kind, DUE + 1) as ground:
            _write(ground, DUE, at=later)
            repeat(ground, Delivery, rows, unique="once_key")
            _launch(ground, at=later)
            repeat(ground, Blast, size // 4)
            ground.settle()
            now = datetime.now(UTC)

            def take(session: Session, g: Ground = ground, now: datetime = now) -> int:
                return len(claim(session, g.sender, limit=CLAIMED_AT_MOST, now=now))

            def find(session: Session, now: datetime = now) -> int:
                return len(due_blasts(session, now=now))

            _measure(report, ground, take, 0, f"1 ms, claim, none of {rows:,} due")
            _measure(report, ground, find, 0, f"1 ms, launches, none of {size // 4:,} due")
            _write(ground, DUE, at=now - timedelta(seconds=1))
            _measure(report, ground, take, DUE, f"1 ms, claim, {DUE} due, rolled back")


def repeat(ground: Ground, model: type[SQLModel], rows: int, unique: str = "") -> None:
    """Copy the first row of a table so many times, within the database, each with its own id."""
    table = sa.inspect(model).local_table
    changed = {"id": ANY_ID[ground.kind], unique: f"{unique} || ':' || series.n"}
    values = ", ".join(changed.get(column.name, f"t.{column.name}") for column in table.columns)
    columns = ", ".join(column.name for column in table.columns)
    copy = (
        f"insert into {table.name} ({columns}) select {values}"  # noqa: S608  (our own names)
        f" from (select * from {table.name} limit 1) as t, ({SERIES[ground.kind]}) as series"
    )
    with ground.database.write() as session:
        session.connection().execute(sa.text(copy), {"rows": rows})


def _measure(
    report: Report, ground: Ground, work: Callable[[Session], int], wanted: int, name: str
) -> None:
    """Time the work alone, in a transaction that is rolled back."""
    seconds: list[float] = []
    found: set[int] = set()
    give_up = time.monotonic() + MOST_SECONDS
    while len(seconds) < LEAST_TIMES or (len(seconds) < TIMES and time.monotonic() < give_up):
        with Session(ground.database.writer, expire_on_commit=False) as session:
            session.connection()
            began = time.perf_counter()
            found.add(work(session))
            seconds.append(time.perf_counter() - began)
            session.rollback()
    report.expect("due", f"found, {ground.kind}", found, {wanted})
    report.add(Line("due", median(seconds) * 1000, LIMIT_MS, f"{name} ({ground.kind})", "ms"))


def _write(ground: Ground, texts: int, *, at: datetime) -> None:
    """Enqueue texts to different people, due at a moment."""
    outbox = Outbox(load_catalog(), ground.keyring)
    with ground.database.write() as session:
        for person in session.exec(select(Person).order_by(col(Person.id)).limit(texts)).all():
            text = Text("already_joined", f"bench:{new_id().hex}", "bench", not_before=at)
            outbox.text(session, person, text, now=datetime.now(UTC))


def _launch(ground: Ground, *, at: datetime) -> UUID:
    """Schedule a message that goes at a moment."""
    now = datetime.now(UTC)
    plan = Plan(
        id=new_id(), subject="bench", kind=BlastKind.CALL, audience=Audience(ground.chapter.id),
        bodies={"en": "later", "es": "luego"}, priority=Priority.BULK,
        not_after=at + timedelta(days=1), created_by="bench", at=at,
    )  # fmt: skip
    with ground.database.write() as session:
        launch(session, plan, now=now)
        assert session.get_one(Blast, plan.id).state is BlastState.SCHEDULED
    return plan.id
