"""Places at an event: made, looked at, closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, delete, func, or_, select, update

from service.db import new_id
from service.rsvps.rules import Filling, filling
from service.rsvps.tables import Seat, SeatRole


def make_seats(
    session: Session,
    subject: str,
    places: Mapping[SeatRole, int | None],
    *,
    starts_at: datetime,
    ends_at: datetime,
    languages: Mapping[SeatRole, str] | None = None,
    chapter_id: UUID | None = None,
) -> None:
    """Make the places of an event: role -> how many (None: no limit).

    languages: role -> the language that whoever takes such a place must speak. chapter_id: whose
    event it is, and so whose vetting counts (None: each one's home chapter's).
    """
    for role, capacity in places.items():
        if capacity != 0:
            session.add(
                Seat(
                    id=new_id(),
                    subject=subject,
                    chapter_id=chapter_id,
                    role=role,
                    language=(languages or {}).get(role),
                    capacity=capacity,
                    starts_at=starts_at,
                    ends_at=ends_at,
                )
            )
    session.flush()


def seats_of(session: Session, subjects: Iterable[str]) -> dict[str, list[Seat]]:
    """Return the seats of many events by subject, one query."""
    found: dict[str, list[Seat]] = {subject: [] for subject in subjects}
    rows = session.exec(
        select(Seat).where(col(Seat.subject).in_(list(found))).order_by(col(Seat.id))
    )
    for seat in rows:
        found[seat.subject].append(seat)
    return found


def with_room(session: Session, subjects: Iterable[str]) -> set[str]:
    """Return which of many events have a place that is open, one query."""
    query = select(Seat.subject).where(
        col(Seat.subject).in_(list(subjects)), col(Seat.taken) < col(Seat.capacity)
    )
    return set(session.exec(query))


def filling_of(session: Session, subject: str) -> Filling:
    """Return how full an event is."""
    return filling(seats_of(session, [subject])[subject])


def places_for(role: SeatRole, party_size: int) -> int:
    """One person takes one place at a check-in, whoever they bring; a crowd counts everybody."""
    return party_size if role is SeatRole.CROWD else 1


def take_places(session: Session, seat_id: UUID, places: int) -> bool:
    """Take places where they are free; return whether they were. Negative: give some back.

    One statement, so that two people never share the last one.
    """
    room = or_(
        col(Seat.capacity).is_(None), col(Seat.taken) + places <= func.coalesce(Seat.capacity, 0)
    )
    done = session.exec(
        update(Seat)
        .where(col(Seat.id) == seat_id, col(Seat.is_open), room)
        .values(taken=col(Seat.taken) + places)
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount) == 1


def give_back(session: Session, seat_id: UUID, places: int) -> None:
    """Give places back, of a seat that may be closed."""
    session.exec(
        update(Seat)
        .where(col(Seat.id) == seat_id)
        .values(taken=col(Seat.taken) - places)
        .execution_options(synchronize_session=False)
    )


def need_car_seats(session: Session, subject: str, count: int) -> None:
    """Let only drivers with so many seats take the driver's place. Who has it keeps it."""
    session.exec(
        update(Seat)
        .where(col(Seat.subject) == subject, col(Seat.role) == SeatRole.DRIVER)
        .values(car_seats=count)
    )


def close_seats(session: Session, subject: str) -> None:
    """Take no further yes for an event."""
    session.exec(update(Seat).where(col(Seat.subject) == subject).values(is_open=False))


def remove_seats(session: Session, subject: str) -> None:
    """Remove the places of an event that nobody has heard of yet."""
    session.exec(delete(Seat).where(col(Seat.subject) == subject))
