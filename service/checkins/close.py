"""Close what is past: no place, no question and no reminder stays open behind it.

An appointment is not over before one of us has spoken with the family.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from service.chapters.tables import Office
from service.checkins.rules import check_move
from service.checkins.safety.tables import OVER, SafetyCheck
from service.checkins.tables import CheckIn, CheckInState
from service.rsvps.close import close_event


def close_past_checkins(session: Session, *, now: datetime) -> int:
    """Close check-ins whose usual wait is over and whose safety check is; return how many.

    One whose outcome is known does not wait so long. Safe to run twice.
    """
    still_open = select(SafetyCheck.id).where(
        col(SafetyCheck.checkin_id) == CheckIn.id, col(SafetyCheck.state).not_in(OVER)
    )
    begun = session.exec(
        select(CheckIn).where(
            col(CheckIn.state).in_([CheckInState.APPROVED, CheckInState.UNDERWAY]),
            CheckIn.starts_at <= now,
            ~still_open.exists(),
        )
    ).all()
    closed = 0
    for checkin in begun:
        wait = session.get_one(Office, checkin.office_id).usual_wait_minutes
        if checkin.outcome is not None or checkin.starts_at + timedelta(minutes=wait) <= now:
            check_move(checkin.state, CheckInState.CLOSED)
            checkin.state, checkin.ended_at, checkin.remind_at = CheckInState.CLOSED, now, None
            session.add(checkin)
            close_event(session, checkin.subject, reason="over", now=now)
            closed += 1
    return closed
