"""The run sheet of one accompaniment: one page to print, in both languages, for who goes along."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse

from service.chapters.find import get_chapter
from service.checkins.find import get_checkin
from service.checkins.tables import CheckIn, CheckInState, Outcome
from service.checkins.words import MEET_BEFORE
from service.errors import WrongState
from service.messages.pages import load_pages
from service.people.find import people_by_id
from service.people.register import LANGUAGES
from service.rsvps.respond import rsvps_of
from service.rsvps.rules import ORDER
from service.rsvps.tables import COMING, SeatRole
from service.web.console.cards import checkin_cards
from service.web.console.desk import AtDesk, Desk
from service.web.session import Read

router = APIRouter()

GOING = (CheckInState.APPROVED, CheckInState.UNDERWAY)


@dataclass(frozen=True)
class Going:
    """Somebody who goes along: as much of the name as whoever prints it may see."""

    role: SeatRole
    alias: str


@router.get("/checkins/{checkin_id}/sheet")
def run_sheet(session: Read, desk: AtDesk, checkin_id: UUID) -> HTMLResponse:
    """Show the sheet: where and when, who, numbers to know by heart, the ladder, what each end asks for.

    No phone, no surname, no address of the family is on it; names are masked as on every page, with
    room to write.
    """
    checkin = get_checkin(session, desk.chapter_id, checkin_id)
    if checkin.state not in GOING:
        raise WrongState("checkin_not_in_state", f"check-in {checkin.id} is {checkin.state}")
    return desk.page(
        "run_sheet.html",
        card=checkin_cards(session, desk, [checkin])[0],
        chapter=get_chapter(session, desk.chapter_id),
        meet_at=checkin.starts_at - MEET_BEFORE,
        going=_going(session, desk, checkin),
        outcomes=list(Outcome),
        languages=LANGUAGES,
        say=load_pages().say,
    )


def _going(session: Session, desk: Desk, checkin: CheckIn) -> list[Going]:
    rsvps = rsvps_of(session, [checkin.subject])[checkin.subject]
    coming = [rsvp for rsvp in rsvps if rsvp.state in COMING]
    people = people_by_id(session, (rsvp.person_id for rsvp in coming))
    reader = desk.reader()
    found = [
        Going(rsvp.role, reader.show(people[rsvp.person_id].sealed_alias()))
        for rsvp in coming
        if rsvp.role is not None
    ]
    return sorted(found, key=lambda one: ORDER.index(one.role))
