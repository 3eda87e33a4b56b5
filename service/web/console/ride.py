"""The ride that a family wants: where from, when, how many seats. The place is sealed and soon erased."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.checkins.find import get_checkin
from service.checkins.ride import LONGEST_PICKUP, MOST_SEATS, Wish, save_ride
from service.checkins.tables import CheckIn, Ride
from service.privacy import audit
from service.web.console.cards import CheckInCard, checkin_cards
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.forms import Answers, Form, Sent
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()


@router.get("/checkins/{checkin_id}/ride")
def show_ride(session: Read, desk: AtDesk, checkin_id: UUID) -> HTMLResponse:
    """Show the form, with what is known."""
    checkin = get_checkin(session, desk.chapter_id, checkin_id)
    return _page(session, desk, checkin, _known(session, desk, checkin), {})


@router.post("/checkins/{checkin_id}/ride")
def write_ride(session: Write, desk: AtDesk, checkin_id: UUID, form: Form) -> Response:
    """Write it down; driver and lead hear of it from 18:00 the evening before."""
    checkin = get_checkin(session, desk.chapter_id, checkin_id)

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _page(session, desk, checkin, form.typed, problems, status=status)

    with form_again(again, desk.tell):
        wish = _read(form, checkin, _card(session, desk, checkin))
        save_ride(session, desk.wiring.keyring, checkin, wish, now=desk.now)
        audit.record(
            session, actor=desk.viewer, action="checkin.ride", subject=checkin.subject,
            now=desk.now,
        )  # fmt: skip
    return go_to(f"/checkins/{checkin_id}")


def _read(sent: Sent, checkin: CheckIn, card: CheckInCard) -> Wish:
    """Read the form; the time is of the day of the appointment, where the office is."""
    answers = Answers(sent)
    pickup = answers.needed("pickup")
    at = answers.clock("leaves")
    seats = answers.number("seats", 1) or 1
    child_seats = answers.number("child_seats", 0) or 0
    answers.done()
    zone = ZoneInfo(card.office.time_zone)
    day = checkin.starts_at.astimezone(zone).date()
    leaves_at = datetime.combine(day, at, zone) if at is not None else checkin.starts_at
    return Wish(
        pickup, leaves_at.astimezone(checkin.starts_at.tzinfo), seats, child_seats,
        sent.is_ticked("returns"),
    )  # fmt: skip


def _known(session: Session, desk: Desk, checkin: CheckIn) -> Mapping[str, str]:
    ride = session.get(Ride, checkin.id)
    if ride is None:
        return {"seats": str(checkin.people)}
    zone = ZoneInfo(_card(session, desk, checkin).office.time_zone)
    return {
        "pickup": desk.reader().show(ride.sealed_pickup(checkin.chapter_id)),
        "leaves": f"{ride.leaves_at.astimezone(zone):%H:%M}",
        "seats": str(ride.seats),
        "child_seats": str(ride.child_seats),
        "returns": "yes" if ride.returns else "",
    }


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
