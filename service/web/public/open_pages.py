"""What anybody may read: the privacy page, and what machines ask for."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from service.chapters.find import first_chapter, sender_of
from service.errors import Unavailable
from service.outbox.invite import TEXTS_A_WEEK
from service.people.pending import KEPT_FOR
from service.people.phone import as_printed
from service.people.tables import FormKind
from service.web.pages import page, reader_language
from service.web.public.visitor import clear_cookie
from service.web.session import Parts, Read

router = APIRouter()


@router.get("/privacy")
def privacy(request: Request, session: Read) -> HTMLResponse:
    """Say what is kept, for how long, and that numbers are never sold or shared."""
    return page(
        request, "public/privacy.html", language=reader_language(request),
        chapter=first_chapter(session), signup_days=KEPT_FOR[FormKind.JOIN].days,
        form_minutes=KEPT_FOR[FormKind.CHECKIN] // timedelta(minutes=1),
    )  # fmt: skip


@router.get("/terms")
def terms(request: Request, session: Read) -> HTMLResponse:
    """Say what carriers ask for: what is texted, how often, what it costs, HELP and STOP."""
    chapter = first_chapter(session)
    return page(
        request, "public/terms.html", language=reader_language(request), chapter=chapter,
        a_week=TEXTS_A_WEEK, number=as_printed(sender_of(session, chapter.id).number),
    )  # fmt: skip


@router.get("/away")
def away(request: Request, wiring: Parts) -> HTMLResponse:
    """Show what anybody might be reading: where the button leads that leaves quickly.

    Whoever left their own page is not led back to it.
    """
    answer = page(request, "public/away.html", language=reader_language(request))
    clear_cookie(answer, wiring)
    return answer


@router.get("/healthz")
def healthz(wiring: Parts) -> Response:
    """Answer 200 while the database answers, else 503."""
    try:
        wiring.database.ping()
    except Unavailable:
        return PlainTextResponse("the database does not answer\n", 503)
    return PlainTextResponse("ok\n")


@router.get("/robots.txt")
def robots() -> Response:
    """Ask search engines to stay away."""
    return PlainTextResponse("User-agent: *\nDisallow: /\n")
