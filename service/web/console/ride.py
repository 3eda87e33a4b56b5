"""The ride that a family wants: where from, when, how many seats. The place is sealed and soon erased."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.checkins.find import get_checkin_or_drill
from service.checkins.ride import LONGEST_PICKUP, MOST_SEATS, save_ride
from service.checkins.tables import CheckIn
from service.privacy import audit
from service.web.console.cards import CheckInCard, checkin_cards
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.forms import Form
from service.web.pages import form_again
from service.web.rides import read_ride, ride_as_typed
from service.web.session import Read, Write

router = APIRouter()


@router.get("/checkins/{checkin_id}/ride")
def show_ride(session: Read, desk: AtDesk, checkin_id: UUID) -> HTMLResponse:
    """Show the form, with what is known."""
    checkin = get_checkin_or_drill(session, desk.chapter_id, checkin_id)
    return _page(session, desk, checkin, ride_as_typed(session, desk.reader(), checkin), {})


@router.post("/checkins/{checkin_id}/ride")
def write_ride(session: Write, desk: AtDesk, checkin_id: UUID, form: Form) -> Response:
    """Write it down; driver and lead hear of it from 18:00 the evening before."""
    checkin = get_checkin_or_drill(session, desk.chapter_id, checkin_id)

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _page(session, desk, checkin, form.typed, problems, status=status)

    with form_again(again, desk.tell):
        wish = read_ride(session, form, checkin)
        save_ride(session, desk.wiring.keyring, checkin, wish, now=desk.now)
        audit.record(
            session, actor=desk.viewer, action="checkin.ride", subject=checkin.subject,
            now=desk.now,
        )  # fmt: skip
    return go_to(f"/checkins/{checkin_id}")


def _card(session: Session, desk: Desk, checkin: CheckIn) -> CheckInCard:
    return checkin_cards(session, desk, [checkin])[0]


def _page(
    session: Session, desk: Desk, checkin: CheckIn, typed: Mapping[str, str],
    problems: Mapping[str, str], *, status: int = 200,
) -> HTMLResponse:  # fmt: skip
    return desk.page(
        "checkin_ride.html", status=status, typed=typed, problems=problems,
        card=_card(session, desk, checkin), most_seats=MOST_SEATS, longest_pickup=LONGEST_PICKUP,
    )  # fmt: skip
