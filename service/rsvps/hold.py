"""Keep a free place for whoever has waited longest, for a while: a yes takes it, a no or silence
passes it on.

A place that is held counts as taken, so nobody else can take it meanwhile. Who is answering at
this very moment is passed by rather than waited for: two transactions never wait for each other,
and the clock looks again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import aliased
from sqlmodel import Session, and_, col, exists, func, or_, select, update

from service.chapters.tables import Chapter
from service.outbox.tables import Delivery
from service.outbox.withdraw import withdraw
from service.people.members import of_chapter, paused_until_in, vetting_in
from service.people.tables import Consent, Membership, Person, Volunteer
from service.rsvps.ask import COME, HOLD, close_asks, open_asks
from service.rsvps.respond import leave_seat
from service.rsvps.rules import LAST_ANSWER, Hold, Quiet, Responder, check_move, fits, hold
from service.rsvps.seats import places_for, take_places
from service.rsvps.tables import COMING, Ask, Rsvp, RsvpState, Seat

BUSY = (*COMING, RsvpState.HELD)
OFFERS = ("promoted_hold", "promoted_hold_party")  # the texts that tell of a hold


@dataclass(frozen=True)
class Held:
    """A place that is kept for somebody: they are to be told."""

    rsvp: Rsvp
    hold: Hold


def hold_places(session: Session, seat_id: UUID, *, now: datetime) -> list[Held]:
    """Keep the free places of a seat for the first in line that fit it; return whom to tell.

    Passed by: who does not fit (a party that is too big, too), is expected elsewhere at that hour,
    has left, is paused or can't be reached. Safe to run twice and at once.
    """
    seat = session.get_one(Seat, seat_id, populate_existing=True)
    if not seat.is_open or seat.capacity is None:
        return []
    held: list[Held] = []
    for rsvp, who, quiet in _line(session, seat, now):
        free = (seat.capacity or 0) - seat.taken
        if free <= 0:
            break
        places = places_for(seat.role, rsvp.party_size)
        times = hold(now, seat.starts_at, quiet)
        if times is None or places > free or not fits(seat, who):
            continue
        if _hold(session, rsvp, seat, places, times):
            session.refresh(seat)
            held.append(Held(rsvp, times))
    for one in held:
        open_asks(
            session, [one.rsvp.person_id], seat.subject, kind=HOLD, now=now,
            expires_at=one.hold.until,
        )  # fmt: skip
    return held


def lapse(session: Session, rsvp_id: UUID, *, was_told: bool, now: datetime) -> UUID | None:
    """End a hold whose time is over; return the seat that is free again.

    None: they answered, or are answering now. Who could not be told waits on, at the end of the
    line; who was, and did not answer, is out of it until they do. Safe to run twice.
    """
    query = select(Rsvp).where(
        Rsvp.id == rsvp_id, Rsvp.state == RsvpState.HELD, col(Rsvp.held_until) <= now
    )
    rsvp = session.exec(
        query.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    ).first()
    if rsvp is None:
        return None
    size = rsvp.party_size
    freed = leave_seat(session, rsvp)
    after = RsvpState.LAPSED if was_told else RsvpState.STANDBY
    check_move(rsvp.state, after)
    rsvp.state, rsvp.party_size = after, size
    if not was_told:
        rsvp.answered_at = now
    session.add(rsvp)
    session.flush()
    close_asks(session, rsvp.subject, kind=HOLD, person_id=rsvp.person_id, now=now)
    return freed


def release_holds(session: Session, subject: str, *, now: datetime) -> list[Rsvp]:
    """End every hold of an event that is off, over or moved; return whose.

    They keep their place in line: a moved event's places are offered again by the clock.
    """
    query = select(Rsvp).where(Rsvp.subject == subject, Rsvp.state == RsvpState.HELD)
    held = session.exec(
        query.order_by(col(Rsvp.id)).with_for_update().execution_options(populate_existing=True)
    ).all()
    for rsvp in held:
        size = rsvp.party_size
        leave_seat(session, rsvp)
        check_move(rsvp.state, RsvpState.STANDBY)
        rsvp.state, rsvp.party_size = RsvpState.STANDBY, size
        session.add(rsvp)
    session.flush()
    close_asks(session, subject, kind=HOLD, now=now)
    offers = and_(col(Delivery.subject) == subject, col(Delivery.template).in_(OFFERS))
    withdraw(session, offers, reason="hold_released", now=now)
    return list(held)


def lapsed_holds(session: Session, *, now: datetime) -> Sequence[UUID]:
    """Return the RSVPs whose hold is over, those first that waited longest."""
    return session.exec(
        select(Rsvp.id)
        .where(Rsvp.state == RsvpState.HELD, col(Rsvp.held_until) <= now)
        .order_by(col(Rsvp.held_until), col(Rsvp.id))
    ).all()


def seats_to_offer(session: Session, *, now: datetime) -> list[UUID]:
    """Return the seats with free places that somebody in line fits and can still be asked for."""
    rows = session.exec(
        select(Seat)
        .where(
            Seat.is_open,
            Seat.starts_at > now + LAST_ANSWER,
            col(Seat.taken) < col(Seat.capacity),
            exists().where(
                and_(col(Rsvp.subject) == Seat.subject, col(Rsvp.state) == RsvpState.STANDBY)
            ),
        )
        .order_by(col(Seat.id))
    ).all()
    waiting = _waiting(session, {seat.subject for seat in rows})
    return [
        seat.id
        for seat in rows
        if any(fits(seat, who) for who in waiting[seat.subject]) and _is_wanted(session, seat, now)
    ]


def _waiting(session: Session, subjects: Collection[str]) -> dict[str, list[Responder]]:
    """Return who waits at each event, with the most that any chapter trusts them: nearly always
    nobody fits, and that is known without a look at each one's hours and other promises."""
    found: dict[str, list[Responder]] = {subject: [] for subject in subjects}
    elsewhere = (
        select(func.max(Membership.vetting))
        .where(col(Membership.person_id) == Rsvp.person_id)
        .scalar_subquery()
    )
    rows = session.exec(
        select(Rsvp.subject, Person, Volunteer, elsewhere)
        .join(Person, col(Person.id) == Rsvp.person_id)
        .join(Volunteer, col(Volunteer.person_id) == Rsvp.person_id, isouter=True)
        .where(col(Rsvp.subject).in_(list(found)), Rsvp.state == RsvpState.STANDBY)
    ).all()
    for subject, person, volunteer, trust in rows:
        most = max(trust or 0, volunteer.vetting if volunteer is not None else 0)
        found[subject].append(_responder(person, volunteer, most))
    return found


def _is_wanted(session: Session, seat: Seat, now: datetime) -> bool:
    free = (seat.capacity or 0) - seat.taken
    return any(
        fits(seat, who)
        and places_for(seat.role, rsvp.party_size) <= free
        and hold(now, seat.starts_at, quiet) is not None
        for rsvp, who, quiet in _line(session, seat, now)
    )


def _line(session: Session, seat: Seat, now: datetime) -> list[tuple[Rsvp, Responder, Quiet]]:
    """Return who waits for a place at this event and may be asked, first come first."""
    other, their_seat = aliased(Rsvp), aliased(Seat)
    is_busy = exists().where(
        col(other.person_id) == Rsvp.person_id,
        col(other.subject) != seat.subject,
        col(other.state).in_(BUSY),
        col(their_seat.id) == other.seat_id,
        col(their_seat.starts_at) < seat.ends_at,
        col(their_seat.ends_at) > seat.starts_at,
    )
    here = seat.chapter_id  # whose word on them counts; None: each one's home chapter's
    until = col(Volunteer.paused_until) if here is None else paused_until_in(here)
    awake = or_(until.is_(None), until <= now)
    trust = col(Volunteer.vetting) if here is None else vetting_in(here)
    was_asked = and_(
        col(Ask.person_id) == Rsvp.person_id, col(Ask.subject) == Rsvp.subject, Ask.kind == COME
    )  # whose number asked them keeps its quiet hours
    columns: Any = (Rsvp, Person, Volunteer, Chapter, trust)
    rows = session.exec(
        select(*columns)
        .select_from(Rsvp)
        .join(Person, col(Person.id) == Rsvp.person_id)
        .join(Ask, was_asked, isouter=True)
        .join(Chapter, col(Chapter.id) == func.coalesce(Ask.chapter_id, here or Person.chapter_id))
        .join(Membership, of_chapter(here or UUID(int=0)), isouter=True)
        .join(Volunteer, col(Volunteer.person_id) == Person.id, isouter=True)
        .where(
            Rsvp.subject == seat.subject,
            Rsvp.state == RsvpState.STANDBY,
            Person.consent == Consent.ACTIVE,
            ~col(Person.is_unreachable),
            awake,
            ~is_busy,
        )
        .order_by(col(Rsvp.answered_at), col(Rsvp.id))
        .execution_options(populate_existing=True)
    ).all()
    return [
        (rsvp, _responder(person, volunteer, trust), _quiet(person, chapter))
        for rsvp, person, volunteer, chapter, trust in rows
    ]


def quiet_of(session: Session, person: Person, chapter_id: UUID | None = None) -> Quiet:
    """Return when this person is not texted by a chapter (None: their home)."""
    return _quiet(person, session.get_one(Chapter, chapter_id or person.chapter_id))


def _responder(person: Person, volunteer: Volunteer | None, trust: int | None) -> Responder:
    if volunteer is None:
        return Responder(person.id, vetting=0)
    return Responder(
        person.id,
        trust or 0,
        tuple(volunteer.roles),
        tuple(volunteer.languages),
        volunteer.car_seats,
    )


def _quiet(person: Person, chapter: Chapter) -> Quiet:
    return Quiet(person.time_zone, chapter.quiet_from_minute, chapter.quiet_until_minute)


def _hold(session: Session, rsvp: Rsvp, seat: Seat, places: int, times: Hold) -> bool:
    if not take_places(session, seat.id, places):
        return False
    check_move(rsvp.state, RsvpState.HELD)
    # Somebody who is answering just now is not waited for: they hold their row, we hold the seat.
    waits = (
        select(Rsvp.id)
        .where(
            Rsvp.id == rsvp.id,
            Rsvp.state == RsvpState.STANDBY,
            Rsvp.party_size == rsvp.party_size,
        )
        .with_for_update(skip_locked=True)
    )
    done = session.exec(
        update(Rsvp)
        .where(col(Rsvp.id) == waits.scalar_subquery())
        .values(state=RsvpState.HELD, seat_id=seat.id, role=seat.role, held_until=times.until)
        .execution_options(synchronize_session=False)
    )
    if int(done.rowcount) != 1:
        take_places(session, seat.id, -places)
        return False
    session.refresh(rsvp)
    return True
