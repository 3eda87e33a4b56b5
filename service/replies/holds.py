"""Tell people of a place that is kept for them, and pass it on when they stay silent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlmodel import Session

from service.db import Database
from service.errors import Unavailable
from service.messages import dates
from service.messages.catalog import Value
from service.outbox.enqueue import Outbox, Text
from service.outbox.find import may_have_arrived
from service.outbox.tables import Priority
from service.people.tables import Person
from service.replies.events import describe
from service.rsvps.ask import asker_of
from service.rsvps.hold import Held, hold_places, lapse, lapsed_holds, quiet_of, seats_to_offer
from service.rsvps.rules import texting_time
from service.rsvps.tables import Rsvp, SeatRole

log = structlog.get_logger()


def offer_places(session: Session, outbox: Outbox, seat_id: UUID, *, now: datetime) -> int:
    """Keep a seat's free places for the next in line and tell them; return how many people.

    Safe to run twice and at once.
    """
    held = hold_places(session, seat_id, now=now)
    for one in held:
        _tell_of_hold(session, outbox, one, now)
    return len(held)


def pass_on_lapsed(database: Database, outbox: Outbox, *, now: datetime) -> int:
    """End the holds whose time is over and offer those places to the next; return how many.

    Each in a transaction of its own. Safe to run twice, to miss, and on two machines.
    """
    with database.read() as session:
        due = lapsed_holds(session, now=now)
    return _each(database, due, lambda session, id_: _pass_on(session, outbox, id_, now))


def offer_free_places(database: Database, outbox: Outbox, *, now: datetime) -> int:
    """Offer what is free though people wait: more places, or somebody who can be asked only now.

    Returns how many people were told. Safe to run twice, to miss, and on two machines.
    """
    with database.read() as session:
        free = seats_to_offer(session, now=now)
    return _each(database, free, lambda session, id_: offer_places(session, outbox, id_, now=now))


def _each(database: Database, ids: Iterable[UUID], work: Callable[[Session, UUID], int]) -> int:
    """Do each on its own: what fails is logged, tried again at the next tick, and in nobody's way."""
    done = 0
    for id_ in ids:
        try:
            with database.write() as session:
                done += work(session, id_)
        except Unavailable:
            raise
        except Exception:
            log.exception("holds.failed", id=str(id_))
    return done


def _pass_on(session: Session, outbox: Outbox, rsvp_id: UUID, now: datetime) -> int:
    rsvp = session.get_one(Rsvp, rsvp_id)
    was_told = may_have_arrived(session, _once_key(rsvp))
    freed = lapse(session, rsvp_id, was_told=was_told, now=now)
    if freed is None:
        return 0
    if was_told:
        _tell_of_lapse(session, outbox, rsvp, now)
    offer_places(session, outbox, freed, now=now)
    return 1


def _tell_of_hold(session: Session, outbox: Outbox, held: Held, now: datetime) -> None:
    rsvp, until = held.rsvp, held.hold.until
    person = session.get_one(Person, rsvp.person_id)
    language, catalog = person.language, outbox.catalog
    event = describe(session, rsvp.subject, language, catalog, now=now)
    values: dict[str, Value] = {
        "day": event.day, "time": event.time, "area": event.area,
        "deadline": dates.deadline(until, ZoneInfo(person.time_zone), language),
    }  # fmt: skip
    template = "promoted_hold"
    if rsvp.role is SeatRole.CROWD and rsvp.party_size > 1:
        template = "promoted_hold_party"
        values["party"] = catalog.count("party", rsvp.party_size, language)
    text = Text(
        template,
        once_key=_once_key(rsvp),
        subject=rsvp.subject,
        values=values,
        priority=Priority.URGENT,
        quiet_exempt=True,  # its time was chosen outside their quiet hours
        not_before=held.hold.told_at,
        not_after=until,
    )
    speaker = asker_of(session, person.id, rsvp.subject) or event.chapter_id
    outbox.of(speaker).text(session, person, text, now=now)


def _tell_of_lapse(session: Session, outbox: Outbox, rsvp: Rsvp, now: datetime) -> None:
    person = session.get_one(Person, rsvp.person_id)
    event = describe(session, rsvp.subject, person.language, outbox.catalog, now=now)
    speaker = asker_of(session, person.id, rsvp.subject) or event.chapter_id
    text = Text(
        "hold_passed",
        once_key=f"passed:{rsvp.id.hex}:{now.isoformat()}",
        subject=rsvp.subject,
        values={"day": event.day, "area": event.area},
        quiet_exempt=True,
        not_before=texting_time(now, event.starts_at, quiet_of(session, person, speaker)),
        not_after=event.starts_at,
    )
    outbox.of(speaker).text(session, person, text, now=now)


def _once_key(rsvp: Rsvp) -> str:
    until = rsvp.held_until.isoformat() if rsvp.held_until else ""
    return f"hold:{rsvp.id.hex}:{until}"
