"""A key was pressed in a call about somebody's safety."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, select

from service.calls.heard import record_key
from service.calls.plan import withdraw_calls
from service.calls.tables import VoiceCall
from service.checkins.safety.report import say, take
from service.checkins.safety.rules import Word
from service.checkins.safety.tables import OVER, Reporter, SafetyCheck, SafetyState, SafetyStep
from service.checkins.tables import CheckIn
from service.outbox.drill import id_in, kind_in
from service.outbox.enqueue import Outbox
from service.people.tables import Person

DIGITS = {"1": Word.OUT_AND_OK, "2": Word.WAITING, "3": Word.HELP}
TO_TAKE = "1"


LEGAL = "checkin"  # a call about how an appointment ended


def check_of(session: Session, call: VoiceCall) -> SafetyCheck | None:
    """Return the safety check that a call is about."""
    if kind_in(call.subject) != "safety":
        return None
    return session.get(SafetyCheck, id_in(call.subject))


def is_of_use(session: Session, call: VoiceCall) -> bool:
    """Return whether picking up still helps: nobody else has it, and it is not over."""
    if (checkin := _checkin_of(session, call)) is not None:
        return checkin.legal_person_id in (None, call.person_id)
    check = check_of(session, call)
    if check is None or check.state in OVER:
        return False
    return call.keys != TO_TAKE or check.state is not SafetyState.TAKEN


def press(
    session: Session, outbox: Outbox, call: VoiceCall, digit: str, *, now: datetime
) -> str | None:
    """Do what the key says; return which of [spoken.*] answers, or None to ask for a key again."""
    if (checkin := _checkin_of(session, call)) is not None:
        return _take_legal(session, call, checkin, digit, now)
    check = check_of(session, call)
    if check is None or digit not in call.keys or len(digit) != 1:
        return None
    person = session.get_one(Person, call.person_id)
    if not record_key(session, call, digit, now=now):
        return "key_heard"
    if call.keys == TO_TAKE:
        return "key_taken" if take(session, outbox, check, person=person, now=now) else "key_late"
    reporter = _role(session, call)
    say(session, outbox, check, reporter, DIGITS[digit], person=person, now=now)
    return "key_heard"


def _take_legal(
    session: Session, call: VoiceCall, checkin: CheckIn, digit: str, now: datetime
) -> str | None:
    """Note which legal contact takes it: the first who presses 1."""
    if digit != TO_TAKE:
        return None
    session.refresh(checkin, with_for_update=True)
    is_theirs = checkin.legal_person_id in (None, call.person_id)
    if record_key(session, call, digit, now=now) and checkin.legal_person_id is None:
        checkin.legal_person_id, checkin.legal_at = call.person_id, now
        session.add(checkin)
        withdraw_calls(session, call.subject, reason="taken", now=now)
    return "key_legal" if is_theirs else "key_late"


def _checkin_of(session: Session, call: VoiceCall) -> CheckIn | None:
    """Return the appointment whose outcome a call is about."""
    return session.get(CheckIn, id_in(call.subject)) if kind_in(call.subject) == LEGAL else None


def _role(session: Session, call: VoiceCall) -> Reporter:
    """Return in which role they were called: the step that planned the call says so."""
    step = session.exec(select(SafetyStep).where(SafetyStep.once_key == call.once_key)).first()
    return Reporter(step.role) if step is not None else Reporter.COMPANION
