"""Practise an appointment, from the first text to safe home: among guests, and then swept away.

A guest plays the family, the others are asked to come along, and a stand-in plays whoever is on call.
All of it is done by the same code as for a real one; that nobody else is reached is held by the claims.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, delete, select

from service.calls.plan import withdraw_calls
from service.chapters.find import get_office
from service.chapters.tables import Chapter
from service.checkins.approve import USUAL_PLACES, Approval, approve
from service.checkins.rules import check_start
from service.checkins.safety.tables import SafetyCheck, SafetyStep
from service.checkins.tables import CheckIn, OutcomeAsk, Relay, Ride, SheetLink
from service.db import new_id
from service.errors import InvalidValue, WrongState
from service.outbox.drill import guests_of, named_like
from service.outbox.enqueue import Outbox, Text
from service.outbox.withdraw import withdraw_subject
from service.people.tables import Person
from service.privacy import audit
from service.privacy.keyring import KeyKind
from service.privacy.policy import SYSTEM, Viewer
from service.rsvps.close import close_event
from service.rsvps.tables import Ask, Rsvp, Seat, SeatRole

ENDS_BY_ITSELF = timedelta(days=2)  # after the start
PARTS = ("outcome", "ride", "alert")


@dataclass(frozen=True)
class Practice:
    """What is practised. starts_at: aware UTC.   stand_in_id: who plays those on call.   id: given once."""

    family_id: UUID
    office_id: UUID
    starts_at: datetime
    stand_in_id: UUID | None = None
    places: Mapping[SeatRole, int] = field(default_factory=lambda: USUAL_PLACES)
    id: UUID = field(default_factory=new_id)


def start_appointment_drill(
    session: Session, outbox: Outbox, chapter: Chapter, told: Practice, *, by: Viewer, now: datetime
) -> CheckIn:
    """Let the guests live through an appointment; they are asked at the clock's next tick.

    Safe to run twice: by `told.id`. Raises InvalidValue, and WrongState while nobody could go along.
    """
    existing = session.get(CheckIn, told.id)
    if existing is not None and existing.is_drill and existing.chapter_id == chapter.id:
        return existing
    check_practice(session, chapter, told, now=now)
    outbox.keyring.create(KeyKind.CHECKIN, [told.id])  # committed before the row that it seals
    drill = CheckIn(
        id=told.id, chapter_id=chapter.id, family_id=told.family_id, office_id=told.office_id,
        starts_at=told.starts_at, registered_how="drill", created_at=now, is_drill=True,
        stand_in_id=told.stand_in_id,
    )  # fmt: skip
    session.add(drill)
    session.flush()
    approve(session, outbox, drill, Approval(told.places, agreed_to_texts=False), by=by, now=now)
    audit.record(session, actor=by, action="drill.start", subject=drill.subject, now=now)
    return drill


def check_practice(session: Session, chapter: Chapter, told: Practice, *, now: datetime) -> None:
    """Raise InvalidValue for what can't be practised, WrongState while there are no guests."""
    guests = set(guests_of(session, chapter.id))
    if not guests:
        raise WrongState("drill_needs_guests")
    if told.family_id not in guests:
        raise InvalidValue("family", "not_a_guest")
    if not guests - {told.family_id, told.stand_in_id}:
        raise InvalidValue("family", "drill_needs_another")
    if told.stand_in_id is not None and told.stand_in_id not in guests - {told.family_id}:
        raise InvalidValue("stand_in", "not_a_guest")
    get_office(session, chapter.id, told.office_id)
    check_start(told.starts_at, now)


def end_appointment_drill(
    session: Session, outbox: Outbox, drill: CheckIn, *, by: Viewer, now: datetime
) -> None:
    """Tell the guests that it is over, take back what waits, and sweep every row of it away.

    What stays is that it was, in the audit, and which texts left. Raises WrongState for a real one.
    """
    if not drill.is_drill:
        raise WrongState("checkin_not_in_state", f"check-in {drill.id} is no drill")
    session.refresh(drill, with_for_update=True)
    check = session.exec(select(SafetyCheck).where(SafetyCheck.checkin_id == drill.id)).first()
    close_event(session, drill.subject, reason="over", now=now)
    for subject in _names_of_its_parts(session, drill, check):
        withdraw_subject(session, subject, reason="over", now=now)
        withdraw_calls(session, subject, reason="over", now=now)
    for person_id in guests_of(session, drill.chapter_id):
        once_key = f"drill:{drill.id.hex}:over:{person_id.hex}"
        text = Text("drill_over", once_key=once_key, subject=drill.about("over"))
        outbox.of(drill.chapter_id).text(session, session.get_one(Person, person_id), text, now=now)
    audit.record(session, actor=by, action="drill.end", subject=drill.subject, now=now)
    _sweep(session, drill, check)


def end_forgotten_drills(session: Session, outbox: Outbox, *, now: datetime) -> int:
    """End the drills that nobody has ended two days after their start; return how many."""
    left = session.exec(
        select(CheckIn).where(col(CheckIn.is_drill), CheckIn.starts_at <= now - ENDS_BY_ITSELF)
    ).all()
    for drill in left:
        end_appointment_drill(session, outbox, drill, by=SYSTEM, now=now)
    return len(left)


def _names_of_its_parts(session: Session, drill: CheckIn, check: SafetyCheck | None) -> list[str]:
    """Return what texts and calls of it are about."""
    relays = session.exec(select(Relay).where(Relay.checkin_id == drill.id)).all()
    links = session.exec(select(SheetLink).where(SheetLink.checkin_id == drill.id)).all()
    carried = [*(one.subject for one in relays), *(one.subject for one in links)]
    ladder = [] if check is None else [check.own_subject]
    return [
        drill.subject, *(drill.about(part) for part in PARTS), *ladder,
        *(named_like(drill.subject, name) for name in carried),
    ]  # fmt: skip


def _sweep(session: Session, drill: CheckIn, check: SafetyCheck | None) -> None:
    if check is not None:
        session.exec(delete(SafetyStep).where(col(SafetyStep.safety_id) == check.id))
        session.exec(delete(SafetyCheck).where(col(SafetyCheck.id) == check.id))
    session.exec(delete(OutcomeAsk).where(col(OutcomeAsk.checkin_id) == drill.id))
    session.exec(delete(Ride).where(col(Ride.checkin_id) == drill.id))
    session.exec(delete(Relay).where(col(Relay.checkin_id) == drill.id))
    session.exec(delete(SheetLink).where(col(SheetLink.checkin_id) == drill.id))
    session.exec(delete(Rsvp).where(col(Rsvp.subject) == drill.subject))  # before its seats
    session.exec(delete(Ask).where(col(Ask.subject) == drill.subject))
    session.exec(delete(Seat).where(col(Seat.subject) == drill.subject))
    session.exec(delete(CheckIn).where(col(CheckIn.id) == drill.id))
    session.expire_all()
