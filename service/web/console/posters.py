"""Posters to print, for families and for volunteers: their code opens a text to the chapter's number."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.chapters.find import get_chapter, sender_of
from service.messages.catalog import LANGUAGES
from service.messages.pages import load_pages
from service.messages.poster import LINES, WHO, draw_svg, lay_out, sms_address
from service.messages.poster_pdf import draw_pdf
from service.outbox.invite import TEXTS_A_WEEK
from service.people.phone import as_printed
from service.web.console.desk import AtDesk, Desk
from service.web.session import Read

router = APIRouter()

KEYWORDS = {
    ("family", "en"): "DATE", ("family", "es"): "CITA",
    ("volunteer", "en"): "JOIN", ("volunteer", "es"): "UNIRME",
}  # fmt: skip


@router.get("/posters")
def posters(session: Read, desk: AtDesk) -> HTMLResponse:
    """Show all posters, what they say, and how to print them."""
    made = [(who, language) for who in WHO for language in LANGUAGES]
    values = {f"{who}-{language}": _values(session, desk, who, language) for who, language in made}
    return desk.page("posters.html", posters=made, values=values, lines=LINES)


@router.get("/posters/{who}/{language}.{kind}")
def poster(
    session: Read, desk: AtDesk, who: Literal["family", "volunteer"],
    language: Literal["en", "es"], kind: Literal["svg", "pdf"],
) -> Response:  # fmt: skip
    """Return one poster."""
    chapter = get_chapter(session, desk.chapter_id)
    words, values = load_pages(), _values(session, desk, who, language)
    says = {line: words.say(f"poster_{who}.{line}", language, **values) for line in LINES}
    number = sender_of(session, chapter.id).number
    pieces = lay_out(chapter.network_name, says, sms_address(number, str(values["word"])))
    named = {"Content-Disposition": f'inline; filename="poster-{who}-{language}.{kind}"'}
    if kind == "pdf":
        drawn: bytes | str = draw_pdf(pieces, title=says["title"], language=language)
        return Response(drawn, media_type="application/pdf", headers=named)
    drawn = draw_svg(pieces, title=says["title"], language=language)
    return Response(drawn, media_type="image/svg+xml", headers=named)


def _values(session: Session, desk: Desk, who: str, language: str) -> dict[str, object]:
    chapter = get_chapter(session, desk.chapter_id)
    own = chapter.keyword.upper() if who == "volunteer" else ""
    return {
        "word": own or KEYWORDS[who, language],
        "number": as_printed(sender_of(session, chapter.id).number),
        "phone": chapter.contact_phone,
        "count": TEXTS_A_WEEK,
        "address": f"{desk.wiring.settings.public_url.partition('://')[2]}/terms",
    }
