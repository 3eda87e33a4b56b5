"""Find safety checks: those of a chapter that are open, and those that somebody's word is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, or_, select

from service.checkins.safety.around import ROLES
from service.checkins.safety.tables import OVER, Reporter, SafetyCheck, SafetyState, SafetyStep
from service.checkins.safety.tell import TOLD
from service.errors import NotFound
from service.outbox.tables import DRILL, Delivery
from service.people.tables import EmergencyContact
from service.rsvps.tables import COMING, Rsvp, SeatRole

LATELY = timedelta(days=1)
# Answers that ask nothing and say that 3 is for help; whoever was asked how it is knows all three digits.
SAY_THREE_IS_HELP = ("safety_heard", "safety_waiting", "safety_digit")
# The most pressing first.
PRESSING = (
    SafetyState.ESCALATED, SafetyState.TAKEN, SafetyState.OK, SafetyState.ASKED,
    SafetyState.WAITING, SafetyState.ARMED,
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One safety check and what somebody is to it. is_asked: a question to them is open."""

    check: SafetyCheck
    reporter: Reporter
    is_asked: bool


def cases_of(session: Session, person_id: UUID, *, now: datetime) -> list[Case]:
    """Return the open safety checks that this person's words can be about, most pressing first.

    One that is still armed counts from the morning of its day. A drill is passed over while they have
    a real one: no cry is taken for practice.
    """
    open_now = or_(
        col(SafetyCheck.state).not_in([*OVER, SafetyState.ARMED]),
        (col(SafetyCheck.state) == SafetyState.ARMED) & (col(SafetyCheck.day_from) <= now),
    )
    if session.exec(select(SafetyCheck.id).where(open_now).limit(1)).first() is None:
        return []  # as a rule: nobody is out there
    found: dict[UUID, tuple[SafetyCheck, Reporter]] = {}
    for check, role in session.exec(
        select(SafetyCheck, Rsvp.role)
        .join(Rsvp, col(Rsvp.subject) == SafetyCheck.subject)
        .where(open_now, Rsvp.person_id == person_id, col(Rsvp.state).in_(COMING))
    ):
        found[check.id] = check, _as(role)
    contacts = select(EmergencyContact.family_id).where(
        EmergencyContact.person_id == person_id, col(EmergencyContact.agreed)
    )
    for check in session.exec(
        select(SafetyCheck).where(open_now, col(SafetyCheck.person_id).in_(contacts))
    ):
        found.setdefault(check.id, (check, Reporter.EMERGENCY_CONTACT))
    told = select(SafetyStep.safety_id).where(
        SafetyStep.person_id == person_id, col(SafetyStep.did).in_(TOLD)
    )
    asked = set(session.exec(told))
    for check in session.exec(select(SafetyCheck).where(open_now, col(SafetyCheck.id).in_(asked))):
        found.setdefault(check.id, (check, Reporter.ON_CALL))
    # Whoever it is about speaks for themself alone, whatever else they are.
    for check in session.exec(
        select(SafetyCheck).where(open_now, SafetyCheck.person_id == person_id)
    ):
        found[check.id] = check, Reporter.FAMILY
    cases = [Case(check, reporter, check.id in asked) for check, reporter in found.values()]
    cases = [case for case in cases if not case.check.is_drill] or cases
    return sorted(
        cases, key=lambda case: (PRESSING.index(case.check.state), case.check.due_at, case.check.id)
    )


def _as(role: str | None) -> Reporter:
    return ROLES.get(SeatRole(role), Reporter.COMPANION) if role else Reporter.COMPANION


def ended_lately(session: Session, person_id: UUID, *, now: datetime) -> SafetyCheck | None:
    """Return the check about this person that was resolved within a day, if there is one."""
    return session.exec(
        select(SafetyCheck)
        .where(
            SafetyCheck.person_id == person_id,
            SafetyCheck.state == SafetyState.RESOLVED,
            ~col(SafetyCheck.subject).startswith(DRILL),
            col(SafetyCheck.resolved_at) > now - LATELY,
        )
        .order_by(col(SafetyCheck.resolved_at).desc())
        .limit(1)
    ).first()


def knows_three(
    session: Session, person_id: UUID, *, since: datetime | None, now: datetime
) -> bool:
    """Whether our answers told this person within a day, and after `since`, that a 3 means help."""
    said = select(Delivery.id).where(
        Delivery.person_id == person_id,
        col(Delivery.template).in_(SAY_THREE_IS_HELP),
        Delivery.created_at > max(now - LATELY, since or now - LATELY),
    )
    return session.exec(said.limit(1)).first() is not None


def get_safety(session: Session, chapter_id: UUID, safety_id: UUID) -> SafetyCheck:
    """Return one of the chapter's safety checks. A drill's is none. Raises NotFound."""
    check = get_safety_or_drill(session, chapter_id, safety_id)
    if check.is_drill:
        raise NotFound(None, f"no safety check {safety_id}")
    return check


def get_safety_or_drill(session: Session, chapter_id: UUID, safety_id: UUID) -> SafetyCheck:
    """Return one of the chapter's safety checks, also a drill's. Raises NotFound."""
    check = session.get(SafetyCheck, safety_id)
    if check is None or check.chapter_id != chapter_id:
        raise NotFound(None, f"no safety check {safety_id}")
    return check


def open_safety(session: Session, chapter_id: UUID) -> list[SafetyCheck]:
    """Return the chapter's safety checks that somebody should know of, most pressing first; no drills."""
    rows = session.exec(
        select(SafetyCheck).where(
            SafetyCheck.chapter_id == chapter_id,
            ~col(SafetyCheck.subject).startswith(DRILL),
            col(SafetyCheck.state).not_in([*OVER, SafetyState.ARMED]),
        )
    )
    return sorted(rows, key=lambda check: (PRESSING.index(check.state), check.due_at, check.id))


def safety_of_checkin(session: Session, checkin_id: UUID) -> SafetyCheck | None:
    """Return a check-in's safety check, if it is armed or further."""
    return session.exec(select(SafetyCheck).where(SafetyCheck.checkin_id == checkin_id)).first()


def steps_of(session: Session, safety_id: UUID) -> Sequence[SafetyStep]:
    """Return everything that was done and said, oldest first."""
    return session.exec(
        select(SafetyStep)
        .where(SafetyStep.safety_id == safety_id)
        .order_by(col(SafetyStep.at), col(SafetyStep.id))
    ).all()
