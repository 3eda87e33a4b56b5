"""The run sheet of one accompaniment: one page to print, in both languages, for who goes along."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from service.checkins.find import get_checkin_or_drill
from service.checkins.sheet import GOING
from service.errors import WrongState
from service.people.tables import Person
from service.web.console.desk import AtDesk
from service.web.run_sheet import sheet_of
from service.web.session import Read

router = APIRouter()


@router.get("/checkins/{checkin_id}/sheet")
def run_sheet(session: Read, desk: AtDesk, checkin_id: UUID) -> HTMLResponse:
    """Show the sheet: where and when, who, numbers to know by heart, the ladder, what each end asks for.

    No phone, no surname, no address of the family is on it; names are masked as on every page, with
    room to write.
    """
    checkin = get_checkin_or_drill(session, desk.chapter_id, checkin_id)
    if checkin.state not in GOING:
        raise WrongState("checkin_not_in_state", f"check-in {checkin.id} is {checkin.state}")
    reader = desk.reader()

    def masked(person: Person) -> str:
        return reader.show(person.sealed_alias())

    return desk.page("run_sheet.html", is_printed=True, **sheet_of(session, checkin, masked))
