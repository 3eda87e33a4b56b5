"""The switch that stops every text of a chapter at once, and lets them go on again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select, update

from service.chapters.tables import Sender
from service.privacy import audit
from service.privacy.policy import Viewer


def is_halted(session: Session, chapter_id: UUID) -> bool:
    """Return whether nothing leaves: the chapter has senders and all of them are paused."""
    paused = session.exec(select(Sender.is_paused).where(Sender.chapter_id == chapter_id)).all()
    return bool(paused) and all(paused)


def halt(session: Session, chapter_id: UUID, *, by: Viewer, now: datetime) -> None:
    """Stop every text from the next claim on; those already with the carrier arrive. Safe to run twice."""
    _set(session, chapter_id, is_stopped=True)
    subject = f"chapter:{chapter_id.hex}"
    audit.record(session, actor=by, action="chapter.halt", subject=subject, now=now)


def go_on(session: Session, chapter_id: UUID, *, by: Viewer, now: datetime) -> None:
    """Let texts leave again. What lost its use meanwhile expires; the rest leaves at its pace."""
    _set(session, chapter_id, is_stopped=False)
    subject = f"chapter:{chapter_id.hex}"
    audit.record(session, actor=by, action="chapter.go_on", subject=subject, now=now)


def _set(session: Session, chapter_id: UUID, *, is_stopped: bool) -> None:
    session.exec(
        update(Sender)
        .where(col(Sender.chapter_id) == chapter_id)
        .values(is_paused=is_stopped, is_halted=is_stopped)
    )
