"""Safety checks: those that are open, what was done, and an organizer's "I have spoken with them"."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from sqlmodel import Session

from service.checkins.safety.find import get_safety, open_safety, steps_of
from service.checkins.safety.report import resolve, take_on_page
from service.checkins.safety.tables import SafetyCheck, SafetyState, Why
from service.people.find import people_by_id
from service.web.api.auth import Caller, Who
from service.web.api.paging import Page
from service.web.api.shapes import Shape
from service.web.session import Now, Parts, Read, Write

router = APIRouter(prefix="/safety", tags=["safety checks"])


class ShownSafety(Shape):
    """How somebody is, until one of us has spoken with them. Times are in UTC.

    checkin_id: null for an alarm without an appointment. next_at: when the next step is taken by
    itself. resolved_by and resolved_at: who spoke with them, and when: an organizer's name, or the
    role of the person whose phone said so. taken_by likewise.
    """

    id: UUID
    checkin_id: UUID | None
    person_id: UUID
    alias: str
    state: SafetyState
    why: Why | None
    due_at: datetime
    closes_at: datetime
    next_at: datetime
    seen_out_at: datetime | None
    taken_by: str
    taken_person_id: UUID | None
    taken_at: datetime | None
    resolved_by: str
    resolved_person_id: UUID | None
    resolved_at: datetime | None


class ShownStep(Shape):
    """One step. did: asked, warned, called, alarmed, to_speak, took, over, which, or said_ and a word.

    role: in which role; of "which" the letter by which this person knows whom it is about.
    """

    did: str
    role: str
    person_id: UUID | None
    who: str
    by_voice: bool
    at: datetime


@router.get("")
def find_open(session: Read, who: Who) -> Page[ShownSafety]:
    """List the chapter's safety checks that are open and begun, most pressing first, on one page."""
    return Page(items=_shown(session, who, open_safety(session, who.chapter_id)), next=None)


@router.get("/{safety_id}")
def see_safety(safety_id: UUID, session: Read, who: Who) -> ShownSafety:
    """Return one safety check."""
    return _shown(session, who, [get_safety(session, who.chapter_id, safety_id)])[0]


@router.get("/{safety_id}/steps")
def see_steps(safety_id: UUID, session: Read, who: Who) -> Page[ShownStep]:
    """List everything that was done and said, oldest first, on one page."""
    check = get_safety(session, who.chapter_id, safety_id)
    steps = [ShownStep.model_validate(step) for step in steps_of(session, check.id)]
    return Page(items=steps, next=None)


@router.post("/{safety_id}/spoken")
def say_spoken(safety_id: UUID, session: Write, wiring: Parts, who: Who, now: Now) -> ShownSafety:
    """End it: you have spoken with them. Safe to send twice."""
    check = get_safety(session, who.chapter_id, safety_id)
    ended = resolve(session, wiring.outbox, check, by=who.viewer, now=now)
    return _shown(session, who, [ended])[0]


@router.post("/{safety_id}/take")
def say_taken(safety_id: UUID, session: Write, wiring: Parts, who: Who, now: Now) -> ShownSafety:
    """Take it for half an hour: nobody is called meanwhile. Changes nothing unless people are."""
    check = get_safety(session, who.chapter_id, safety_id)
    taken = take_on_page(session, wiring.outbox, check, by=who.viewer, now=now)
    return _shown(session, who, [taken])[0]


def _shown(session: Session, who: Caller, checks: list[SafetyCheck]) -> list[ShownSafety]:
    people = people_by_id(session, (check.person_id for check in checks))
    return [
        ShownSafety(
            alias=who.reader.show(people[check.person_id].sealed_alias()),
            **{name: getattr(check, name) for name in ShownSafety.model_fields if name != "alias"},
        )
        for check in checks
    ]
