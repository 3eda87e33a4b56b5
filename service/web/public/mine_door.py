"""The way to one's own page: ask for a link, open it, close the page. The same answer for every phone."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Depends, Request
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.chapters.find import first_chapter
from service.errors import InvalidValue
from service.messages.catalog import LANGUAGES
from service.outbox.send_link import send_link
from service.people.phone import read_phone
from service.people.visits import end_visit, is_good, use_link
from service.web.forms import Form
from service.web.pages import form_again, page, reader_language, teller
from service.web.public.often import not_too_often, refused_as_too_many
from service.web.public.visitor import Here, clear_cookie, cookie_name, go_to, set_cookie
from service.web.session import Now, Parts, Read, Write

router = APIRouter()
limited = [Depends(not_too_often)]


@router.get("/mine/link")
def ask(request: Request, session: Read) -> HTMLResponse:
    """Ask which phone the link should go to."""
    return _ask(request, session, reader_language(request), {})


@router.post("/mine/link", dependencies=limited)
def send(request: Request, session: Write, wiring: Parts, now: Now, form: Form) -> Response:
    """Text the link, if we know the phone; say the same if we don't."""
    language = form["page"] if form["page"] in LANGUAGES else reader_language(request)
    chapter = first_chapter(session)

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _ask(request, session, language, form.typed, problems=problems, status=status)

    tell = teller(request, language)
    with refused_as_too_many("phone", again, tell), form_again(again, tell):
        if not form["phone"]:
            raise InvalidValue("phone", "missing")
        phone = read_phone(form["phone"], wiring.settings.countries)
        send_link(session, wiring.outbox, chapter, phone, now=now)
    return page(
        request, "public/mine_sent.html", language=language, chapter=chapter, path="/mine/link"
    )


@router.get("/m/{secret}")
def look(request: Request, session: Read, now: Now, secret: str) -> Response:
    """Show one button. Only pressing it uses the link up: a preview of the link does not."""
    return _open(request, session, "" if not is_good(session, secret, now=now) else secret)


@router.post("/m/{secret}", dependencies=limited)
def open_it(request: Request, session: Write, wiring: Parts, now: Now, secret: str) -> Response:
    """Use the link up and open the page in this browser."""
    cookie = use_link(session, secret, now=now)
    if cookie is None:
        return _open(request, session, "")
    answer = go_to("/mine")
    set_cookie(answer, wiring, cookie)
    return answer


@router.post("/mine/close")
def close(session: Write, wiring: Parts, here: Here) -> Response:
    """Close the page in this browser."""
    end_visit(session, here.request.cookies.get(cookie_name(wiring), ""))
    answer = go_to("/mine/link")
    clear_cookie(answer, wiring)
    return answer


def _ask(
    request: Request, session: Session, language: str, typed: Mapping[str, str], *,
    problems: Mapping[str, str] | None = None, status: int = 200,
) -> HTMLResponse:  # fmt: skip
    return page(
        request, "public/mine_link.html", language=language, status=status, typed=typed,
        problems=problems or {}, chapter=first_chapter(session), path="/mine/link",
    )  # fmt: skip


def _open(request: Request, session: Session, secret: str) -> HTMLResponse:
    return page(
        request, "public/mine_open.html", language=reader_language(request), secret=secret,
        status=200 if secret else 410, chapter=first_chapter(session),
    )  # fmt: skip
