"""Where a volunteer joins. It counts once their phone has replied; until then one text is all we send."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Depends, Request
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.chapters.find import first_chapter, sender_of
from service.messages.catalog import LANGUAGES
from service.outbox.ask_phone import ask_by_reply
from service.outbox.invite import TEXTS_A_WEEK
from service.people.offer import MOST_SEATS, SPOKEN
from service.people.phone import as_printed
from service.people.register import ROLES
from service.web.forms import Form, read_signup
from service.web.pages import form_again, page, reader_language, teller
from service.web.public.often import not_too_often, refused_as_too_many
from service.web.session import Now, Parts, Read, Write

router = APIRouter()


@router.get("/join")
def show(request: Request, session: Read) -> HTMLResponse:
    """Show the form, no box ticked."""
    language = reader_language(request)
    return _form(request, session, language, {"language": language})


@router.post("/join", dependencies=[Depends(not_too_often)])
def send(request: Request, session: Write, wiring: Parts, now: Now, form: Form) -> Response:
    """Keep the sign-up sealed and ask its phone; the answer is the same for every phone."""
    language = form["page"] if form["page"] in LANGUAGES else reader_language(request)
    chapter = first_chapter(session)
    typed = {name: value for name, value in form.typed.items() if name != "page"}

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _form(request, session, language, form.typed, problems=problems, status=status)

    tell = teller(request, language)
    with refused_as_too_many("phone", again, tell), form_again(again, tell):
        card = read_signup(form, wiring.settings.countries)
        ask_by_reply(session, wiring.outbox, chapter, card, typed, now=now)
    return page(
        request, "public/joined.html", language=language, chapter=chapter, path="/join",
        number=as_printed(sender_of(session, chapter.id).number),
    )  # fmt: skip


def _form(
    request: Request, session: Session, language: str, typed: Mapping[str, str], *,
    problems: Mapping[str, str] | None = None, status: int = 200,
) -> HTMLResponse:  # fmt: skip
    return page(
        request, "public/join.html", language=language, status=status, typed=typed,
        problems=problems or {}, chapter=first_chapter(session), spoken=SPOKEN, roles=ROLES,
        most_seats=MOST_SEATS, a_week=TEXTS_A_WEEK, path="/join",
    )  # fmt: skip
