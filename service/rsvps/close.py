"""Close an event, whatever it was: it is off or over."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from service.blasts.stop import NOT_YET_OUT, stop
from service.blasts.tables import Blast
from service.outbox.withdraw import withdraw_subject
from service.rsvps.ask import close_asks
from service.rsvps.hold import release_holds
from service.rsvps.seats import close_seats


def close_event(session: Session, subject: str, *, reason: str, now: datetime) -> None:
    """Stop its messages, withdraw what waits, end its holds, close its places and its questions."""
    running = select(Blast).where(Blast.subject == subject, col(Blast.state).in_(NOT_YET_OUT))
    for blast in session.exec(running).all():
        stop(session, blast, reason=reason, now=now)
    withdraw_subject(session, subject, reason=reason, now=now)
    release_holds(session, subject, now=now)
    close_seats(session, subject)
    close_asks(session, subject, now=now)
