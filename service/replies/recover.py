"""Recover texts that an outage of ours missed: the carrier's record still has them.

Its list is read for each number of ours, from a cursor that overlaps. Whatever is not known here is
taken in and acted upon like any other text, once, oldest first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlmodel import Session, col, select

from service.chapters.tables import Sender
from service.db import Database
from service.errors import InvalidValue, Unavailable
from service.inbox.tables import Inbound
from service.inbox.threads import need_person
from service.outbox.advance import notice
from service.people.phone import read_sender
from service.people.register import find_person
from service.people.tables import Consent, ConsentEvent
from service.replies.parse import parse
from service.replies.receive import Reception, act_on, is_opt_out, take_in
from service.replies.tables import Recovered
from service.sms.carrier import Listed, Mailbox
from service.sms.inbound import InboundText

log = structlog.get_logger()

OVERLAP = timedelta(minutes=10)  # more than the carrier's list may lag, and our clocks may differ
WEBHOOKS_FIRST = timedelta(seconds=30)  # a younger text may still come by webhook
KNOWN_AT_ONCE = 500

# What the carrier answers itself besides STOP. Its list does not say so, its webhooks do.
ANSWERED_BY_CARRIER = {"start": "START", "unstop": "START", "help": "HELP", "info": "HELP"}


@dataclass(frozen=True)
class Number:
    """A number of ours, and since when its texts are looked through."""

    sender_id: UUID
    number: str
    since: datetime


def recover_missed_texts(
    database: Database, reception: Reception, mailbox: Mailbox, *, now: datetime
) -> int:
    """Take in and act on what the carrier received for us and we don't know; return how many.

    Blocking; no transaction is open while the carrier answers. Safe to run twice and at once. A
    number whose list can't be had is looked through from the same moment the next time.
    """
    with database.read() as session:
        numbers = _numbers(session, now)
    recovered = 0
    for number in numbers:
        try:
            listed = mailbox.received_by(number.number, since=number.since)
        except Unavailable as error:
            log.warning("recover.no_list", why=str(error))
            continue
        settled = [text for text in listed if text.created_at <= now - WEBHOOKS_FIRST]
        for message in _unknown(database, settled):
            recovered += _recover_safely(database, reception, message, now)
        with database.write() as session:
            session.merge(Recovered(sender_id=number.sender_id, through=now))
    return recovered


def _numbers(session: Session, now: datetime) -> list[Number]:
    rows = session.exec(
        select(Sender, Recovered)
        .join(Recovered, col(Recovered.sender_id) == Sender.id, isouter=True)
        .order_by(col(Sender.id))
    ).all()
    return [
        Number(sender.id, sender.number, (mark.through if mark else now) - OVERLAP)
        for sender, mark in rows
    ]


def _unknown(database: Database, listed: Sequence[Listed]) -> list[Listed]:
    """Return those that we have no row of, in their order."""
    known: set[str] = set()
    with database.read() as session:
        for at in range(0, len(listed), KNOWN_AT_ONCE):
            sids = [message.sid for message in listed[at : at + KNOWN_AT_ONCE]]
            known |= set(
                session.exec(select(Inbound.message_sid).where(col(Inbound.message_sid).in_(sids)))
            )
    return [message for message in listed if message.sid not in known]


def _recover_safely(
    database: Database, reception: Reception, message: Listed, now: datetime
) -> int:
    """Recover one text; one that can't be is shown to a person and in nobody's way."""
    try:
        with database.write() as session:
            inbound_id = _take_in(session, reception, message, now)
    except Unavailable:
        raise
    except Exception:
        log.exception("recover.failed", sid=message.sid)
        with database.write() as session:
            notice(session, "unread_text", 0, f"text:{message.sid}", now)
        return 0
    if inbound_id is None:
        return 0
    log.info("recover.missed_text", inbound=str(inbound_id))
    try:
        with database.write() as session:
            act_on(session, reception, inbound_id, now=now)
    except Unavailable:
        raise
    except Exception:  # it is written down: the tick that tries texts again goes on with it
        log.exception("recover.effects_failed", inbound=str(inbound_id))
    return 1


def _take_in(session: Session, reception: Reception, message: Listed, now: datetime) -> UUID | None:
    """Write a missed text down; one that a later text has overtaken is left to a person."""
    text = InboundText(
        message.sid, message.sender, message.to, message.body, _carrier_word(message.body), 0
    )
    if not _is_overtaken(session, reception, message):
        return take_in(session, reception, text, now=now, came_at=message.created_at)
    if is_opt_out(text, "en") and _agreed_since(session, reception, message):
        return None  # they came back in the meantime: this one means nothing any more
    inbound_id = take_in(session, reception, text, now=now, came_at=message.created_at)
    if inbound_id is not None:
        inbound = session.get_one(Inbound, inbound_id)
        inbound.done_at = now
        need_person(session, inbound, now=now)
    return inbound_id


def _is_overtaken(session: Session, reception: Reception, message: Listed) -> bool:
    """Return whether a text that they wrote later has been acted upon already."""
    person_id = _whose(session, reception, message)
    later = select(Inbound.id).where(
        Inbound.person_id == person_id, Inbound.received_at > message.created_at
    )
    return person_id is not None and session.exec(later.limit(1)).first() is not None


def _agreed_since(session: Session, reception: Reception, message: Listed) -> bool:
    agreed = select(ConsentEvent.id).where(
        ConsentEvent.person_id == _whose(session, reception, message),
        ConsentEvent.consent == Consent.ACTIVE,
        ConsentEvent.at > message.created_at,
    )
    return session.exec(agreed.limit(1)).first() is not None


def _whose(session: Session, reception: Reception, message: Listed) -> UUID | None:
    try:
        phone = read_sender(message.sender, reception.countries)
    except InvalidValue:
        return None
    person = find_person(session, reception.outbox.keyring, phone)
    return person.id if person is not None else None


def _carrier_word(body: str) -> str:
    """Return what the carrier has acted upon and answered itself: STOP, START, HELP or ""."""
    if parse(body).by_carrier:
        return "STOP"
    return ANSWERED_BY_CARRIER.get(body.strip().casefold(), "")
