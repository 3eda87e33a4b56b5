"""Take an answer: a seat for a yes, the waiting list when it is full, a free place after a no.

A seat is one statement: it is taken only where it is free, so that two people never share the
last one, however many answer at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast
from uuid import UUID

from sqlmodel import Session, col, select

from service.db import new_id
from service.db.insert import insert_or_lock
from service.people.members import trust_in
from service.people.tables import Volunteer
from service.rsvps.ask import CONFIRM, asked_role, is_asked, mark_answered
from service.rsvps.rules import Responder, after_maybe, after_no, check_move, in_order
from service.rsvps.seats import give_back, places_for, take_places
from service.rsvps.tables import COMING, IN_LINE, SEATED, Rsvp, RsvpState, Seat, SeatRole


class Answer(StrEnum):
    """What somebody says to an ask."""

    YES = "yes"
    NO = "no"
    MAYBE = "maybe"


@dataclass(frozen=True)
class Response:
    """What came of an answer.

    before: what they had said earlier (None: nothing), for `party_before` people.
    is_changed: this answer said something new.
    freed_seat_id: where a change of mind opened a place, for `hold_places`.
    is_closed: the event takes no yes any more; nothing was changed.
    """

    rsvp: Rsvp | None
    before: RsvpState | None = None
    party_before: int = 1
    is_changed: bool = False
    freed_seat_id: UUID | None = None
    is_closed: bool = False


def respond(
    session: Session,
    person_id: UUID,
    subject: str,
    answer: Answer,
    *,
    party_size: int | None = None,
    now: datetime,
) -> Response:
    """Write down one person's answer about one event: the newest counts. Safe to run twice.

    party_size: people who come, the person included; None leaves what they said before (or 1).
    """
    rsvp = _own_row(session, person_id, subject, now)
    before = None if rsvp.state is RsvpState.OFFERED else rsvp.state
    was = rsvp.state, rsvp.party_size
    freed = None
    if answer is Answer.YES:
        seats = session.exec(select(Seat).where(Seat.subject == subject, Seat.is_open)).all()
        if not seats:
            return _closed(session, rsvp, before)
        fitting = in_order(seats, responder(session, person_id, subject, seats[0].chapter_id))
        freed = _say_yes(session, rsvp, fitting, party_size)
    else:
        after = after_no(rsvp.state) if answer is Answer.NO else after_maybe(rsvp.state)
        if after not in SEATED:
            freed = leave_seat(session, rsvp)
        _move(rsvp, after)
    changed = (rsvp.state, rsvp.party_size) != was
    if rsvp.state is not was[0]:
        rsvp.answered_at = now  # a bigger party does not lose its place in line
    session.add(rsvp)
    mark_answered(session, person_id, subject, now=now)
    session.flush()
    return Response(rsvp, before, was[1], is_changed=changed, freed_seat_id=freed)


def step_back(session: Session, rsvp: Rsvp) -> UUID | None:
    """Put somebody who had a place on the waiting list; return the place, which is free again."""
    freed = leave_seat(session, rsvp)
    _move(rsvp, RsvpState.STANDBY)
    session.add(rsvp)
    session.flush()
    return freed


def responder(
    session: Session, person_id: UUID, subject: str, chapter_id: UUID | None
) -> Responder:
    """Return what decides which seats of a chapter's event this person can take: its own vetting counts.

    Whoever was asked to do what they did not sign up for may do it, this once.
    """
    volunteer = session.get(Volunteer, person_id)
    if volunteer is None:
        return Responder(person_id, vetting=0)
    asked = asked_role(session, person_id, subject)
    roles = (*volunteer.roles, *([asked] if asked else []))
    return Responder(
        person_id, trust_in(session, person_id, chapter_id), roles, tuple(volunteer.languages),
        volunteer.car_seats,
    )  # fmt: skip


def rsvps_of(session: Session, subjects: Iterable[str]) -> dict[str, list[Rsvp]]:
    """Return the answers about many events by subject, in the order they came, one query."""
    found: dict[str, list[Rsvp]] = {subject: [] for subject in subjects}
    rows = session.exec(
        select(Rsvp)
        .where(col(Rsvp.subject).in_(list(found)))
        .order_by(col(Rsvp.answered_at), col(Rsvp.id))
    )
    for rsvp in rows:
        found[rsvp.subject].append(rsvp)
    return found


def list_rsvps(
    session: Session, subject: str, *, after: UUID | None = None, limit: int
) -> Sequence[Rsvp]:
    """Return the answers about one event by id (first answer first), those after `after`."""
    query = select(Rsvp).where(Rsvp.subject == subject)
    if after is not None:
        query = query.where(col(Rsvp.id) > after)
    return session.exec(query.order_by(col(Rsvp.id)).limit(limit)).all()


def role_of(session: Session, person_id: UUID, subject: str) -> SeatRole | None:
    """Return the role in which somebody is counted on at an event, if they are."""
    query = select(Rsvp.role).where(Rsvp.person_id == person_id, Rsvp.subject == subject)
    role = session.exec(query).first()
    return SeatRole(role) if role else None


def next_coming(session: Session, person_id: UUID, *, now: datetime) -> Rsvp | None:
    """Return this person's yes to the event that ends next, if there is one."""
    return session.exec(
        select(Rsvp)
        .join(Seat, col(Seat.id) == Rsvp.seat_id)
        .where(Rsvp.person_id == person_id, col(Rsvp.state).in_(COMING), Seat.ends_at > now)
        .order_by(col(Seat.starts_at))
        .limit(1)
    ).first()


@dataclass(frozen=True)
class Tally:
    """Answers about one event. `coming_people` counts parties; `standby` is who waits in line."""

    yes: int = 0
    no: int = 0
    maybe: int = 0
    standby: int = 0
    coming_people: int = 0


def tally(rsvps: Iterable[Rsvp]) -> Tally:
    """Count answers."""
    rows = list(rsvps)
    coming = [rsvp for rsvp in rows if rsvp.state in (*COMING, RsvpState.LEFT)]
    states = [rsvp.state for rsvp in rows]
    return Tally(
        yes=len(coming),
        no=states.count(RsvpState.NO) + states.count(RsvpState.WITHDRAWN),
        maybe=states.count(RsvpState.MAYBE),
        standby=sum(state in IN_LINE for state in states),
        coming_people=sum(rsvp.party_size for rsvp in coming),
    )


def _own_row(session: Session, person_id: UUID, subject: str, now: datetime) -> Rsvp:
    """Return the person's row, made if need be. Two answers of one person at once take turns here."""
    values = {
        "id": new_id(),
        "person_id": person_id,
        "subject": subject,
        "state": RsvpState.OFFERED,
        "party_size": 1,
        "answered_at": now,
        "created_at": now,
    }
    mine = insert_or_lock(session, Rsvp, values, "person_id", "subject")
    fresh = {"populate_existing": True}
    return cast("Rsvp", session.scalars(mine, execution_options=fresh).one())


def _closed(session: Session, rsvp: Rsvp, before: RsvpState | None) -> Response:
    if before is None:
        session.delete(rsvp)
        session.flush()
        return Response(None, is_closed=True)
    return Response(rsvp, before, is_closed=True)


def _say_yes(
    session: Session, rsvp: Rsvp, seats: list[Seat], party_size: int | None
) -> UUID | None:
    """Take a place, keep the one they have, or wait; return the seat that a smaller party opens."""
    size = max(1, party_size or rsvp.party_size)
    if rsvp.seat_id is not None and rsvp.role is not None:
        return _keep_seat(session, rsvp, rsvp.seat_id, rsvp.role, size)
    rsvp.party_size = size
    for seat in seats:
        if take_places(session, seat.id, places_for(seat.role, size)):
            _move(rsvp, RsvpState.YES)
            rsvp.seat_id, rsvp.role = seat.id, seat.role
            return None
    _move(rsvp, RsvpState.STANDBY)
    return None


def _keep_seat(
    session: Session, rsvp: Rsvp, seat_id: UUID, role: SeatRole, size: int
) -> UUID | None:
    more = places_for(role, size) - places_for(role, rsvp.party_size)
    if more == 0 or take_places(session, seat_id, more):
        rsvp.party_size = size
    if rsvp.state is RsvpState.HELD:
        _move(rsvp, RsvpState.YES)
        rsvp.held_until = None
    elif rsvp.state is RsvpState.YES and is_asked(session, rsvp.person_id, rsvp.subject, CONFIRM):
        _move(rsvp, RsvpState.CONFIRMED)
    return seat_id if more < 0 else None


def _move(rsvp: Rsvp, state: RsvpState) -> None:
    check_move(rsvp.state, state)
    rsvp.state = state


def leave_seat(session: Session, rsvp: Rsvp) -> UUID | None:
    """Free the place of somebody who does not need it any more; return it if there was one."""
    if rsvp.seat_id is None or rsvp.role is None:
        return None
    freed = rsvp.seat_id
    give_back(session, freed, places_for(rsvp.role, rsvp.party_size))
    rsvp.seat_id, rsvp.role, rsvp.held_until, rsvp.party_size = None, None, None, 1
    return freed
