"""Write down how an appointment ended, and let everything follow that has to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from service.checkins.outcome.ask import close_asks_about
from service.checkins.outcome.draft import draft_call
from service.checkins.outcome.rules import (
    BEGUN,
    GRAVE,
    NOT_AN_END,
    WITH_A_DEADLINE,
    end_state,
)
from service.checkins.outcome.tell import tell_everybody
from service.checkins.rules import check_move
from service.checkins.safety.advance import advance
from service.checkins.safety.find import safety_of_checkin
from service.checkins.safety.rules import Event, Reopened, Said, Word
from service.checkins.safety.tables import OVER, Reporter, SafetyCheck, SafetyState
from service.checkins.tables import CheckIn, CheckInState, Outcome
from service.errors import InvalidValue, WrongState
from service.outbox.enqueue import Outbox
from service.people.tables import Person
from service.privacy import audit
from service.privacy.policy import Viewer
from service.rsvps.arrive import arrive, leave
from service.rsvps.close import close_event
from service.rsvps.respond import rsvps_of
from service.rsvps.tables import Rsvp, RsvpState

CHANGEABLE = (*BEGUN, CheckInState.RESCHEDULED)


@dataclass(frozen=True)
class Teller:
    """Who says it: an organizer by name, or somebody by phone, in a role."""

    name: str = ""
    person: Person | None = None
    role: Reporter = Reporter.ORGANIZER

    @property
    def source(self) -> str:
        """How it is kept: no volunteer's name."""
        return self.name or self.role.value


@dataclass(frozen=True)
class Ended:
    """How it ended. deadline_on: by when they are to leave or to bring a ticket, where that is said."""

    outcome: Outcome
    deadline_on: date | None = None


def check_ended(checkin: CheckIn, ended: Ended, *, now: datetime) -> None:
    """Raise WrongState where nothing can have ended, InvalidValue for a deadline that can't be."""
    if checkin.state not in CHANGEABLE or checkin.starts_at > now:
        raise WrongState("checkin_not_begun", f"check-in {checkin.id} is {checkin.state}")
    if ended.deadline_on is not None and ended.deadline_on < checkin.starts_at.date():
        raise InvalidValue("deadline_on", "past_date")


def record_outcome(
    session: Session, outbox: Outbox, checkin: CheckIn, ended: Ended, *, now: datetime,
    by: Viewer | None = None, teller: Teller | None = None,
) -> CheckIn:  # fmt: skip
    """Close the appointment with its outcome; who came, organizers and the legal contact are told.

    Still inside, or not known, is no end: the safety check goes on from there. The same again does
    nothing; another outcome puts the first right, and what that one asks for follows too.
    by: the organizer who says it; else the `teller` did, by phone.
    Raises WrongState, InvalidValue.
    """
    session.refresh(checkin, with_for_update=True)
    check_ended(checkin, ended, now=now)
    deadline_on = ended.deadline_on if ended.outcome in WITH_A_DEADLINE else None
    if (checkin.outcome, checkin.deadline_on) == (ended.outcome, deadline_on):
        return checkin
    check = safety_of_checkin(session, checkin.id)
    teller = teller or Teller(by.name if by is not None else "")
    close_asks_about(session, checkin, now=now)
    if ended.outcome in NOT_AN_END:
        _reopen(session, outbox, checkin, check, ended.outcome, teller, now)
    else:
        _close(session, checkin, check, Ended(ended.outcome, deadline_on), teller, now)
        if ended.outcome is Outcome.DETAINED and check is not None:
            _call_people(session, outbox, check, teller, now)
        told_by = teller.person.id if teller.person is not None else None
        tell_everybody(session, outbox, checkin, ended.outcome, told_by=told_by, now=now)
        if ended.outcome in GRAVE:
            draft_call(session, outbox.catalog, checkin, ended.outcome, by=teller.source, now=now)
    if by is not None:
        audit.record(
            session, actor=by, action="checkin.outcome", subject=checkin.subject, now=now,
            detail=ended.outcome.value,
        )  # fmt: skip
    session.flush()
    return checkin


def _close(
    session: Session, checkin: CheckIn, check: SafetyCheck | None, ended: Ended, teller: Teller,
    now: datetime,
) -> None:  # fmt: skip
    """Note the outcome; the appointment is over once its safety check is."""
    checkin.outcome, checkin.deadline_on = ended.outcome, ended.deadline_on
    checkin.outcome_by, checkin.outcome_at = teller.source, now
    checkin.outcome_person_id = teller.person.id if teller.person is not None else None
    checkin.remind_at, checkin.outcome_asked_at = None, checkin.outcome_asked_at or now
    state = end_state(ended.outcome)
    if check is None or check.state in OVER or state is CheckInState.RESCHEDULED:
        check_move(checkin.state, state)
        checkin.state, checkin.ended_at = state, checkin.ended_at or now
    session.add(checkin)
    close_event(session, checkin.subject, reason="over", now=now)
    for rsvp in _of(session, checkin, RsvpState.ARRIVED):
        leave(session, rsvp.person_id, checkin.subject)


def _of(session: Session, checkin: CheckIn, state: RsvpState) -> list[Rsvp]:
    rsvps = rsvps_of(session, [checkin.subject])[checkin.subject]
    return [rsvp for rsvp in rsvps if rsvp.state is state]


def _reopen(
    session: Session, outbox: Outbox, checkin: CheckIn, check: SafetyCheck | None,
    outcome: Outcome, teller: Teller, now: datetime,
) -> None:  # fmt: skip
    """It has not ended: the safety check asks on, and how it ended is asked once more after that."""
    checkin.outcome, checkin.deadline_on, checkin.outcome_asked_at = None, None, None
    check_move(checkin.state, CheckInState.UNDERWAY)
    checkin.state, checkin.ended_at = CheckInState.UNDERWAY, None
    session.add(checkin)
    for rsvp in _of(session, checkin, RsvpState.LEFT):  # they are needed again
        arrive(session, rsvp.person_id, checkin.subject)
    is_inside = outcome is Outcome.STILL_INSIDE
    if check is None:
        return
    if check.state is SafetyState.RESOLVED:
        _advance(session, outbox, check, Reopened(is_inside), teller, now)
    elif is_inside:
        _advance(session, outbox, check, Said(teller.role, Word.WAITING), teller, now)


def _call_people(
    session: Session, outbox: Outbox, check: SafetyCheck, teller: Teller, now: datetime
) -> None:
    """Somebody was kept there: unless one of us has spoken with them, the ladder is climbed at once."""
    if check.state not in (*OVER, SafetyState.ESCALATED, SafetyState.TAKEN):
        _advance(session, outbox, check, Said(teller.role, Word.HELP), teller, now)


def _advance(
    session: Session, outbox: Outbox, check: SafetyCheck, event: Event, teller: Teller,
    now: datetime,
) -> None:  # fmt: skip
    person = teller.person
    advance(session, outbox, check.id, event, now=now, person=person, who=teller.name)
