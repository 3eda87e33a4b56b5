"""Who plays whom in the drill of an appointment: guests alone, whoever holds the part otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlmodel import Session

from service.checkins.tables import CheckIn
from service.outbox.drill import guests_of
from service.people.find import people_by_id
from service.people.tables import Person


def cast(session: Session, checkin: CheckIn, people: Iterable[Person]) -> list[Person]:
    """Return who hears what these people would: themselves, or in a drill whoever plays them."""
    real = list(people)
    if not checkin.is_drill:
        return real
    ids = players(session, checkin, [person.id for person in real])
    found = people_by_id(session, ids)
    return [found[one] for one in ids]


def players(session: Session, checkin: CheckIn, ids: Iterable[UUID]) -> list[UUID]:
    """Return a drill's stand-in; where it has none, those of them who are guests."""
    if checkin.stand_in_id is not None:
        ids = [checkin.stand_in_id]
    return only_guests(session, checkin, ids)


def only_guests(session: Session, checkin: CheckIn, ids: Iterable[UUID]) -> list[UUID]:
    """Return those on the chapter's drill list, in their order."""
    guests = set(guests_of(session, checkin.chapter_id))
    return [one for one in ids if one in guests]
