"""A family says on their own page where they want to be picked up, or changes it."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.chapters.tables import Office
from service.checkins.ride import LONGEST_PICKUP, MOST_SEATS
from service.checkins.tables import CheckIn
from service.people.tables import Person
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader
from service.replies import own_page
from service.web.forms import Form
from service.web.pages import form_again
from service.web.public.visitor import Here, Visiting, go_to
from service.web.rides import read_ride, ride_as_typed
from service.web.session import Read, Write

router = APIRouter()


@router.get("/mine/dates/{checkin_id}/ride")
def show_own_ride(session: Read, here: Here, checkin_id: UUID) -> HTMLResponse:
    """Show the form, with what they told before."""
    person = here.person(session)
    checkin = own_page.own_date(session, person, checkin_id, now=here.now)
    reader = Reader(here.wiring.keyring, SYSTEM)
    return _page(session, here, person, checkin, ride_as_typed(session, reader, checkin), {})


@router.post("/mine/dates/{checkin_id}/ride")
def save_own_ride(session: Write, here: Here, checkin_id: UUID, form: Form) -> Response:
    """Write it down; driver and lead hear of it from 18:00 the evening before."""
    person = here.person(session)
    checkin = own_page.own_date(session, person, checkin_id, now=here.now)

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _page(session, here, person, checkin, form.typed, problems, status=status)

    with form_again(again, here.tell(person)):
        wish = read_ride(session, form, checkin)
        own_page.save_own_ride(session, here.outbox, checkin, wish, now=here.now)
    return go_to("/mine?did=ride")


def _page(
    session: Session, here: Visiting, person: Person, checkin: CheckIn, typed: Mapping[str, str],
    problems: Mapping[str, str], *, status: int = 200,
) -> HTMLResponse:  # fmt: skip
    return here.page(
        session, person, "mine_ride.html", status=status, typed=typed, problems=problems,
        checkin=checkin, office=session.get_one(Office, checkin.office_id),
        most_seats=MOST_SEATS, longest_pickup=LONGEST_PICKUP,
    )  # fmt: skip
