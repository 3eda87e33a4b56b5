"""What needs a person: senders at rest, texts of which nobody knows whether they left, notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, func, select, update

from service.chapters.tables import Sender
from service.db import Database
from service.outbox.advance import Rules, advance
from service.outbox.events import At, Decided
from service.outbox.tables import Attempt, Delivery, Notice, State

WAITS = "waits_for_person"
CHUNK = 200


@dataclass(frozen=True)
class Note:
    """Notes of one kind and code that nobody has seen: how many, and since when the newest."""

    kind: str
    code: int
    count: int
    newest: datetime


@dataclass(frozen=True)
class Trouble:
    """Everything that needs a person now.

    paused: the numbers of senders at rest.   halted: those that the switch of their chapter stopped.
    """

    paused: Sequence[str]
    halted: Sequence[str]
    doubtful: int
    notes: Sequence[Note]


def find_trouble(session: Session) -> Trouble:
    """Return what needs a person now, newest note first."""
    still = session.exec(
        select(Sender.number, Sender.is_halted)
        .where(col(Sender.is_paused))
        .order_by(col(Sender.number))
    ).all()
    paused = [number for number, is_halted in still if not is_halted]
    halted = [number for number, is_halted in still if is_halted]
    doubtful = session.exec(select(func.count()).select_from(Delivery).where(*_WAITING)).one()
    unseen = session.exec(
        select(Notice).where(col(Notice.seen_at).is_(None)).order_by(col(Notice.at).desc())
    )
    kinds: dict[tuple[str, int], list[datetime]] = {}
    for note in unseen:
        kinds.setdefault((note.key.split(":")[0], note.code), []).append(note.at)
    notes = [Note(kind, code, len(at), at[0]) for (kind, code), at in kinds.items()]
    return Trouble(paused, halted, doubtful, notes)


def mark_seen(session: Session, *, by: str, now: datetime) -> int:
    """Mark every note as seen; return how many were not yet."""
    unseen = update(Notice).where(col(Notice.seen_at).is_(None))
    return int(session.exec(unseen.values(seen_by=by, seen_at=now)).rowcount)


def wake_senders(session: Session) -> int:
    """Let senders at rest send again; return how many there were.

    Those that the switch stopped stay stopped: only an admin of the chapter lets them go on.
    """
    at_rest = update(Sender).where(col(Sender.is_paused), ~col(Sender.is_halted))
    return int(session.exec(at_rest.values(is_paused=False)).rowcount)


def decide(database: Database, at: At, rules: Rules, *, again: bool) -> int:
    """Send the texts that wait for a person again, or give them up; return how many.

    Sent again they may come twice: nobody knows. A chunk is a transaction. Safe to run twice.
    """
    decided = 0
    while chunk := _waiting(database):
        with database.write() as session:
            done = sum(advance(session, Decided(id_, again), at, rules) for id_ in chunk)
        if done == 0:
            break
        decided += done
    return decided


_WAITING = (col(Delivery.state) == State.IN_DOUBT, col(Delivery.reason) == WAITS)


def _waiting(database: Database) -> Sequence[UUID]:
    newest = (
        select(Attempt.id)
        .where(Attempt.delivery_id == Delivery.id)
        .order_by(col(Attempt.started_at).desc(), col(Attempt.id).desc())
        .limit(1)
        .scalar_subquery()
    )
    with database.read() as session:
        return session.exec(
            select(newest).select_from(Delivery).where(*_WAITING).limit(CHUNK)
        ).all()
