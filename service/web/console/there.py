"""At the door, as an organizer hears of it: who did not come, and how the lead is found."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from service.checkins.companions import LONGEST_SIGN, set_sign
from service.checkins.find import get_checkin_or_drill
from service.checkins.outcome.rules import BEGUN
from service.errors import InvalidForm, InvalidValue, WrongState
from service.privacy import audit
from service.replies.gone import tell_of_a_lead_who_left
from service.replies.holds import offer_places
from service.rsvps.arrive import miss
from service.rsvps.respond import role_of
from service.rsvps.tables import SeatRole
from service.web.console.desk import AtDesk, go_to
from service.web.forms import Form
from service.web.session import Write

router = APIRouter()


@router.post("/checkins/{checkin_id}/missed/{person_id}")
def say_missed(session: Write, desk: AtDesk, checkin_id: UUID, person_id: UUID) -> Response:
    """Note that somebody did not come; their place goes to the next in line. Safe to send twice."""
    checkin = get_checkin_or_drill(session, desk.chapter_id, checkin_id)
    if checkin.state not in BEGUN:
        raise WrongState("checkin_not_in_state", f"check-in {checkin.id} is {checkin.state}")
    role = role_of(session, person_id, checkin.subject)
    freed = miss(session, person_id, checkin.subject)
    if freed is not None:
        if role is SeatRole.LEAD:
            tell_of_a_lead_who_left(session, desk.outbox, checkin.subject, now=desk.now)
        offer_places(session, desk.outbox, freed, now=desk.now)
        audit.record(
            session, actor=desk.viewer, action="checkin.missed", subject=checkin.subject,
            now=desk.now,
        )  # fmt: skip
    return go_to(f"/checkins/{checkin_id}")


@router.post("/checkins/{checkin_id}/sign")
def say_sign(session: Write, desk: AtDesk, checkin_id: UUID, form: Form) -> Response:
    """Note how the lead is found this time; who has heard otherwise hears it anew."""
    checkin = get_checkin_or_drill(session, desk.chapter_id, checkin_id)
    if len(form["sign"].strip()) > LONGEST_SIGN:
        raise InvalidForm([InvalidValue("sign", "too_long", limit=LONGEST_SIGN)])
    set_sign(session, checkin, form["sign"])
    return go_to(f"/checkins/{checkin_id}")
