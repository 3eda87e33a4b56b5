"""Close rallies that are over."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, select

from service.rallies.tables import Rally, RallyState
from service.rsvps.close import close_event


def close_past_rallies(session: Session, *, now: datetime) -> int:
    """Close what has ended; return how many. Safe to run twice."""
    over = session.exec(
        select(Rally).where(Rally.state == RallyState.ANNOUNCED, Rally.ends_at <= now)
    ).all()
    for rally in over:
        rally.state, rally.ended_at, rally.remind_at = RallyState.CLOSED, now, None
        session.add(rally)
        close_event(session, rally.subject, reason="over", now=now)
    return len(over)
