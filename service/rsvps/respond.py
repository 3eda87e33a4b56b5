"""Take an answer: a seat for a yes, the waiting list when it is full, the next in line on a no.

A seat is one statement: it is taken only where it is free, so that two people never share the
last one, however many answer at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Session, col, func, or_, select, update

from service.db import new_id
from service.db.insert import insert_new
from service.people.tables import Volunteer
from service.rsvps.ask import CONFIRM, asked_role, is_asked, mark_answered
from service.rsvps.rules import Responder, fits, in_order
from service.rsvps.tables import COMING, Rsvp, RsvpState, Seat, SeatRole


class Answer(StrEnum):
    """What somebody says to an ask."""

    YES = "yes"
    NO = "no"
    MAYBE = "maybe"


@dataclass(frozen=True)
class Response:
    """What came of an answer.

    before: what they had said earlier (None: nothing). is_changed: this answer said something new.
    freed_seat_id: the place that a change of mind opened, for `promote`.
    is_closed: the event takes no yes any more; nothing was changed.
    """

    rsvp: Rsvp | None
    before: RsvpState | None = None
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
        _say_yes(session, rsvp, in_order(seats, responder(session, person_id, subject)), party_size)
    else:
        freed = _leave_seat(session, rsvp)
        rsvp.state = RsvpState(answer.value)
    changed = (rsvp.state, rsvp.party_size) != was
    if changed:
        rsvp.answered_at = now
    session.add(rsvp)
    mark_answered(session, person_id, subject, now=now)
    session.flush()
    return Response(rsvp, before, is_changed=changed, freed_seat_id=freed)


def arrive(session: Session, person_id: UUID, subject: str) -> Rsvp | None:
    """Note that somebody who said yes is there; return their RSVP, or None if they had not."""
    rsvp = session.exec(
        select(Rsvp).where(Rsvp.person_id == person_id, Rsvp.subject == subject)
    ).first()
    if rsvp is None or rsvp.state not in COMING:
        return None
    rsvp.state = RsvpState.ARRIVED
    session.add(rsvp)
    session.flush()
    return rsvp


def step_back(session: Session, rsvp: Rsvp) -> UUID | None:
    """Put somebody who had a place on the waiting list; return the place, for `promote`."""
    freed = _leave_seat(session, rsvp)
    rsvp.state = RsvpState.STANDBY
    session.add(rsvp)
    session.flush()
    return freed


def promote(session: Session, seat_id: UUID) -> Rsvp | None:
    """Give a freed place to whoever has waited longest and fits it; return their RSVP, or None.

    Safe to run twice: it takes the place only while it is free.
    """
    seat = session.get_one(Seat, seat_id, populate_existing=True)
    waiting = session.exec(
        select(Rsvp)
        .where(Rsvp.subject == seat.subject, Rsvp.state == RsvpState.STANDBY)
        .order_by(col(Rsvp.answered_at), col(Rsvp.id))
    ).all()
    for rsvp in waiting:
        if not fits(seat, responder(session, rsvp.person_id, seat.subject)):
            continue
        if not _take_places(session, seat, _places(seat.role, rsvp.party_size)):
            return None
        rsvp.state, rsvp.seat_id, rsvp.role = RsvpState.YES, seat.id, seat.role
        session.add(rsvp)
        session.flush()
        return rsvp
    return None


def responder(session: Session, person_id: UUID, subject: str) -> Responder:
    """Return what decides which seats of an event this person can take.

    Whoever was asked to do what they did not sign up for may do it, this once.
    """
    volunteer = session.get(Volunteer, person_id)
    if volunteer is None:
        return Responder(person_id, vetting=0)
    asked = asked_role(session, person_id, subject)
    roles = (*volunteer.roles, *([asked] if asked else []))
    return Responder(person_id, volunteer.vetting, roles, tuple(volunteer.languages))


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
    """Answers about one event. `coming_people` counts parties."""

    yes: int = 0
    no: int = 0
    maybe: int = 0
    standby: int = 0
    coming_people: int = 0


def tally(rsvps: Iterable[Rsvp]) -> Tally:
    """Count answers."""
    rows = list(rsvps)
    coming = [rsvp for rsvp in rows if rsvp.state in COMING]
    states = [rsvp.state for rsvp in rows]
    return Tally(
        yes=len(coming),
        no=states.count(RsvpState.NO),
        maybe=states.count(RsvpState.MAYBE),
        standby=states.count(RsvpState.STANDBY),
        coming_people=sum(rsvp.party_size for rsvp in coming),
    )


def _own_row(session: Session, person_id: UUID, subject: str, now: datetime) -> Rsvp:
    session.execute(
        insert_new(session, Rsvp).values(
            id=new_id(),
            person_id=person_id,
            subject=subject,
            state=RsvpState.OFFERED,
            party_size=1,
            answered_at=now,
            created_at=now,
        )
    )
    # Two answers of one person at once take turns here.
    query = select(Rsvp).where(Rsvp.person_id == person_id, Rsvp.subject == subject)
    return session.exec(query.with_for_update().execution_options(populate_existing=True)).one()


def _closed(session: Session, rsvp: Rsvp, before: RsvpState | None) -> Response:
    if before is None:
        session.delete(rsvp)
        session.flush()
        return Response(None, is_closed=True)
    return Response(rsvp, before, is_closed=True)


def _say_yes(session: Session, rsvp: Rsvp, seats: list[Seat], party_size: int | None) -> None:
    size = max(1, party_size or rsvp.party_size)
    if rsvp.state in COMING and rsvp.seat_id is not None and rsvp.role is not None:
        more = _places(rsvp.role, size) - _places(rsvp.role, rsvp.party_size)
        if more == 0 or _take_places(session, session.get_one(Seat, rsvp.seat_id), more):
            rsvp.party_size = size
        if is_asked(session, rsvp.person_id, rsvp.subject, CONFIRM):
            rsvp.state = RsvpState.CONFIRMED
        return
    rsvp.party_size = size
    for seat in seats:
        if _take_places(session, seat, _places(seat.role, size)):
            rsvp.state, rsvp.seat_id, rsvp.role = RsvpState.YES, seat.id, seat.role
            return
    rsvp.state = RsvpState.STANDBY


def _leave_seat(session: Session, rsvp: Rsvp) -> UUID | None:
    """Free the place of somebody who changed their mind; return it if there was one."""
    if rsvp.seat_id is None or rsvp.role is None:
        return None
    freed = rsvp.seat_id
    places = _places(rsvp.role, rsvp.party_size)
    session.exec(update(Seat).where(col(Seat.id) == freed).values(taken=col(Seat.taken) - places))
    rsvp.seat_id, rsvp.role, rsvp.party_size = None, None, 1
    return freed


def _places(role: SeatRole, party_size: int) -> int:
    """One person takes one place at a check-in, whoever they bring; a crowd counts everybody."""
    return party_size if role is SeatRole.CROWD else 1


def _take_places(session: Session, seat: Seat, places: int) -> bool:
    room = or_(
        col(Seat.capacity).is_(None), col(Seat.taken) + places <= func.coalesce(Seat.capacity, 0)
    )
    done = session.exec(
        update(Seat)
        .where(col(Seat.id) == seat.id, col(Seat.is_open), room)
        .values(taken=col(Seat.taken) + places)
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount) == 1
