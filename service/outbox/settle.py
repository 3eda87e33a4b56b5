"""Find out what became of texts in doubt: by the carrier's own list, never by sending blindly.

Twilio has no idempotency key; its record of messages is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    """One attempt of which nobody knows what became.

    text: None when its keys are gone and nobody can ask about it. rivals: when other open attempts
    with the very same text to the same number began (an urgent and another may be open at once).
    """

    attempt_id: UUID
    started_at: datetime
    sender: Sender
    text: Opened | None
    rivals: tuple[datetime, ...] = ()


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
        event = _ask(database, directory, doubt, at)
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
        text = _open(opener, delivery, person, wording)
        rivals = _rivals(session, opener, attempt, person, text)
        doubts.append(Doubt(attempt.id, attempt.started_at, sender, text, rivals))
    return doubts


def _rivals(
    session: Session, opener: Opener, attempt: Attempt, person: Person, text: Opened | None
) -> tuple[datetime, ...]:
    others = session.execute(
        sa.select(col(Attempt.started_at), Delivery, Wording)
        .join(Delivery, col(Delivery.id) == Attempt.delivery_id)
        .join(Wording, col(Wording.id) == Delivery.wording_id, isouter=True)
        .where(
            col(Attempt.is_open),
            col(Attempt.to_key) == attempt.to_key,
            col(Attempt.id) != attempt.id,
        )
    ).all()
    return tuple(
        started_at for started_at, delivery, wording in others
        if _open(opener, delivery, person, wording) == text
    )  # fmt: skip


def _open(
    opener: Opener, delivery: Delivery, person: Person, wording: Wording | None
) -> Opened | None:
    try:
        body = wording.body if wording else delivery.sealed_body(person.chapter_id)
        return opener.open(person.sealed_phone(), body)
    except CannotOpen:  # its keys were destroyed meanwhile
        return None


def _ask(database: Database, directory: Directory, doubt: Doubt, at: At) -> Event:
    if doubt.text is None:  # it stays as it is, visibly, and lets the others pass
        return NoList(doubt.attempt_id)
    try:
        listed = directory.sent_to(doubt.text.to)
    except Unavailable:
        return NoList(doubt.attempt_id)
    fitting = [message for message in listed if _can_be(message, doubt, doubt.text.body)]
    known = _known(database, [message.sid for message in fitting])
    return read_list(
        doubt.attempt_id, [message for message in fitting if message.sid not in known],
        started_at=doubt.started_at, rivals=doubt.rivals, at=at,
    )  # fmt: skip


def read_list(
    attempt_id: UUID, fitting: Sequence[Listed], *, started_at: datetime,
    rivals: Sequence[datetime], at: At,
) -> Event:  # fmt: skip
    """Return what a list says of an attempt. Pure.

    fitting: the messages that can be this attempt and belong to no other yet.
    rivals: when the attempts began that they can be as well. With fewer messages than attempts
    nobody knows whose they are, until whatever was accepted must be there: the one that is missing
    may come yet, and must then not look like nobody's.
    """
    if not fitting:
        return NothingFound(attempt_id)
    by_age = sorted(fitting, key=lambda message: (message.created_at, message.sid))
    if len(by_age) > len(rivals):
        return Found(attempt_id, by_age[sum(rival < started_at for rival in rivals)].sid)
    if at.now >= max(started_at, *rivals) + at.timing.lease + at.timing.list_margin:
        return Found(attempt_id, by_age[0].sid)
    return NoList(attempt_id)


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


def _known(database: Database, sids: Sequence[str]) -> set[str | None]:
    """Return which of these messages belong to an attempt already."""
    if not sids:
        return set()
    with database.read() as session:
        return set(session.exec(select(Attempt.sid).where(col(Attempt.sid).in_(sids))).all())
