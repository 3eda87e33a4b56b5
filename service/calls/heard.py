"""What the carrier tells us of a call: it was picked up, a key was pressed, it is over."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog
from sqlmodel import Session

from service.calls.rules import REPORTED, moved
from service.calls.tables import CallState, VoiceCall

log = structlog.get_logger()


def find_call(session: Session, call_id: UUID) -> VoiceCall | None:
    """Return a call of ours, locked, so that two keys of it take turns."""
    return session.get(VoiceCall, call_id, with_for_update=True, populate_existing=True)


def record_news(
    session: Session, call_id: UUID, *, sid: str, status: str, now: datetime
) -> VoiceCall | None:
    """Move the call forward; return it, or None if it is none of ours. Safe to run twice.

    The caller has proved that the call is ours. An unknown status changes nothing and is logged.
    """
    call = find_call(session, call_id)
    news = REPORTED.get(status)
    if call is None or news is None:
        log.warning("call.unknown_news", status=status[:40], is_known=call is not None)
        return call
    call.sid = call.sid or sid
    call.state = moved(call.state, news)
    if news is CallState.ANSWERED and call.answered_at is None:
        call.answered_at = now
    call.changed_at = now
    session.add(call)
    session.flush()
    return call


def record_key(session: Session, call: VoiceCall, digit: str, *, now: datetime) -> bool:
    """Note the first offered key that was pressed; return whether this is it."""
    if digit not in call.keys or len(digit) != 1 or call.pressed:
        return False
    call.pressed, call.state, call.changed_at = digit, CallState.PRESSED, now
    session.add(call)
    session.flush()
    return True
