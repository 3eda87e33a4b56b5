"""The run sheet on the lead's phone, by the link that was texted to it: read, never kept."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from sqlmodel import Session
from starlette.responses import Response

from service.chapters.find import first_chapter
from service.checkins.safety.tell import first_name
from service.checkins.sheet import open_sheet
from service.people.tables import Person
from service.web.pages import page, reader_language
from service.web.public.often import not_too_often
from service.web.run_sheet import sheet_of
from service.web.session import Now, Parts, Read

router = APIRouter()
limited = [Depends(not_too_often)]


@router.get("/s/{secret}")
def knock(request: Request, session: Read, now: Now, secret: str) -> Response:
    """Show one button: what looks at links before people do sees nothing."""
    if open_sheet(session, secret, now=now) is None:
        return _old(request, session)
    return page(
        request, "public/sheet_open.html", language=reader_language(request),
        chapter=first_chapter(session),
    )  # fmt: skip


@router.post("/s/{secret}", dependencies=limited)
def read(request: Request, session: Read, wiring: Parts, now: Now, secret: str) -> Response:
    """Show the sheet, with first names: as long as they lead it and it is not over."""
    found = open_sheet(session, secret, now=now)
    if found is None:
        return _old(request, session)
    checkin, lead = found

    def first(person: Person) -> str:
        return first_name(wiring.outbox, person)

    context = sheet_of(session, checkin, first)
    return page(request, "public/sheet.html", language=lead.language, is_printed=False, **context)


def _old(request: Request, session: Session) -> Response:
    return page(
        request, "public/sheet_old.html", language=reader_language(request), status=410,
        chapter=first_chapter(session),
    )  # fmt: skip
