"""Practise a call: to the drill list alone, and apart from everything that counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID

from sqlmodel import Session, col, select

from service.blasts.drafts import drop_others
from service.blasts.progress import blasts_about
from service.blasts.tables import BlastKind
from service.chapters.tables import Chapter
from service.errors import NotFound, WrongState
from service.outbox.drill import guests_of
from service.outbox.enqueue import Outbox, Text
from service.people.tables import Person
from service.privacy import audit
from service.privacy.policy import Viewer
from service.rallies.actions.tables import Action
from service.rallies.announce import announce
from service.rallies.draft import Draft, save_draft
from service.rallies.rules import TOLD
from service.rallies.tables import Rally, RallyState
from service.rsvps.close import close_event
from service.rsvps.respond import rsvps_of


@dataclass(frozen=True)
class Learned:
    """What one guest did. `state`: an RSVP's, or "" while silent. `after`: how long they took."""

    person_id: UUID
    state: str
    after: timedelta | None


def start_drill(
    session: Session, chapter: Chapter, draft: Draft, *, by: Viewer, now: datetime
) -> Rally:
    """Call the drill list now, as a rally would call everybody. Safe to run twice: by `draft.id`.

    Raises InvalidForm; WrongState while nobody is on the list.
    """
    existing = session.get(Rally, draft.id)
    if existing is not None and existing.is_drill and existing.state is not RallyState.DRAFT:
        return existing
    if not guests_of(session, chapter.id):
        raise WrongState("drill_needs_guests")
    rally = save_draft(session, chapter, draft, by=by.name, now=now)
    drop_others(session, rally.subject, BlastKind.CALL)  # its guests are called, and nobody else
    rally.is_drill = True
    session.flush()
    announce(session, rally, blast_id=draft.id, by=by, now=now)
    audit.record(session, actor=by, action="drill.start", subject=rally.subject, now=now)
    return rally


def end_drill(session: Session, outbox: Outbox, drill: Rally, *, by: Viewer, now: datetime) -> None:
    """End it: what waits is withdrawn, and the guests hear that it is over. Safe to run twice."""
    session.refresh(drill, with_for_update=True)
    if drill.state not in TOLD:
        return
    drill.state, drill.ended_at, drill.remind_at = RallyState.CLOSED, now, None
    session.add(drill)
    close_event(session, drill.subject, reason="over", now=now)
    tell_it_is_over(session, outbox, drill, now=now)
    audit.record(session, actor=by, action="drill.end", subject=drill.subject, now=now)


def tell_it_is_over(
    session: Session, outbox: Outbox, drill: Rally | Action, *, now: datetime
) -> None:
    """Text every guest that a drill is over. Safe to run twice."""
    for person_id in guests_of(session, drill.chapter_id):
        text = Text(
            "drill_over",
            once_key=f"drill:{drill.id.hex}:over:{person_id.hex}",
            subject=drill.subject,
        )
        outbox.text(session, session.get_one(Person, person_id), text, now=now)


def get_drill(session: Session, chapter_id: UUID, drill_id: UUID) -> Rally:
    """Return one of the chapter's drills. Raises NotFound."""
    drill = session.get(Rally, drill_id)
    if drill is None or drill.chapter_id != chapter_id or not drill.is_drill:
        raise NotFound(None, f"no drill {drill_id}")
    return drill


def list_drills(session: Session, chapter_id: UUID, *, limit: int) -> Sequence[Rally]:
    """Return the chapter's drills, newest first."""
    query = select(Rally).where(Rally.chapter_id == chapter_id, col(Rally.is_drill))
    return session.exec(query.order_by(col(Rally.id).desc()).limit(limit)).all()


def learned(session: Session, drill: Rally) -> list[Learned]:
    """Return what each guest did: the quickest first, the silent last."""
    calls = [one for one in blasts_about(session, drill.subject) if one.kind is BlastKind.CALL]
    began = min((one.launched_at or one.created_at for one in calls), default=drill.created_at)
    said = {rsvp.person_id: rsvp for rsvp in rsvps_of(session, [drill.subject])[drill.subject]}
    found = []
    for person_id in {*guests_of(session, drill.chapter_id), *said}:
        rsvp = said.get(person_id)
        after = None if rsvp is None else rsvp.created_at - began
        found.append(Learned(person_id, rsvp.state.value if rsvp else "", after))
    return quickest_first(found)


def quickest_first(lines: Iterable[Learned]) -> list[Learned]:
    """Return what guests did in the order in which they did it, the silent last."""
    return sorted(
        lines, key=lambda one: (one.after is None, one.after or timedelta(0), one.person_id)
    )


def usual_time(lines: Sequence[Learned]) -> timedelta | None:
    """Return how long half of those who answered took at most; None where nobody did."""
    times = [one.after.total_seconds() for one in lines if one.after is not None]
    return timedelta(seconds=median(times)) if times else None
