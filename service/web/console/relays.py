"""What family and lead write to each other through us, and the switch that ends it for one appointment."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response

from service.checkins.find import get_checkin_or_drill
from service.checkins.relay import relays_of, switch
from service.checkins.tables import CheckIn, Relay
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.forms import Form
from service.web.session import Write

router = APIRouter()

MOST_SHOWN = 50


@dataclass(frozen=True)
class Passed:
    """One text that was passed on. role: of who wrote it; text: as the viewer sees it."""

    relay: Relay
    role: str
    text: str


def passed_on(session: Session, desk: Desk, checkin: CheckIn) -> list[Passed]:
    """Return what was passed on lately, oldest first; a text to two people stands once."""
    reader = desk.reader()
    found = {inbound.id: (relay, inbound) for relay, inbound in relays_of(session, checkin.id)}
    newest = list(found.values())[-MOST_SHOWN:]
    return [
        Passed(
            relay,
            "family" if relay.from_person_id == checkin.family_id else "lead",
            reader.show(inbound.sealed_text(checkin.chapter_id)),
        )
        for relay, inbound in newest
    ]


@router.post("/checkins/{checkin_id}/relay")
def switch_relay(session: Write, desk: AtDesk, checkin_id: UUID, form: Form) -> Response:
    """Stop passing on between family and lead, or begin again. Safe to send twice."""
    checkin = get_checkin_or_drill(session, desk.chapter_id, checkin_id)
    switch(session, checkin, is_on=form["turn"] == "on", by=desk.viewer, now=desk.now)
    return go_to(f"/checkins/{checkin_id}#relays")
