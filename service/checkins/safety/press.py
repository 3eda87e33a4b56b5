"""A key was pressed in a call about somebody's safety."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, select

from service.calls.heard import record_key
from service.calls.tables import VoiceCall
from service.checkins.safety.report import say, take
from service.checkins.safety.rules import Word
from service.checkins.safety.tables import OVER, Reporter, SafetyCheck, SafetyState, SafetyStep
from service.outbox.enqueue import Outbox
from service.people.tables import Person

DIGITS = {"1": Word.OUT_AND_OK, "2": Word.WAITING, "3": Word.HELP}
TO_TAKE = "1"


def check_of(session: Session, call: VoiceCall) -> SafetyCheck | None:
    """Return the safety check that a call is about."""
    kind, _, hex_id = call.subject.partition(":")
    return session.get(SafetyCheck, UUID(hex_id)) if kind == "safety" else None


def is_of_use(session: Session, call: VoiceCall) -> bool:
    """Return whether picking up still helps: nobody else has it, and it is not over."""
    check = check_of(session, call)
    if check is None or check.state in OVER:
        return False
    return call.keys != TO_TAKE or check.state is not SafetyState.TAKEN


def press(
    session: Session, outbox: Outbox, call: VoiceCall, digit: str, *, now: datetime
) -> str | None:
    """Do what the key says; return which of [spoken.*] answers, or None to ask for a key again."""
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


def _role(session: Session, call: VoiceCall) -> Reporter:
    """Return in which role they were called: the step that planned the call says so."""
    step = session.exec(select(SafetyStep).where(SafetyStep.once_key == call.once_key)).first()
    return Reporter(step.role) if step is not None else Reporter.COMPANION
