"""End an action: how it went, looked at before it is told."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.blasts.compose import MISSING
from service.blasts.second import needs_second
from service.chapters.find import get_chapter
from service.errors import WrongState
from service.people.audience import Audience, Count, count_audience
from service.people.register import LANGUAGES
from service.rallies.actions.find import get_action
from service.rallies.actions.tables import Action, ActionState
from service.rallies.actions.tell import (
    check_result,
    close_action,
    first_result,
    people_to_tell,
    result_bodies,
)
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.look import TYPED_OVER, check_number
from service.web.console.previews import bubbles
from service.web.console.who import Here, must_be_confirmed
from service.web.console.writing import changed, is_change_only, plain_values, texts_of
from service.web.forms import Form
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()

SEND = "send"  # the buttons of the check page
CHANGE = "change"


@router.get("/actions/{action_id}/close")
def write_result(session: Read, desk: AtDesk, action_id: UUID) -> HTMLResponse:
    """Ask how it went, with a first text."""
    action = _announced(session, desk, action_id)
    typed = {
        f"text_{each}": first_result(session, desk.wiring.catalog, action, each)
        for each in LANGUAGES
    }
    return _form(session, desk, action, typed)


@router.post("/actions/{action_id}/close")
def end_action(session: Write, desk: AtDesk, here: Here, action_id: UUID, form: Form) -> Response:
    """Show who hears the result; then end it and tell them."""
    action = _announced(session, desk, action_id)
    result = {each: form[f"text_{each}"] for each in LANGUAGES}
    all_asked = form["whom"] == "asked"

    def again(problems: Mapping[str, str], status: int) -> Response:
        beside = {name.replace("result_", "text_"): words for name, words in problems.items()}
        return _form(session, desk, action, form.typed, problems=beside, status=status)

    if form["action"] == CHANGE or is_change_only(form):
        return _form(session, desk, action, changed(form))
    with form_again(again, desk.tell):
        check_result(result)
    people = people_to_tell(session, action, all_asked=all_asked)
    if form["action"] != SEND:
        return _look(session, desk, action, result, people, form.typed)

    def look_again(problems: Mapping[str, str], status: int) -> Response:
        return _look(
            session, desk, action, result, people, form.typed, problems=problems, status=status
        )

    is_for_many = needs_second(get_chapter(session, desk.chapter_id), len(people))
    if result["en"] and is_for_many:
        must_be_confirmed(here, now=desk.now)
    with form_again(look_again, desk.tell):
        if result["en"] and people:
            check_number(form, _reached(session, desk, action, people).people)
        close_action(
            session, desk.wiring.catalog, action, result, all_asked=all_asked, by=desk.viewer,
            now=desk.now,
        )  # fmt: skip
    return go_to(f"/actions/{action.id}")


def _announced(session: Session, desk: Desk, action_id: UUID) -> Action:
    action = get_action(session, desk.chapter_id, action_id)
    if action.state is not ActionState.ANNOUNCED:
        raise WrongState("action_not_in_state", f"action {action.id} is {action.state}")
    return action


def _reached(session: Session, desk: Desk, action: Action, people: tuple[UUID, ...]) -> Count:
    return count_audience(session, Audience(action.chapter_id, only=people), now=desk.now)


def _form(
    session: Session, desk: Desk, action: Action, typed: Mapping[str, str], *, status: int = 200,
    problems: Mapping[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    chapter = get_chapter(session, desk.chapter_id)
    return desk.page(
        "action_close.html", status=status, typed=typed, problems=problems or {}, action=action,
        texts=texts_of(desk, chapter, typed, plain_values(chapter)),
        took_part=len(people_to_tell(session, action, all_asked=False)),
        asked=len(people_to_tell(session, action, all_asked=True)),
    )  # fmt: skip


def _look(
    session: Session, desk: Desk, action: Action, result: Mapping[str, str],
    people: tuple[UUID, ...], typed: Mapping[str, str], *, status: int = 200,
    problems: Mapping[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    count = _reached(session, desk, action, people)
    arrives = result_bodies(desk.wiring.catalog, get_chapter(session, desk.chapter_id), result)
    told = {each: words for each, words in arrives.items() if words}
    return desk.page(
        "action_close_check.html", status=status, action=action, typed=typed, audience=count,
        problems=problems or {}, bubbles=bubbles(told, count.by_language), languages=LANGUAGES,
        has_dots=any(MISSING in words for words in told.values()),
        typed_over=TYPED_OVER,
    )  # fmt: skip
