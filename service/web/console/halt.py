"""Stop every text of the chapter: one tap away on every page, a typed word, undone by an admin."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.chapters.halt import go_on, halt, is_halted
from service.errors import InvalidValue
from service.privacy.policy import Role, is_at_least
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.who import Confirmed
from service.web.forms import Form
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()

WORDS = {"stop", "alto"}  # in either language, whatever the page's


@router.get("/halt")
def confirm_halt(session: Read, desk: AtDesk) -> HTMLResponse:
    """Say what stops and what doesn't; ask for the word."""
    return _page(session, desk)


@router.post("/halt")
def halt_all(session: Write, desk: AtDesk, form: Form) -> Response:
    """Stop. At once: nobody is asked for a passkey first."""

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _page(session, desk, problems=problems, status=status)

    with form_again(again, desk.tell):
        if form["word"].casefold() not in WORDS:
            raise InvalidValue("word", "wrong_word")
    halt(session, desk.chapter_id, by=desk.viewer, now=desk.now)
    return go_to("/halt")


@router.post("/halt/undo")
def let_go_on(session: Write, desk: AtDesk, _now: Confirmed) -> Response:
    """Let texts leave again."""
    go_on(session, desk.chapter_id, by=desk.viewer, now=desk.now)
    return go_to("/halt")


def _page(
    session: Session, desk: Desk, *, problems: Mapping[str, str] | None = None, status: int = 200
) -> HTMLResponse:
    return desk.page(
        "halt.html", status=status, problems=problems or {}, typed={},
        is_halted=is_halted(session, desk.chapter_id),
        is_admin=is_at_least(desk.organizer.role, Role.ADMIN),
    )  # fmt: skip
