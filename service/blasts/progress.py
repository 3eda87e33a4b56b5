"""How far a blast has come, in counts; and its end, once nothing waits any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from service.blasts.tables import Blast, BlastState
from service.errors import NotFound
from service.outbox.gate import counts_behind, is_drained, stopped_because
from service.outbox.tables import DRILL, State


@dataclass(frozen=True)
class Progress:
    """Copies of one blast. They add up to `people`."""

    people: int
    waiting: int
    sent: int  # the carrier has it, and has not said that it arrived
    delivered: int
    failed: int
    withdrawn: int  # suppressed or too late
    in_doubt: int


def progress_of(session: Session, blast: Blast) -> Progress:
    """Return the counts of one blast."""
    return progress_of_each(session, [blast])[blast.id]


def progress_of_each(session: Session, blasts: Iterable[Blast]) -> dict[UUID, Progress]:
    """Return the counts of many blasts by id, one query."""
    counts = counts_behind(session, [blast.id for blast in blasts])
    return {blast_id: _progress(states) for blast_id, states in counts.items()}


def _progress(counts: dict[State, int]) -> Progress:
    def sum_of(*states: State) -> int:
        return sum(counts.get(state, 0) for state in states)

    return Progress(
        people=sum(counts.values()),
        waiting=sum_of(State.PLANNED, State.SUBMITTING),
        sent=sum_of(State.ACCEPTED, State.SENT),
        delivered=sum_of(State.DELIVERED),
        failed=sum_of(State.FAILED, State.UNDELIVERED),
        withdrawn=sum_of(State.SUPPRESSED, State.EXPIRED),
        in_doubt=sum_of(State.IN_DOUBT),
    )


def get_blast(session: Session, chapter_id: UUID, blast_id: UUID) -> Blast:
    """Return one of the chapter's blasts. Raises NotFound."""
    blast = session.get(Blast, blast_id)
    if blast is None or blast.chapter_id != chapter_id:
        raise NotFound(None, f"no blast {blast_id}")
    return blast


def list_blasts(
    session: Session, chapter_id: UUID, *, after: UUID | None = None, limit: int
) -> Sequence[Blast]:
    """Return the chapter's blasts by id (oldest first), those after `after`; no drills."""
    query = select(Blast).where(
        Blast.chapter_id == chapter_id, ~col(Blast.subject).startswith(DRILL)
    )
    if after is not None:
        query = query.where(col(Blast.id) > after)
    return session.exec(query.order_by(col(Blast.id)).limit(limit)).all()


def blasts_about(session: Session, subject: str) -> Sequence[Blast]:
    """Return the blasts about one event, newest first."""
    return session.exec(
        select(Blast).where(Blast.subject == subject).order_by(col(Blast.id).desc())
    ).all()


def finish_blasts(session: Session, *, now: datetime) -> int:
    """Mark blasts as sent when nothing of theirs waits any more, or as stopped; return how many."""
    finished = 0
    for blast in session.exec(select(Blast).where(Blast.state == BlastState.SENDING)).all():
        if (reason := stopped_because(session, blast.id)) is not None:
            blast.state, blast.stop_reason = BlastState.STOPPED, reason
        elif is_drained(session, blast.id):
            blast.state = BlastState.SENT
        else:
            continue
        blast.ended_at = now
        session.add(blast)
        finished += 1
    return finished
