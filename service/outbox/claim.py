"""Choose what may go now, and take it: one committed step before any byte leaves.

Selection is SQL, the same on both databases but for how the choice is locked. A claim first
writes attempts (at most one open a number and urgency, by a unique index) and then moves their
deliveries to submitting. Whatever else holds a text back is looked at here and not before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
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

# What the claim asks of a delivery. Bound: :now, :sender_id, :priority, :limit.
# One priority at a time: so the index leads straight to what is due.
_CHOICE = """
    select d.id
      from delivery d
      join person p on p.id = d.person_id
      left join gate g on g.id = d.gate_id
     where d.sender_id = :sender_id
       and d.state = 'planned'
       and d.not_before <= :now
       and d.not_after > :now
       and d.priority = :priority
       and (g.id is null or g.state = 'open')
       and (p.consent = 'active'
            or d.consent_needed = 'always'
            or (d.consent_needed = 'answer' and p.consent <> 'opted_out'))
       and not p.is_unreachable
       and not exists (
           select 1 from attempt a
            where a.is_open {is_true} and a.to_key = d.to_key and a.is_urgent = (d.priority = 0))
     order by d.not_before, d.id
     limit :limit
     {lock}
"""
_DIALECT = {
    "sqlite": {"is_true": "= 1", "lock": ""},
    "postgresql": {"is_true": "", "lock": "for update of d skip locked"},
}


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
        sa.update(_D)
        .where(_D.c.id == texts.c.delivery_id, _D.c.state == State.PLANNED)
        .values(state=State.SUBMITTING, changed_at=now, tries=_D.c.tries + 1)
    )
    everything = _with_what_they_need(session, sender, taken)
    claimed = _put_off_the_quiet(session, sender, everything, now)
    segments = sum(one.segments for one in claimed)
    pace.charge(session, sender, segments, now=now)
    return claimed


def _choose(
    session: Session, sender_id: UUID, *, limit: int, least: Priority, now: datetime
) -> Sequence[UUID]:
    """Return what may go, most pressing first; on PostgreSQL no other worker chooses it now."""
    statement = sa.text(_CHOICE.format(**_DIALECT[session.get_bind().dialect.name]))
    chosen: list[UUID] = []
    for priority in (one for one in Priority if one <= least):
        rows = session.connection().execute(
            statement.bindparams(
                sa.bindparam("now", now, type_=UTCDateTime()),
                sa.bindparam("sender_id", sender_id, type_=sa.Uuid()),
                sa.bindparam("priority", int(priority)),
                sa.bindparam("limit", limit - len(chosen)),
            ).columns(id=sa.Uuid())
        )
        chosen += rows.scalars()
        if len(chosen) == limit:
            break
    return chosen


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
    session: Session, sender: Sender, taken: dict[UUID, UUID]
) -> list[Claimed]:
    texts = given(session, "taken", delivery_id=(sa.Uuid(), list(taken)))
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
