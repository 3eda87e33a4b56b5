"""Sign in by a link that works once, choose a language, sign out."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from service.accounts.sign_in import is_link_good, sign_out, use_link
from service.accounts.tables import Organizer
from service.chapters.find import first_chapter
from service.errors import InvalidValue, NotFound
from service.messages.catalog import LANGUAGES
from service.web.console.desk import AtDesk, go_to
from service.web.console.who import clear_cookie, cookie_name, set_cookie
from service.web.forms import Form
from service.web.pages import page, reader_language
from service.web.session import Now, Parts, Read, Write

door = APIRouter()  # open to everybody
router = APIRouter()


@door.get("/signin")
def how_to_sign_in(request: Request) -> HTMLResponse:
    """Say how to get a link."""
    return page(request, "signin.html", language=reader_language(request))


@door.get("/signin/{secret}")
def look_at_link(request: Request, session: Read, now: Now, secret: str) -> HTMLResponse:
    """Show one button. Only pressing it uses the link up: a preview of the link does not."""
    language = reader_language(request)
    if not is_link_good(session, secret, now=now):
        return page(request, "link_old.html", language=language, status=410)
    try:
        network = first_chapter(session).network_name
    except NotFound:
        network = "Acompaña"
    return page(request, "link.html", language=language, network=network)


@door.post("/signin/{secret}")
def sign_in(request: Request, session: Write, wiring: Parts, now: Now, secret: str) -> Response:
    """Use the link up and sign this browser in."""
    if not is_link_good(session, secret, now=now):
        return page(request, "link_old.html", language=reader_language(request), status=410)
    answer = go_to("/")
    set_cookie(answer, wiring, use_link(session, secret, now=now))
    return answer


@router.post("/signout")
def leave(request: Request, session: Write, wiring: Parts, now: Now) -> Response:
    """End this browser's session."""
    sign_out(session, request.cookies.get(cookie_name(wiring), ""), now=now)
    answer = page(request, "signed_out.html", language=reader_language(request))
    clear_cookie(answer, wiring)
    return answer


@router.post("/language")
def choose_language(session: Write, desk: AtDesk, form: Form) -> Response:
    """Remember the organizer's language."""
    if form["language"] not in LANGUAGES:
        raise InvalidValue("language", "unknown_language")
    organizer = session.get_one(Organizer, desk.organizer.id)
    organizer.language = form["language"]
    session.add(organizer)
    return go_to("/")
