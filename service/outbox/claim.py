"""Choose what may go now, and take it: one committed step before any byte leaves.

Selection is SQL, the same on both databases but for how the choice is locked. A claim first
writes attempts (at most one open a number and urgency, by a unique index) and then moves their
deliveries to submitting. Whatever else holds a text back is looked at here and not before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, UTCDateTime, col, update

from service.chapters.rules import next_open
from service.chapters.tables import Chapter, Sender
from service.db.given import given
from service.db.ids import new_ids
from service.db.insert import insert_new
from service.db.tables import table_of
from service.outbox import pace
from service.outbox.tables import Attempt, Delivery, Priority, State, Wording, sealed_body
from service.people.tables import Person, sealed_phone
from service.privacy.read import SealedField

_A, _D, _P, _W = (table_of(model) for model in (Attempt, Delivery, Person, Wording))

# Lines in which texts wait: one a priority and gate, and one a priority for what has no gate. Found
# by leaps along the index, one a line: however many wait behind a gate that is shut, a claim passes
# them by. Bound: :now, :sender_id.
_LINES = f"""
    with recursive
      priority(priority) as ({" union all ".join(f"select {int(one)}" for one in Priority)}),
      behind(priority, gate_id) as (
        select p.priority, (
            select d.gate_id from delivery d
             where d.sender_id = :sender_id and d.state = 'planned' and d.priority = p.priority
               and d.gate_id is not null
             order by d.gate_id, d.not_before, d.id limit 1)
          from priority p
        union all
        select b.priority, (
            select d.gate_id from delivery d
             where d.sender_id = :sender_id and d.state = 'planned' and d.priority = b.priority
               and d.gate_id > b.gate_id
             order by d.gate_id, d.not_before, d.id limit 1)
          from behind b
         where b.gate_id is not null)
    select p.priority, null as gate_id from priority p
     where (
         select d.id from delivery d
          where d.sender_id = :sender_id and d.state = 'planned' and d.priority = p.priority
            and d.gate_id is null and d.not_before <= :now
          order by d.gate_id, d.not_before, d.id limit 1) is not null
    union all
    select b.priority, g.id from behind b join gate g on g.id = b.gate_id where g.state = 'open'
"""  # noqa: S608  (our own numbers)

# What the claim asks of a delivery in one line. Bound: :now, :sender_id, :priority, :gate_id where
# there is one, :limit.
_CHOICE = """
    select d.id
      from delivery d
      join person p on p.id = d.person_id
     where d.sender_id = :sender_id
       and d.state = 'planned'
       and d.not_before <= :now
       and d.not_after > :now
       and d.priority = :priority
       and d.gate_id {is_gate}
       and (p.consent = 'active'
            or d.consent_needed = 'always'
            or (d.consent_needed = 'answer' and p.consent <> 'opted_out'))
       and not p.is_unreachable
       and (substr(d.subject, 1, 6) <> 'drill:'
            or exists (select 1 from drill_guest g where g.person_id = d.person_id))
       and not exists (
           select 1 from attempt a
            where a.is_open {is_true} and a.to_key = d.to_key and a.is_urgent = (d.priority = 0))
     order by d.gate_id, d.not_before, d.id
     limit :limit
     {lock}
"""
_DIALECT = {
    "sqlite": {"is_true": "= 1", "lock": ""},
    "postgresql": {"is_true": "", "lock": "for update of d skip locked"},
}
# PostgreSQL expects one row of a table that has grown since it last counted, and would sort them all;
# and it sees that the index is in order only where all of its columns are named, gate_id too. Where it
# has counted, it would rather read all that waits in another index than look into this one: an order
# that no other index has, and no sorting, keep it here.
_BY_INDEX = sa.text(
    "select set_config('enable_sort', 'off', true), set_config('enable_incremental_sort', 'off', true)"
)

Line = tuple[int, UUID | None]  # priority, gate


class Claimed(NamedTuple):
    """A delivery that is ours to send, once, and everything needed for it; still sealed.

    wording: None where the body is sealed in the delivery. time_zone: the person's.
    """

    attempt_id: UUID
    delivery_id: UUID
    chapter_id: UUID
    person_id: UUID
    phone_sealed: bytes
    time_zone: str
    wording: str | None
    body_sealed: bytes | None
    segments: int
    tries: int
    quiet_exempt: bool
    not_after: datetime

    def phone(self) -> SealedField:
        """Whom it goes to."""
        return sealed_phone(self.person_id, self.chapter_id, self.phone_sealed)

    def body(self) -> SealedField:
        """What it says, where that is for this person alone."""
        return sealed_body(self.delivery_id, self.person_id, self.chapter_id, self.body_sealed)


def claim(session: Session, sender: Sender, *, limit: int, now: datetime) -> list[Claimed]:
    """Take up to `limit` deliveries of `sender` that may go now, most pressing first.

    Paced: as many as the sender's allowance grants, charged in segments. Nothing may be sent
    before the caller's transaction has committed.
    """
    if sender.is_paused or limit < 1:
        return []
    granted, least = pace.grant(session, sender, now=now)
    if granted == 0:
        return []
    chosen = _choose(session, sender.id, limit=min(limit, granted), least=least, now=now)
    if not chosen:
        return []
    taken = _insert_attempts(session, chosen, now=now)
    if not taken:
        return []
    texts = given(session, "taken", delivery_id=(sa.Uuid(), list(taken)))
    session.connection().execute(
        sa.update(_D)  # still planned: chosen under this transaction's lock
        .where(_D.c.id == texts.c.delivery_id)
        .values(state=State.SUBMITTING, changed_at=now, tries=_D.c.tries + 1)
    )
    everything = _with_what_they_need(session, sender, taken, texts)
    claimed = _put_off_the_quiet(session, sender, everything, now)
    segments = sum(one.segments for one in claimed)
    pace.charge(session, sender, segments, now=now)
    return claimed


def _choose(
    session: Session, sender_id: UUID, *, limit: int, least: Priority, now: datetime
) -> Sequence[UUID]:
    """Return what may go, most pressing first; on PostgreSQL no other worker chooses it now.

    Of one priority: first what is for one person alone, then blasts in the order of their making.
    """
    connection = session.connection()
    dialect = session.get_bind().dialect.name
    if dialect == "postgresql":
        connection.execute(_BY_INDEX)
    whose = {"now": now, "sender_id": sender_id}
    lines: list[Line] = [
        (priority, gate_id)
        for priority, gate_id in connection.execute(_lines(), whose)
        if priority <= least
    ]
    chosen: list[UUID] = []
    for priority, gate_id in sorted(lines, key=_by_turn):
        if len(chosen) == limit:
            break
        line = {"priority": priority, "gate_id": gate_id, "limit": limit - len(chosen)}
        if gate_id is None:
            del line["gate_id"]
        choice = _choice(dialect, has_gate=gate_id is not None)
        chosen += connection.execute(choice, whose | line).scalars()
    return chosen


def _by_turn(line: Line) -> tuple[int, int]:
    priority, gate_id = line
    return priority, 0 if gate_id is None else gate_id.int


@cache
def _lines() -> sa.TextualSelect:
    typed = sa.bindparam("now", type_=UTCDateTime()), sa.bindparam("sender_id", type_=sa.Uuid())
    return sa.text(_LINES).bindparams(*typed).columns(priority=sa.Integer(), gate_id=sa.Uuid())


@cache
def _choice(dialect: str, *, has_gate: bool) -> sa.TextualSelect:
    is_gate = "= :gate_id" if has_gate else "is null"
    statement = sa.text(_CHOICE.format(is_gate=is_gate, **_DIALECT[dialect])).bindparams(
        sa.bindparam("now", type_=UTCDateTime()), sa.bindparam("sender_id", type_=sa.Uuid())
    )
    if has_gate:
        statement = statement.bindparams(sa.bindparam("gate_id", type_=sa.Uuid()))
    return statement.columns(id=sa.Uuid())


def _insert_attempts(
    session: Session, chosen: Sequence[UUID], *, now: datetime
) -> dict[UUID, UUID]:
    """Return delivery id -> attempt id of what could be taken: one a number and urgency."""
    ids = new_ids(len(chosen))
    tries = given(session, "tries", id=(sa.Uuid(), ids), delivery_id=(sa.Uuid(), chosen))
    columns = {
        "id": tries.c.id,
        "delivery_id": _D.c.id,
        "to_key": _D.c.to_key,
        "is_urgent": _D.c.priority == Priority.URGENT,
        "is_open": sa.true(),
        "started_at": sa.literal(now, UTCDateTime()),
        "outcome": sa.literal(""),
    }
    rows = (
        sa.select(*columns.values())
        .select_from(tries)
        .join(_D, _D.c.id == tries.c.delivery_id)
        # Workers that take the unique index in one order do not deadlock. Of several texts to one
        # number the most pressing comes first and takes it.
        .order_by(_D.c.to_key, tries.c.place)
    )
    connection = session.connection()
    insert = insert_new(session, _A).from_select(list(columns), rows)
    counting = {"preserve_rowcount": True}
    if connection.execute(insert, execution_options=counting).rowcount == len(chosen):
        return dict(zip(chosen, ids, strict=True))
    written = connection.execute(sa.select(_A.c.id).join(tries, tries.c.id == _A.c.id)).scalars()
    is_ours = set(written)
    return {text: id_ for text, id_ in zip(chosen, ids, strict=True) if id_ in is_ours}


def _with_what_they_need(
    session: Session, sender: Sender, taken: dict[UUID, UUID], texts: sa.Subquery
) -> list[Claimed]:
    rows = session.connection().execute(
        sa.select(
            _D.c.person_id, _P.c.phone_sealed, _P.c.time_zone, _W.c.body,
            _D.c.body_sealed, _D.c.segments, _D.c.tries, _D.c.quiet_exempt, _D.c.not_after,
        )
        .select_from(texts)
        .join(_D, _D.c.id == texts.c.delivery_id)
        .join(_P, _P.c.id == _D.c.person_id)
        .join(_W, _W.c.id == _D.c.wording_id, isouter=True)
        .order_by(texts.c.place)
    )  # fmt: skip
    return [
        Claimed(attempt_id, delivery_id, sender.chapter_id, *row)
        for (delivery_id, attempt_id), row in zip(taken.items(), rows, strict=True)
    ]


def _put_off_the_quiet(
    session: Session, sender: Sender, claimed: list[Claimed], now: datetime
) -> list[Claimed]:
    """Give back what quiet hours hold, moved to their end; return the rest.

    Nothing has been sent, and the transaction is the claim's: it is as if it had not been taken.
    """
    chapter = session.get_one(Chapter, sender.chapter_id)
    quiet = chapter.quiet_from_minute, chapter.quiet_until_minute
    opens = {
        zone: next_open(now, zone, *quiet)
        for zone in {one.time_zone for one in claimed if not one.quiet_exempt}
    }
    held = [one for one in claimed if not one.quiet_exempt and opens[one.time_zone] > now]
    for zone in {one.time_zone for one in held}:
        theirs = [one for one in held if one.time_zone == zone]
        _give_back(session, theirs, not_before=opens[zone])
    is_held = {one.delivery_id for one in held}
    return [one for one in claimed if one.delivery_id not in is_held]


def _give_back(session: Session, held: list[Claimed], *, not_before: datetime) -> None:
    ids = given(session, "held", delivery_id=(sa.Uuid(), [one.delivery_id for one in held]))
    connection = session.connection()
    connection.execute(
        sa.update(_D)
        .where(_D.c.id == ids.c.delivery_id)
        .values(
            state=State.PLANNED, reason="quiet_hours", not_before=not_before, tries=_D.c.tries - 1
        )
    )
    attempts = given(session, "tries", id=(sa.Uuid(), [one.attempt_id for one in held]))
    connection.execute(sa.delete(_A).where(_A.c.id.in_(sa.select(attempts.c.id))))


def expire_what_is_late(session: Session, *, now: datetime) -> int:
    """Mark planned deliveries whose time has passed as expired, visibly; return how many."""
    done = session.exec(
        update(Delivery)
        .where(col(Delivery.state) == State.PLANNED, col(Delivery.not_after) <= now)
        .values(state=State.EXPIRED, reason="too_late", changed_at=now)
    )
    return int(done.rowcount)
