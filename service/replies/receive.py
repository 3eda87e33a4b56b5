"""A text comes in: written down with any opt-out, committed; then acted upon, once, committed.

Two transactions, so that what a person wrote is safe and an opt-out is in force even if whatever
follows from it fails; the clock then tries that again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlmodel import Session, col, or_, select

from service.chapters.find import first_chapter, sender_and_chapter, sender_of
from service.chapters.tables import Chapter, Sender
from service.db import Database, new_id
from service.db.insert import insert_new
from service.errors import InvalidValue, Unavailable
from service.inbox.tables import Inbound
from service.inbox.threads import need_person
from service.outbox.enqueue import Outbox
from service.outbox.withdraw import withdraw_person
from service.people.consent import opt_out
from service.people.phone import read_sender
from service.people.register import Card, register_person
from service.people.tables import Consent, Person, Volunteer
from service.privacy.keyring import KeyKind
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader
from service.privacy.scrub import scrub
from service.privacy.seal import seal
from service.replies.converse import Conversation
from service.replies.intents import Intent
from service.replies.parse import parse
from service.sms.inbound import InboundText

log = structlog.get_logger()

MOST_TRIES = 5
FIRST_RETRY = timedelta(seconds=5)
CARRIER_STOP = "STOP"


@dataclass(frozen=True)
class Reception:
    """What it takes to receive a text."""

    outbox: Outbox
    countries: Collection[str]


def take_in(
    session: Session, reception: Reception, text: InboundText, *, now: datetime,
    came_at: datetime | None = None,
) -> UUID | None:  # fmt: skip
    """Write a text down with any opt-out; return its id, or None if there is nothing left to do.

    came_at: when it came to the carrier, where that was long ago (default: now).
    Safe to run twice and at once: a message id has one row. A sender without a phone number (a
    short code, another app) can't be answered and is only logged.
    """
    try:
        phone = read_sender(text.sender, reception.countries)
    except InvalidValue as error:
        log.warning("inbound.no_number_of_ours", why=error.code)
        return None
    sender, chapter = sender_and_chapter(session, text.to) or _first_sender(session)
    person = register_person(
        session, reception.outbox.keyring, chapter, Card(phone), now=now, how="text"
    )
    inbound_id = _write(session, reception.outbox, person, sender, text, came_at or now)
    if inbound_id is None:
        return _left_to_do(session, text.message_sid)
    if is_opt_out(text, person.language):
        opt_out(session, person, how="carrier" if text.opt_out_type else "text", now=now)
        withdraw_person(session, person.id, reason="opted_out", now=now)
    return inbound_id


def _left_to_do(session: Session, message_sid: str) -> UUID | None:
    """Return the text that was written down before, unless its effects are committed."""
    query = select(Inbound.id).where(
        Inbound.message_sid == message_sid, col(Inbound.done_at).is_(None)
    )
    return session.exec(query).first()


def who_left(session: Session, message_sid: str) -> UUID | None:
    """Return whose text it was, if they get no more texts; None otherwise."""
    wrote = select(Person.id).join(Inbound, col(Inbound.person_id) == Person.id)
    return session.exec(
        wrote.where(Inbound.message_sid == message_sid, Person.consent == Consent.OPTED_OUT)
    ).first()


def is_opt_out(text: InboundText, language: str) -> bool:
    """Return whether this ends the consent: the carrier's word wins over the body."""
    if text.opt_out_type:
        return text.opt_out_type == CARRIER_STOP
    return parse(text.body, language=language).intent is Intent.STOP


def act_on(session: Session, reception: Reception, inbound_id: UUID, *, now: datetime) -> None:
    """Do what a text asks for and answer it. Safe to run twice: the second time does nothing."""
    # All that is needed of them in one statement; held here, so that nobody below reads it again.
    columns: Any = (Inbound, Person, Sender, Chapter, Volunteer)
    inbound, person, _sender, chapter, _volunteer = session.exec(
        select(*columns)
        .join(Person, col(Person.id) == Inbound.person_id)
        .join(Sender, col(Sender.id) == Inbound.sender_id)
        .join(Chapter, col(Chapter.id) == Sender.chapter_id)
        .join(Volunteer, col(Volunteer.person_id) == Person.id, isouter=True)
        .where(Inbound.id == inbound_id)
        .with_for_update(of=Inbound)
        .execution_options(populate_existing=True)
    ).one()
    if inbound.done_at is not None:
        return
    reader = Reader(reception.outbox.keyring, SYSTEM)
    body = reader.show(inbound.sealed_text(chapter.id))
    countries = tuple(reception.countries)
    talk = Conversation(session, reception.outbox, person, inbound, body, now, countries=countries)
    inbound.done_at = now  # it commits with the effects
    talk.go_on()
    if inbound.needs_person:
        need_person(session, inbound, now=now)
    session.add(inbound)


def act_on_what_is_left(database: Database, reception: Reception, *, now: datetime) -> int:
    """Act on texts whose effects did not come about; return how many. Each on its own.

    After five tries a text is left to a person: it is never lost and never in the way.
    """
    with database.read() as session:
        left = session.exec(
            select(Inbound.id)
            .where(
                col(Inbound.done_at).is_(None),
                or_(col(Inbound.next_try_at) <= now, Inbound.received_at <= now - FIRST_RETRY),
                Inbound.tries < MOST_TRIES,
            )
            .order_by(col(Inbound.id))
        ).all()
    done = 0
    for inbound_id in left:
        try:
            with database.write() as session:
                act_on(session, reception, inbound_id, now=now)
            done += 1
        except Unavailable:
            raise
        except Exception:
            log.exception("inbound.try_failed", inbound=str(inbound_id))
            _note_failure(database, inbound_id, now)
    return done


def _note_failure(database: Database, inbound_id: UUID, now: datetime) -> None:
    with database.write() as session:
        inbound = session.get_one(Inbound, inbound_id)
        inbound.tries += 1
        inbound.next_try_at = now + FIRST_RETRY * 2**inbound.tries
        if inbound.tries >= MOST_TRIES:
            need_person(session, inbound, now=now)
        session.add(inbound)


def _write(
    session: Session, outbox: Outbox, person: Person, sender: Sender, text: InboundText,
    came_at: datetime,
) -> UUID | None:  # fmt: skip
    inbound_id = new_id()
    key = outbox.keyring.key(KeyKind.PERSON, person.id)
    row = {
        "id": inbound_id,
        "message_sid": text.message_sid,
        "person_id": person.id,
        "sender_id": sender.id,
        "text_sealed": seal(key, "inbound", inbound_id, "text", scrub(text.body)),
        "opt_out_type": text.opt_out_type,
        "received_at": came_at,
        "intent": "",
        "certainty": "",
        "why": "",
        "subject": "",
        "effects": [],
        "meant": "",
        "corrected_by": "",
        "tries": 0,
        "needs_person": False,
        "handled_by": "",
    }
    new = insert_new(session, Inbound).values(**row).returning(col(Inbound.id))
    return inbound_id if session.execute(new).first() is not None else None


def _first_sender(session: Session) -> tuple[Sender, Chapter]:
    """Return the number of the oldest chapter, for texts to a number that we no longer know."""
    chapter = first_chapter(session)
    return sender_of(session, chapter.id), chapter
