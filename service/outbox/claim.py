"""Choose what may go now, and take it: one committed step before any byte leaves.

Selection is SQL, the same on both databases but for how the choice is locked. A claim first
writes attempts (at most one open a number and urgency, by a unique index) and then moves their
deliveries to submitting. Whatever else holds a text back is looked at here and not before.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, UTCDateTime, col, delete, select, update

from service.chapters.rules import next_open
from service.chapters.tables import Chapter, Sender
from service.db import new_id
from service.outbox import pace
from service.outbox.tables import Attempt, Delivery, Priority, State, Wording
from service.people.tables import Person

# What the claim asks of a delivery. Bound: :now, :sender_id, :least (priority), :limit.
_CHOICE = """
    select d.id as delivery_id, d.to_key, d.priority = 0 as is_urgent,
           row_number() over (order by d.priority, d.not_before, d.id) as place
      from delivery d
     where d.id in (
        select d.id
          from delivery d
          join person p on p.id = d.person_id
          left join gate g on g.id = d.gate_id
         where d.sender_id = :sender_id
           and d.state = 'planned'
           and d.not_before <= :now
           and d.not_after > :now
           and d.priority <= :least
           and (g.id is null or g.state = 'open')
           and (p.consent = 'active'
                or d.consent_needed = 'always'
                or (d.consent_needed = 'answer' and p.consent <> 'opted_out'))
           and not p.is_unreachable
           and not exists (
               select 1 from attempt a
                where a.is_open and a.to_key = d.to_key and a.is_urgent = (d.priority = 0))
         order by d.priority, d.not_before, d.id
         limit :limit
         {lock})
"""
_LOCK = {"sqlite": "", "postgresql": "for update of d skip locked"}
_IDS = {
    "sqlite": "select cast(key as integer) + 1 as place, value as id from json_each(:ids)",
    "postgresql": (
        "select place, id from unnest(cast(:ids as uuid[])) with ordinality as given(id, place)"
    ),
}
# `order by to_key`: workers that take the unique index in one order do not deadlock. Of several to
# one number the most pressing comes first and takes it.
_CLAIM = """
insert into attempt (id, delivery_id, to_key, is_urgent, is_open, started_at, outcome)
select given.id, chosen.delivery_id, chosen.to_key, chosen.is_urgent, :is_open, :now, ''
  from ({choice}) chosen
  join ({ids}) given on given.place = chosen.place
 where true
 order by chosen.to_key, chosen.place
    on conflict do nothing
returning id, delivery_id
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours to send, once, and everything needed for it; still sealed."""

    attempt_id: UUID
    delivery: Delivery
    person: Person
    wording: str | None  # None: the body is sealed in the delivery


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
    taken = _insert_attempts(session, sender.id, limit=min(limit, granted), least=least, now=now)
    if not taken:
        return []
    session.execute(
        update(Delivery)
        .where(col(Delivery.id).in_(list(taken)), col(Delivery.state) == State.PLANNED)
        .values(state=State.SUBMITTING, changed_at=now, tries=col(Delivery.tries) + 1)
        .execution_options(synchronize_session=False)
    )
    claimed = _put_off_the_quiet(session, sender, _with_what_they_need(session, taken), now)
    segments = sum(one.delivery.segments for one in claimed)
    pace.charge(session, sender, segments, now=now)
    return claimed


def _insert_attempts(
    session: Session, sender_id: UUID, *, limit: int, least: Priority, now: datetime
) -> dict[UUID, UUID]:
    """Return delivery id -> attempt id of what was taken."""
    dialect = session.get_bind().dialect.name
    choice = _CHOICE.format(lock=_LOCK[dialect])
    statement = sa.text(_CLAIM.format(choice=choice, ids=_IDS[dialect]))
    ids: list[UUID] = [new_id() for _ in range(limit)]
    given = json.dumps([id_.hex for id_ in ids]) if dialect == "sqlite" else ids
    rows = session.execute(
        statement.bindparams(
            sa.bindparam("now", now, type_=UTCDateTime()),
            sa.bindparam("sender_id", sender_id, type_=sa.Uuid()),
            sa.bindparam("least", int(least)),
            sa.bindparam("limit", limit),
            sa.bindparam("is_open", value=True, type_=sa.Boolean()),
            sa.bindparam("ids", given, type_=sa.String() if dialect == "sqlite" else None),
        ).columns(id=sa.Uuid(), delivery_id=sa.Uuid())
    )
    return {delivery_id: attempt_id for attempt_id, delivery_id in rows}


def _with_what_they_need(session: Session, taken: dict[UUID, UUID]) -> list[Claimed]:
    rows = session.exec(
        select(Delivery, Person, Wording)
        .join(Person, col(Person.id) == Delivery.person_id)
        .join(Wording, col(Wording.id) == Delivery.wording_id, isouter=True)
        .where(col(Delivery.id).in_(list(taken)))
        .order_by(col(Delivery.priority), col(Delivery.not_before), col(Delivery.id))
        # The session may hold it as an answer, written down just before, has left it.
        .execution_options(populate_existing=True)
    ).all()
    return [
        Claimed(taken[delivery.id], delivery, person, wording.body if wording else None)
        for delivery, person, wording in rows
    ]


def _put_off_the_quiet(
    session: Session, sender: Sender, claimed: list[Claimed], now: datetime
) -> list[Claimed]:
    """Give back what quiet hours hold, moved to their end; return the rest.

    Nothing has been sent, and the transaction is the claim's: it is as if it had not been taken.
    """
    chapter = session.get_one(Chapter, sender.chapter_id)
    quiet = chapter.quiet_from_minute, chapter.quiet_until_minute
    opens: dict[str, datetime] = {}
    kept: list[Claimed] = []
    held: list[Claimed] = []
    for one in claimed:
        zone = one.person.time_zone
        if not one.delivery.quiet_exempt and zone not in opens:
            opens[zone] = next_open(now, zone, *quiet)
        is_held = not one.delivery.quiet_exempt and opens[zone] > now
        (held if is_held else kept).append(one)
    for one in held:
        one.delivery.state, one.delivery.reason = State.PLANNED, "quiet_hours"
        one.delivery.not_before = opens[one.person.time_zone]
        one.delivery.tries -= 1
        session.add(one.delivery)
    if held:
        session.flush()
        session.exec(delete(Attempt).where(col(Attempt.id).in_([one.attempt_id for one in held])))
    return kept


def expire_what_is_late(session: Session, *, now: datetime) -> int:
    """Mark planned deliveries whose time has passed as expired, visibly; return how many."""
    done = session.exec(
        update(Delivery)
        .where(col(Delivery.state) == State.PLANNED, col(Delivery.not_after) <= now)
        .values(state=State.EXPIRED, reason="too_late", changed_at=now)
    )
    return int(done.rowcount)
