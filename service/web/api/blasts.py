"""Blasts: how far each has come; paused, resumed, stopped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlmodel import Session

from service.blasts.progress import get_blast, list_blasts, progress_of_each
from service.blasts.stop import pause, resume, stop
from service.blasts.tables import Blast, BlastKind, BlastState
from service.outbox.drill import id_in, kind_in
from service.outbox.gate import wordings_of
from service.outbox.tables import Priority
from service.privacy import audit
from service.web.api.auth import Caller, Who
from service.web.api.paging import Page, Paging, cut
from service.web.api.shapes import Shape
from service.web.session import Now, Read, Write

router = APIRouter(prefix="/blasts", tags=["blasts"])


class EventKind(StrEnum):
    """What a blast is about."""

    CHECKIN = "checkin"
    RALLY = "rally"
    ACTION = "action"
    MESSAGE = "message"  # about no event: the blast itself


class About(Shape):
    """An event."""

    kind: EventKind
    id: UUID


class Counts(Shape):
    """Copies of a blast. Those after `people` add up to it."""

    people: int
    waiting: int
    sent: int
    delivered: int
    failed: int
    withdrawn: int
    in_doubt: int


class ShownBlast(Shape):
    """One text in each recipient's language, and how far it has come."""

    id: UUID
    about: About
    kind: BlastKind
    state: BlastState
    priority: str
    texts: dict[str, str]
    counts: Counts
    scheduled_at: datetime | None
    launched_at: datetime | None
    ended_at: datetime | None
    not_after: datetime
    created_by: str
    created_at: datetime
    stop_reason: str


@router.get("")
def find_blasts(paging: Annotated[Paging, Query()], session: Read, who: Who) -> Page[ShownBlast]:
    """List the chapter's blasts, oldest first."""
    rows = list_blasts(session, who.chapter_id, after=paging.after, limit=paging.wanted)
    shown, following = cut(rows, paging, lambda row: row.id)
    return Page(items=show_blasts(session, shown), next=following)


@router.get("/{blast_id}")
def see_blast(blast_id: UUID, session: Read, who: Who) -> ShownBlast:
    """Return one blast."""
    return show_blast(session, get_blast(session, who.chapter_id, blast_id))


@router.post("/{blast_id}/pause")
def pause_blast(blast_id: UUID, session: Write, who: Who, now: Now) -> ShownBlast:
    """Hold back what has not left yet. Safe to send twice."""
    blast = get_blast(session, who.chapter_id, blast_id)
    if blast.state is not BlastState.PAUSED:
        pause(session, blast)
        _note(session, who, blast, "pause", now)
    return show_blast(session, blast)


@router.post("/{blast_id}/resume")
def resume_blast(blast_id: UUID, session: Write, who: Who, now: Now) -> ShownBlast:
    """Go on after a pause. Safe to send twice."""
    blast = get_blast(session, who.chapter_id, blast_id)
    if blast.state is not BlastState.SENDING:
        resume(session, blast)
        _note(session, who, blast, "resume", now)
    return show_blast(session, blast)


@router.post("/{blast_id}/stop")
def stop_blast(blast_id: UUID, session: Write, who: Who, now: Now) -> ShownBlast:
    """Send no more of it, for good. Safe to send twice."""
    blast = get_blast(session, who.chapter_id, blast_id)
    if blast.state is not BlastState.STOPPED:
        stop(session, blast, reason="organizer", now=now)
        _note(session, who, blast, "stop", now)
    return show_blast(session, blast)


def show_blast(session: Session, blast: Blast) -> ShownBlast:
    """Return one blast with its counts."""
    return show_blasts(session, [blast])[0]


def show_blasts(session: Session, blasts: Sequence[Blast]) -> list[ShownBlast]:
    """Return blasts with their counts and texts."""
    progress = progress_of_each(session, blasts)
    texts = wordings_of(session, [blast.id for blast in blasts])
    return [
        ShownBlast(
            id=blast.id,
            about=about(blast.subject),
            kind=blast.kind,
            state=blast.state,
            priority=Priority(blast.priority).name.lower(),
            texts=texts[blast.id],
            counts=Counts.model_validate(progress[blast.id]),
            scheduled_at=blast.scheduled_at,
            launched_at=blast.launched_at,
            ended_at=blast.ended_at,
            not_after=blast.not_after,
            created_by=blast.created_by,
            created_at=blast.created_at,
            stop_reason=blast.stop_reason,
        )
        for blast in blasts
    ]


def about(subject: str) -> About:
    """Return the event that a subject ("rally:<id>") names."""
    kind = kind_in(subject) or EventKind.RALLY
    return About(kind=EventKind(kind), id=id_in(subject))


def _note(session: Session, who: Caller, blast: Blast, done: str, now: datetime) -> None:
    audit.record(
        session, actor=who.viewer, action=f"blast.{done}", subject=f"blast:{blast.id.hex}", now=now
    )
