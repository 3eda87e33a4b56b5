"""What the board shows of each thing, ready to be written: masked, counted, dated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from service.chapters.find import chapters_by_id
from service.chapters.tables import Office
from service.checkins.find import LIVE, Mark
from service.checkins.register import call_by
from service.checkins.rules import stage
from service.checkins.tables import CheckIn, CheckInState
from service.people.find import people_by_id
from service.rallies.tables import Rally
from service.rsvps.respond import Tally, rsvps_of, tally
from service.rsvps.rules import ORDER, filling
from service.rsvps.seats import seats_of, with_room
from service.rsvps.tables import Seat
from service.web.console.desk import Desk


@dataclass(frozen=True)
class Places:
    """The seats of one role: so many of so many are taken."""

    role: str
    taken: int
    capacity: int


@dataclass(frozen=True)
class CheckInCard:
    """One check-in. `alias` and `phone` as this organizer sees them."""

    checkin: CheckIn
    office: Office
    alias: str
    phone: str
    status: str  # waiting, recruiting, staffed, short, closed or cancelled
    places: list[Places]
    taken: int
    capacity: int
    open_places: int
    tally: Tally
    call_by: datetime
    is_call_late: bool


@dataclass(frozen=True)
class CheckInMark:
    """How far one check-in is, for a calendar that shows nothing else of it."""

    checkin: Mark
    status: str


@dataclass(frozen=True)
class RallyCard:
    """One rally and how it is answered. `network`, `zone`: of the chapter that holds it."""

    rally: Rally
    tally: Tally
    network: str
    zone: str


def checkin_cards(session: Session, desk: Desk, checkins: Sequence[CheckIn]) -> list[CheckInCard]:
    """Return the cards of these check-ins: one query for each kind of thing on them."""
    subjects = [checkin.subject for checkin in checkins]
    people = people_by_id(session, (checkin.family_id for checkin in checkins))
    offices = offices_by_id(session, (checkin.office_id for checkin in checkins))
    seats, answers = seats_of(session, subjects), rsvps_of(session, subjects)
    reader = desk.reader()
    reader.fetch_keys([p.sealed_phone() for p in people.values()])
    cards = []
    for checkin in checkins:
        family = people[checkin.family_id]
        full = filling(seats[checkin.subject])
        until = call_by(checkin)
        cards.append(
            CheckInCard(
                checkin=checkin,
                office=offices[checkin.office_id],
                alias=reader.show(family.sealed_alias()),
                phone=reader.show(family.sealed_phone()),
                status=_status(checkin, desk.now, is_full=full.is_full),
                places=_places(seats[checkin.subject]),
                taken=full.taken,
                capacity=full.capacity,
                open_places=sum(full.missing.values()),
                tally=tally(answers[checkin.subject]),
                call_by=until,
                is_call_late=until < desk.now,
            )
        )
    return cards


def checkin_marks(session: Session, checkins: Sequence[Mark], now: datetime) -> list[CheckInMark]:
    """Return how far these check-ins are and no more: one query. Those that are over need no seats."""
    open_ = with_room(session, [one.subject for one in checkins if one.state in LIVE])
    return [
        CheckInMark(one, _status(one, now, is_full=one.subject not in open_)) for one in checkins
    ]


def rally_cards(session: Session, rallies: Sequence[Rally]) -> list[RallyCard]:
    """Return the cards of these rallies."""
    answers = rsvps_of(session, [rally.subject for rally in rallies])
    chapters = chapters_by_id(session, [rally.chapter_id for rally in rallies])
    return [
        RallyCard(
            rally,
            tally(answers[rally.subject]),
            chapters[rally.chapter_id].network_name,
            chapters[rally.chapter_id].time_zone,
        )
        for rally in rallies
    ]


def offices_by_id(session: Session, ids: Iterable[UUID]) -> dict[UUID, Office]:
    """Return these offices by id, one query."""
    rows = session.exec(select(Office).where(col(Office.id).in_(set(ids))))
    return {office.id: office for office in rows}


def _status(checkin: CheckIn | Mark, now: datetime, *, is_full: bool) -> str:
    if checkin.state is CheckInState.SUBMITTED:
        return "waiting"
    found = stage(checkin.state, checkin.starts_at, now, is_full=is_full)
    return found.value if found is not None else checkin.state.value


def _places(seats: Sequence[Seat]) -> list[Places]:
    """Return the limited seats by role, in the house's order."""
    by_role: dict[str, Places] = {}
    for seat in sorted(seats, key=lambda seat: ORDER.index(seat.role)):
        before = by_role.get(seat.role.value, Places(seat.role.value, 0, 0))
        by_role[seat.role.value] = Places(
            seat.role.value, before.taken + seat.taken, before.capacity + (seat.capacity or 0)
        )
    return [places for places in by_role.values() if places.capacity]
