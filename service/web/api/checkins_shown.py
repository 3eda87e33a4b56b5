"""A check-in as the API shows it: its stage, its places, its answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from service.chapters.tables import Office
from service.checkins.rules import Stage, stage
from service.checkins.tables import CheckIn, CheckInState, Outcome, Publicity
from service.people.find import people_by_id
from service.privacy.read import Reader
from service.rsvps.rules import filling
from service.rsvps.seats import seats_of
from service.rsvps.tables import Seat, SeatRole
from service.web.api.answers import Answers, answers_about
from service.web.api.people import fetch_keys
from service.web.api.shapes import Shape


class ShownSeat(Shape):
    """Places of one role."""

    role: SeatRole
    capacity: int | None
    taken: int
    is_open: bool


class ShownCheckIn(Shape):
    """An appointment to report. Times are in UTC; `time_zone` is the office's.

    stage: recruiting, staffed, or short (within 72 hours and places open); null when nobody is
    sought: not yet approved, or over. outcome_by: an organizer's name, or the role of the person
    whose phone said it. draft_rally_id: the call that the outcome asked for, to be looked at.
    """

    id: UUID
    state: CheckInState
    stage: Stage | None
    starts_at: datetime
    time_zone: str
    office_id: UUID
    office_name: str
    family_id: UUID
    family_alias: str
    people: int
    needs_ride: bool
    note: str
    seats: list[ShownSeat]
    answers: Answers
    registered_how: str
    created_at: datetime
    approved_at: datetime | None
    asked_at: datetime | None
    ended_at: datetime | None
    publicity: Publicity
    outcome: Outcome | None
    outcome_by: str
    outcome_at: datetime | None
    deadline_on: date | None
    draft_rally_id: UUID | None


def show_checkin(
    session: Session, reader: Reader, checkin: CheckIn, *, now: datetime
) -> ShownCheckIn:
    """Return what the caller sees of one check-in."""
    return show_checkins(session, reader, [checkin], now=now)[0]


def show_checkins(
    session: Session, reader: Reader, checkins: Sequence[CheckIn], *, now: datetime
) -> list[ShownCheckIn]:
    """Return what the caller sees of these check-ins: a few queries, however many there are."""
    subjects = [checkin.subject for checkin in checkins]
    seats, answers = seats_of(session, subjects), answers_about(session, subjects)
    families = people_by_id(session, [checkin.family_id for checkin in checkins])
    offices = _offices(session, checkins)
    fetch_keys(reader, families.values())
    reader.fetch_keys([checkin.sealed_note() for checkin in checkins])
    return [
        ShownCheckIn(
            id=checkin.id,
            state=checkin.state,
            stage=stage(
                checkin.state,
                checkin.starts_at,
                now,
                is_full=filling(seats[checkin.subject]).is_full,
            ),
            starts_at=checkin.starts_at,
            time_zone=offices[checkin.office_id].time_zone,
            office_id=checkin.office_id,
            office_name=offices[checkin.office_id].name,
            family_id=checkin.family_id,
            family_alias=reader.show(families[checkin.family_id].sealed_alias()),
            people=checkin.people,
            needs_ride=checkin.needs_ride,
            note=reader.show(checkin.sealed_note()),
            seats=[_seat(seat) for seat in seats[checkin.subject]],
            answers=answers[checkin.subject],
            registered_how=checkin.registered_how,
            created_at=checkin.created_at,
            approved_at=checkin.approved_at,
            asked_at=checkin.asked_at,
            ended_at=checkin.ended_at,
            publicity=checkin.publicity,
            outcome=checkin.outcome,
            outcome_by=checkin.outcome_by,
            outcome_at=checkin.outcome_at,
            deadline_on=checkin.deadline_on,
            draft_rally_id=checkin.rally_id,
        )
        for checkin in checkins
    ]


def _offices(session: Session, checkins: Sequence[CheckIn]) -> dict[UUID, Office]:
    ids = {checkin.office_id for checkin in checkins}
    return {
        office.id: office for office in session.exec(select(Office).where(col(Office.id).in_(ids)))
    }


def _seat(seat: Seat) -> ShownSeat:
    return ShownSeat(role=seat.role, capacity=seat.capacity, taken=seat.taken, is_open=seat.is_open)
