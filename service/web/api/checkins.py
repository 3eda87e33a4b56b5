"""Check-ins: registered, approved, cancelled, ended."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response
from pydantic import Field
from sqlmodel import Session

from service.chapters.find import get_chapter, get_office
from service.chapters.tables import Office
from service.checkins.approve import MOST_PLACES, USUAL_PLACES, Approval, approve
from service.checkins.cancel import cancel
from service.checkins.find import get_checkin, list_checkins
from service.checkins.outcome.record import Ended, record_outcome
from service.checkins.register import (
    LONGEST_NOTE,
    MOST_PEOPLE,
    Registration,
    find_same,
    register,
)  # fmt: skip
from service.checkins.relay import switch
from service.checkins.rules import check_start
from service.checkins.tables import CheckIn, CheckInState, Outcome
from service.errors import InvalidValue
from service.messages import dates
from service.people.register import Card
from service.replies.dates.when import is_odd_hour, worth_asking
from service.rsvps.seats import seats_of
from service.rsvps.tables import SeatRole
from service.web.api.auth import Caller, Who
from service.web.api.checkins_shown import ShownCheckIn, show_checkin, show_checkins
from service.web.api.paging import Page, Paging, cut
from service.web.api.people import NewPerson, read_card
from service.web.api.problems import Gathered
from service.web.api.shapes import PLAIN, Moment, Shape, up_to
from service.web.session import Now, Parts, Read, Write
from service.wiring import Wiring

router = APIRouter(prefix="/checkins", tags=["check-ins"])

Places = Annotated[int, Field(ge=0, le=MOST_PLACES)]


class NewCheckIn(NewPerson):
    """An appointment to report, and the family whose it is."""

    office_id: UUID
    starts_at: Moment
    day_is_right: Annotated[
        bool, Field(description="True: the letter does name this weekend or public holiday.")
    ] = False
    hour_is_right: Annotated[
        bool, Field(description="True: the letter does name this hour of the night.")
    ] = False
    people: Annotated[int, Field(ge=1, le=MOST_PEOPLE)] = 1
    needs_ride: bool = False
    note: Annotated[
        str,
        up_to(LONGEST_NOTE),
        PLAIN,
        Field(description="What companions should know. Sealed."),
    ] = ""


class Approved(Shape):
    """What was agreed with the family. `agreed_to_texts`: they said so when you spoke."""

    places: dict[SeatRole, Places] = Field(
        default_factory=lambda: dict(USUAL_PLACES), examples=[{"lead": 1, "accompanier": 3}]
    )
    agreed_to_texts: bool


class EndedSo(Shape):
    """How it ended. `deadline_on`: by when they are to leave or to bring a ticket, where known."""

    outcome: Outcome
    deadline_on: date | None = None


class Switched(Shape):
    """Whether texts are passed on between family and lead."""

    is_on: bool


class CheckInPaging(Paging):
    """Which check-ins."""

    state: list[CheckInState] | None = None


@router.post("", status_code=201, responses={200: {"model": ShownCheckIn}})
def register_checkin(
    told: NewCheckIn, response: Response, session: Write, wiring: Parts, who: Who, now: Now
) -> ShownCheckIn:
    """Register a check-in; the family hears who will call them.

    The same family, office and time again is the same check-in (200). A weekend or a public holiday
    is asked about once: send `day_is_right` with it; an hour of the night too: `hour_is_right`.
    """
    registration = _read(session, wiring, who, told, now)
    is_new = find_same(session, wiring.keyring, registration) is None
    chapter = get_chapter(session, who.chapter_id)
    checkin = register(session, wiring.outbox, chapter, registration, now=now)
    response.status_code = 201 if is_new else 200
    return show_checkin(session, who.reader, checkin, now=now)


@router.get("")
def find_checkins(
    paging: Annotated[CheckInPaging, Query()], session: Read, who: Who, now: Now
) -> Page[ShownCheckIn]:
    """List the chapter's check-ins, oldest registration first."""
    rows = list_checkins(
        session, who.chapter_id, states=paging.state, after=paging.after, limit=paging.wanted
    )
    shown, following = cut(rows, paging, lambda row: row.id)
    return Page(items=show_checkins(session, who.reader, shown, now=now), next=following)


@router.get("/{checkin_id}")
def see_checkin(checkin_id: UUID, session: Read, who: Who, now: Now) -> ShownCheckIn:
    """Return one check-in."""
    checkin = get_checkin(session, who.chapter_id, checkin_id)
    return show_checkin(session, who.reader, checkin, now=now)


@router.post("/{checkin_id}/approve")
def approve_checkin(
    checkin_id: UUID, told: Approved, session: Write, wiring: Parts, who: Who, now: Now
) -> ShownCheckIn:
    """Open the places: somebody has spoken with the family. The same again changes nothing."""
    checkin = get_checkin(session, who.chapter_id, checkin_id)
    if not _is_so(session, checkin, told):
        approval = Approval(places=told.places, agreed_to_texts=told.agreed_to_texts)
        approve(session, wiring.outbox, checkin, approval, by=who.viewer, now=now)
    return show_checkin(session, who.reader, checkin, now=now)


@router.post("/{checkin_id}/cancel")
def cancel_checkin(
    checkin_id: UUID, session: Write, wiring: Parts, who: Who, now: Now
) -> ShownCheckIn:
    """Call it off and tell the family and those who were to come. Safe to send twice."""
    checkin = get_checkin(session, who.chapter_id, checkin_id)
    if checkin.state is not CheckInState.CANCELLED:
        cancel(session, wiring.outbox, checkin, by=who.viewer, now=now)
    return show_checkin(session, who.reader, checkin, now=now)


@router.post("/{checkin_id}/outcome")
def write_outcome(
    checkin_id: UUID, told: EndedSo, session: Write, wiring: Parts, who: Who, now: Now
) -> ShownCheckIn:
    """Say how it ended; who came, organizers and the legal contact are told. Safe to send twice.

    still_inside and unknown are no end: the safety check goes on.
    """
    checkin = get_checkin(session, who.chapter_id, checkin_id)
    ended = Ended(told.outcome, told.deadline_on)
    record_outcome(session, wiring.outbox, checkin, ended, by=who.viewer, now=now)
    return show_checkin(session, who.reader, checkin, now=now)


@router.post("/{checkin_id}/relay")
def switch_relay(
    checkin_id: UUID, told: Switched, session: Write, who: Who, now: Now
) -> ShownCheckIn:
    """Stop passing on between family and lead, or begin again. Safe to send twice."""
    checkin = get_checkin(session, who.chapter_id, checkin_id)
    switch(session, checkin, is_on=told.is_on, by=who.viewer, now=now)
    return show_checkin(session, who.reader, checkin, now=now)


def _read(
    session: Session, wiring: Wiring, who: Caller, told: NewCheckIn, now: datetime
) -> Registration:
    """Return the registration. Raises InvalidForm with every field that is wrong."""
    card = Card(told.phone)
    gathered = Gathered()
    with gathered:
        card = read_card(wiring, told)
    office: Office | None = None
    with gathered:
        office = get_office(session, who.chapter_id, told.office_id)
    with gathered:
        check_start(told.starts_at, now)
        if office is not None:
            _check_oddness(told, office, wiring.settings.countries[0])
    gathered.tell()
    return Registration(
        card=card,
        office_id=told.office_id,
        starts_at=told.starts_at,
        how="api",
        people=told.people,
        needs_ride=told.needs_ride,
        note=told.note,
    )


def _check_oddness(told: NewCheckIn, office: Office, country: str) -> None:
    """Raise InvalidValue for a day or an hour when offices are closed that nobody has confirmed."""
    local = told.starts_at.astimezone(ZoneInfo(office.time_zone))
    question = worth_asking(local.date(), country)
    if question and not told.day_is_right:
        raise InvalidValue("starts_at", f"{question.value}_unconfirmed")
    if is_odd_hour(local.time()) and not told.hour_is_right:
        raise InvalidValue("starts_at", "hour_unconfirmed", time=dates.clock(local.time()))


def _is_so(session: Session, checkin: CheckIn, told: Approved) -> bool:
    """Return whether the check-in has been approved with just these places."""
    if checkin.state is not CheckInState.APPROVED:
        return False
    seats = seats_of(session, [checkin.subject])[checkin.subject]
    wanted = {role: count for role, count in told.places.items() if count}
    return {seat.role: seat.capacity for seat in seats} == wanted
