"""Rallies that several chapters call to: each its own people, from its own number, nobody twice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, delete, select

from service.db.insert import insert_new
from service.errors import WrongState
from service.people.members import voice_for, volunteers_among
from service.people.tables import Person
from service.privacy import audit
from service.privacy.policy import Viewer
from service.rallies.rules import TOLD
from service.rallies.tables import Rally, RallyChapter, RallyState
from service.rsvps.ask import who_asked
from service.rsvps.choose import Event

CAN_OPEN = (RallyState.DRAFT, *TOLD)


def open_to_chapters(
    session: Session, rally: Rally, *, is_open: bool, by: Viewer, now: datetime
) -> None:
    """Let other chapters join a rally, or no further one; who has joined stays. Safe to run twice.

    Raises WrongState once it is over or called off, and for a drill.
    """
    session.refresh(rally, with_for_update=True)
    if rally.state not in CAN_OPEN or rally.is_drill:
        raise WrongState("rally_not_in_state", f"rally {rally.id} is {rally.state}")
    if (rally.opened_at is not None) == is_open:
        return
    rally.opened_at = now if is_open else None
    session.add(rally)
    action = "rally.open" if is_open else "rally.close_to_others"
    audit.record(session, actor=by, action=action, subject=rally.subject, now=now)


def check_joins(session: Session, rally: Rally, chapter_id: UUID) -> None:
    """Raise WrongState where this chapter may not call to the rally."""
    if chapter_id in callers_of(session, rally) or rally.opened_at is not None:
        return
    raise WrongState("rally_not_open", f"rally {rally.id} is not open to {chapter_id}")


def note_joined(
    session: Session, rally: Rally, chapter_id: UUID, *, by: Viewer, now: datetime
) -> None:
    """Note that a chapter calls to a rally. Safe to run twice."""
    if chapter_id == rally.chapter_id:
        return
    row = {
        "rally_id": rally.id, "chapter_id": chapter_id, "joined_by": by.name, "joined_at": now,
    }  # fmt: skip
    session.exec(insert_new(session, RallyChapter).values(**row))


def unjoin_unheard(session: Session, rally: Rally, chapter_id: UUID) -> None:
    """Forget that a chapter joined, where its call was taken back before anybody heard of it."""
    if chapter_id not in who_asked(session, rally.subject).values():
        session.exec(
            delete(RallyChapter).where(
                col(RallyChapter.rally_id) == rally.id, col(RallyChapter.chapter_id) == chapter_id
            )
        )


def callers_of(session: Session, rally: Rally) -> tuple[UUID, ...]:
    """Return the chapters that call to a rally: its own, then those that joined, oldest first."""
    joined = session.exec(
        select(RallyChapter.chapter_id)
        .where(RallyChapter.rally_id == rally.id)
        .order_by(col(RallyChapter.joined_at), col(RallyChapter.chapter_id))
    ).all()
    return (rally.chapter_id, *joined)


def event_of(session: Session, rally: Rally) -> Event:
    """Return what decides who can be called to a rally."""
    return Event(rally.subject, rally.starts_at, rally.ends_at, callers_of(session, rally))


def voices(session: Session, rally: Rally, people: Iterable[UUID]) -> dict[UUID, tuple[UUID, ...]]:
    """Return which chapter speaks to each of these people about a rally: chapter -> people.

    Whoever asked them; where they were not asked, or have left it since, one that they belong to.
    """
    callers = callers_of(session, rally)
    if len(callers) == 1:
        return {rally.chapter_id: tuple(people)}
    asked = who_asked(session, rally.subject)
    everybody = set(people)
    found: dict[UUID, list[UUID]] = {}
    for caller in callers:
        theirs = [one for one in everybody if one in asked and _asker(asked[one], rally) == caller]
        found[caller] = list(volunteers_among(session, theirs, caller))
    for person_id in everybody.difference(*found.values()):
        person = session.get_one(Person, person_id)
        found[voice_for(session, person, callers)].append(person_id)
    return {caller: tuple(theirs) for caller, theirs in found.items() if theirs}


def _asker(chapter_id: UUID | None, rally: Rally) -> UUID:
    return chapter_id or rally.chapter_id
