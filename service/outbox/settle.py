"""Find out what became of texts in doubt: by the carrier's own list, never by sending blindly.

Twilio has no idempotency key; its record of messages is ours.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from service.chapters.tables import Sender
from service.db import Database
from service.errors import Unavailable
from service.outbox.advance import Rules, advance
from service.outbox.events import At, Event, Found, LeaseOver, NoList, NothingFound
from service.outbox.open import CannotOpen, Opened, Opener
from service.outbox.tables import Attempt, Delivery, State, Wording
from service.people.tables import Person
from service.sms.carrier import Directory, Listed

BATCH = 50
CLOCK_MARGIN = timedelta(seconds=5)  # our clock and the carrier's may differ by so much
FROM_US = "outbound-api"


@dataclass(frozen=True)
class Doubt:
    """One attempt of which nobody knows what became."""

    attempt_id: UUID
    started_at: datetime
    sender: Sender
    text: Opened | None  # None: its keys are gone, nobody can ask about it


def note_leases_over(database: Database, at: At, rules: Rules) -> int:
    """Mark as in doubt what was claimed and never written down in time; return how many."""
    with database.read() as session:
        over = session.exec(
            select(Attempt.id)
            .join(Delivery, col(Delivery.id) == Attempt.delivery_id)
            .where(
                Attempt.is_open,
                Attempt.started_at <= at.now - at.timing.lease,
                Delivery.state == State.SUBMITTING,
            )
            .limit(BATCH * 10)
        ).all()
    if not over:
        return 0
    with database.write() as session:
        return sum(advance(session, LeaseOver(attempt_id), at, rules) for attempt_id in over)


def settle(database: Database, opener: Opener, directory: Directory, at: At, rules: Rules) -> int:
    """Ask the carrier's list about what is in doubt and due to be looked for; return how many.

    Blocking. No transaction is open while the carrier answers.
    """
    with database.read() as session:
        doubts = _due(session, opener, at.now)
    for doubt in doubts:
        event = _ask(database, directory, doubt)
        with database.write() as session:
            advance(session, event, at, rules)
    return len(doubts)


def _due(session: Session, opener: Opener, now: datetime) -> list[Doubt]:
    rows = session.execute(
        sa.select(Attempt, Delivery, Person, Sender, Wording)
        .join(Delivery, col(Delivery.id) == Attempt.delivery_id)
        .join(Person, col(Person.id) == Delivery.person_id)
        .join(Sender, col(Sender.id) == Delivery.sender_id)
        .join(Wording, col(Wording.id) == Delivery.wording_id, isouter=True)
        .where(
            col(Attempt.is_open),
            col(Attempt.look_at) <= now,
            col(Delivery.state) == State.IN_DOUBT,
        )
        .order_by(col(Attempt.look_at))
        .limit(BATCH)
    ).all()
    doubts = []
    for attempt, delivery, person, sender, wording in rows:
        text: Opened | None = None
        with contextlib.suppress(CannotOpen):  # its keys were destroyed meanwhile
            text = opener.open(delivery, person, wording.body if wording else None)
        doubts.append(Doubt(attempt.id, attempt.started_at, sender, text))
    return doubts


def _ask(database: Database, directory: Directory, doubt: Doubt) -> Event:
    if doubt.text is None:  # it stays as it is, visibly, and lets the others pass
        return NoList(doubt.attempt_id)
    try:
        listed = directory.sent_to(doubt.text.to)
    except Unavailable:
        return NoList(doubt.attempt_id)
    for message in sorted(listed, key=lambda message: message.created_at):
        if _can_be(message, doubt, doubt.text.body) and not _is_known(database, message.sid):
            return Found(doubt.attempt_id, message.sid)
    return NothingFound(doubt.attempt_id)


def _can_be(message: Listed, doubt: Doubt, body: str) -> bool:
    """Return whether this message can be the attempt: from us, to them, the same text, not older."""
    sender = doubt.sender
    is_ours = (
        message.messaging_service_sid == sender.messaging_service_sid
        if sender.messaging_service_sid
        else message.sender == sender.number
    )
    return (
        message.direction == FROM_US
        and is_ours
        and message.body == body
        # The carrier's times are whole seconds.
        and message.created_at >= doubt.started_at - CLOCK_MARGIN
    )


def _is_known(database: Database, sid: str) -> bool:
    with database.read() as session:
        return session.exec(select(Attempt.id).where(Attempt.sid == sid)).first() is not None
