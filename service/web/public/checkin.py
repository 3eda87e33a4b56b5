"""Where a family registers an appointment. It answers the same, whether it knows the phone or not."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.chapters.find import first_chapter, get_office, list_offices
from service.checkins.register import MOST_PEOPLE, Registration, call_by, register
from service.checkins.tables import CheckIn
from service.messages.catalog import LANGUAGES
from service.web.forms import Form, read_registration
from service.web.pages import form_again, page, reader_language, teller
from service.web.session import Now, Parts, Read, Write

router = APIRouter()


@router.get("/checkin")
def show(request: Request, session: Read, now: Now) -> HTMLResponse:
    """Show the form."""
    language = reader_language(request)
    return _form(request, session, language, {"language": language}, today=now.date())


@router.post("/checkin")
def send(request: Request, session: Write, wiring: Parts, now: Now, form: Form) -> Response:
    """Write the appointment down and say who will call, from which number, by when."""
    language = form["page"] if form["page"] in LANGUAGES else reader_language(request)
    chapter = first_chapter(session)

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _form(
            request, session, language, form.typed, problems=problems, status=status,
            today=now.date(),
        )  # fmt: skip

    with form_again(again, teller(request, language)):
        told = read_registration(
            session, chapter, form, wiring.settings.countries, how="web", now=now
        )
        checkin: CheckIn = register(session, wiring.outbox, chapter, told, now=now)
    return _thanks(request, session, language, told, checkin)


def _form(
    request: Request, session: Session, language: str, typed: Mapping[str, str], *,
    today: object, status: int = 200, problems: Mapping[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    chapter = first_chapter(session)
    return page(
        request, "public/checkin.html", language=language, status=status, typed=typed,
        problems=problems or {}, chapter=chapter, offices=list_offices(session, chapter.id),
        most_people=MOST_PEOPLE, today=today,
    )  # fmt: skip


def _thanks(
    request: Request, session: Session, language: str, told: Registration, checkin: CheckIn
) -> HTMLResponse:
    chapter = first_chapter(session)
    return page(
        request, "public/thanks.html", language=language, chapter=chapter, told=told,
        office=get_office(session, chapter.id, told.office_id), call_by=call_by(checkin),
    )  # fmt: skip
