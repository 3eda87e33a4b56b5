"""How long the chapter waits: on the ladder of a safety check, and from one wave of asks to the next.

And from how many people on a message needs a second person, and how long an appointment is kept.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from service.chapters.change import WAITS, change_waits
from service.chapters.find import get_chapter
from service.chapters.tables import NO_LIST, Chapter
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.forms import Answers, Form, Sent
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()

SAFETY = ("safety_again_minutes", "safety_rung_minutes", "safety_call_minutes")
ASKS = ("wave_minutes", "people_per_place", "most_asks")
OTHERS = ("second_over", "keep_days")
NONE = "none"  # as the form names NO_LIST


@router.get("/settings/waits")
def waits(session: Read, desk: AtDesk) -> HTMLResponse:
    """Show how long we wait."""
    return _page(desk, _as_typed(get_chapter(session, desk.chapter_id)))


@router.post("/settings/waits")
def save_waits(session: Write, desk: AtDesk, form: Form) -> Response:
    """Change how long we wait."""

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _page(desk, form.typed, problems=problems, status=status)

    with form_again(again, desk.tell):
        told = _read(form)
        chapter = get_chapter(session, desk.chapter_id)
        change_waits(session, chapter, told, by=desk.viewer, now=desk.now)
    return go_to("/settings")


def _read(form: Sent) -> dict[str, int]:
    """Read the form. Raises InvalidForm with every field that is no number."""
    answers = Answers(form)
    told = {}
    for name in (*SAFETY, *ASKS, *OTHERS):
        answers.needed(name)
        told[name] = answers.number(name, 0) or 0
    weekday = form["list_weekday"]
    told["list_weekday"] = NO_LIST if weekday == NONE else answers.number("list_weekday", 0) or 0
    clock = answers.clock("list_clock")
    told["list_minute"] = clock.hour * 60 + clock.minute if clock else 0
    answers.done()
    return told


def _as_typed(chapter: Chapter) -> dict[str, str]:
    typed = {name: str(getattr(chapter, name)) for name in (*SAFETY, *ASKS, *OTHERS)}
    hours, minutes = divmod(chapter.list_minute, 60)
    weekday = NONE if chapter.list_weekday == NO_LIST else str(chapter.list_weekday)
    return typed | {"list_weekday": weekday, "list_clock": f"{hours:02}:{minutes:02}"}


def _page(
    desk: Desk, typed: Mapping[str, str], *, problems: Mapping[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:  # fmt: skip
    return desk.page(
        "settings_waits.html", status=status, typed=typed, problems=problems or {}, safety=SAFETY,
        asks=ASKS, others=OTHERS, limits=WAITS,
    )  # fmt: skip
