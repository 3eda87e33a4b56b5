"""Actions on the console: written, looked at, announced over days, followed, closed with a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.blasts.progress import blasts_about
from service.blasts.second import needs_second
from service.chapters.find import get_chapter
from service.chapters.tables import Chapter
from service.chapters.voice import voice_of
from service.db import new_id
from service.errors import InvalidValue, WrongState
from service.people.audience import Audience, count_audience
from service.people.register import LANGUAGES
from service.rallies.actions.announce import (
    UNDO,
    announce_action,
    audience_of,
    take_action_back,
    wait_of,
)
from service.rallies.actions.count import count_done
from service.rallies.actions.draft import (
    LONGEST_TARGET,
    ActionDraft,
    bodies_of,
    first_text,
    problems_of,
    save_action,
)
from service.rallies.actions.find import get_action, newest_actions
from service.rallies.actions.rules import MOST_DAYS
from service.rallies.actions.tables import Action, ActionKind, ActionState
from service.rallies.actions.tell import check_result, close_action, first_result, people_to_tell
from service.rallies.draft import LONGEST_TITLE
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.messages import message_cards
from service.web.console.previews import bubbles
from service.web.console.quiet import quiet_until
from service.web.console.who import Here, must_be_confirmed
from service.web.forms import Answers, Form, Sent
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()

WRITE_FOR_ME = "write"  # the button that fills in the texts
SEND = "send"  # the buttons of the check page
CHANGE = "change"
MOST_SHOWN = 50


@dataclass(frozen=True)
class ActionCard:
    """One action. `status`: its state, or over. `asked`: people on the days that were sent."""

    action: Action
    status: str
    done: int
    asked: int


@router.get("/actions")
def actions(session: Read, desk: AtDesk) -> HTMLResponse:
    """Show every action, newest first."""
    shown = newest_actions(session, desk.chapter_id, limit=MOST_SHOWN)
    zone = get_chapter(session, desk.chapter_id).time_zone
    return desk.page("actions.html", cards=action_cards(session, desk, shown), zone=zone)


@router.get("/actions/new")
def new_action(session: Read, desk: AtDesk) -> HTMLResponse:
    """Show an empty form, with the id that its draft will have."""
    usual = {"id": str(new_id()), "kind": ActionKind.CALL.value, "days": "1"}
    return _form(session, desk, usual)


@router.post("/actions/new")
def save_new_action(session: Write, desk: AtDesk, form: Form) -> Response:
    """Save a new draft and go on to the check page; a second click saves the same one."""
    return _save(session, desk, form, Answers(form).id("id") or new_id())


@router.get("/actions/{action_id}/edit")
def edit_action(session: Read, desk: AtDesk, action_id: UUID) -> HTMLResponse:
    """Show a draft."""
    action = _in_state(session, desk, action_id, ActionState.DRAFT)
    return _form(session, desk, _typed(action, get_chapter(session, desk.chapter_id).time_zone))


@router.post("/actions/{action_id}/edit")
def save_action_changes(session: Write, desk: AtDesk, action_id: UUID, form: Form) -> Response:
    """Save a draft that was changed."""
    return _save(session, desk, form, get_action(session, desk.chapter_id, action_id).id)


@router.get("/actions/{action_id}")
def show_action(session: Read, desk: AtDesk, action_id: UUID) -> HTMLResponse:
    """Show one action: how many have done it, and its messages."""
    action = get_action(session, desk.chapter_id, action_id)
    return desk.page(
        "action.html",
        card=action_cards(session, desk, [action])[0],
        messages=message_cards(session, desk, blasts_about(session, action.subject)),
        bubbles=bubbles(bodies_of(action)),
        zone=get_chapter(session, desk.chapter_id).time_zone,
    )


@router.get("/actions/{action_id}/send")
def confirm_action(session: Read, desk: AtDesk, action_id: UUID) -> HTMLResponse:
    """Show what will arrive, at how many people, on how many days."""
    action = _in_state(session, desk, action_id, ActionState.DRAFT)
    chapter = get_chapter(session, desk.chapter_id)
    audience = count_audience(session, audience_of(action), now=desk.now)
    wait = wait_of(session, action, by=desk.viewer, people=audience.people)
    return desk.page(
        "action_send.html", action=action, audience=audience,
        bubbles=bubbles(bodies_of(action), audience.by_language), zone=chapter.time_zone,
        quiet_until=quiet_until(chapter, desk.now), undo_seconds=int((wait or UNDO).total_seconds()),
        needs_other=wait is None,
        a_day=-(-audience.people // action.days),
    )  # fmt: skip


@router.post("/actions/{action_id}/send")
def send_action(session: Write, desk: AtDesk, here: Here, action_id: UUID) -> Response:
    """Announce it; a second click does nothing."""
    action = get_action(session, desk.chapter_id, action_id)
    people = count_audience(session, audience_of(action), now=desk.now).people
    if needs_second(get_chapter(session, desk.chapter_id), people):
        must_be_confirmed(here, now=desk.now)
    announce_action(session, action, by=desk.viewer, now=desk.now)
    return go_to(f"/actions/{action.id}")


@router.post("/actions/{action_id}/undo")
def undo_action(session: Write, desk: AtDesk, action_id: UUID) -> Response:
    """Take it back before any of it has left: it is a draft again."""
    action = get_action(session, desk.chapter_id, action_id)
    take_action_back(session, action, by=desk.viewer, now=desk.now)
    return go_to(f"/actions/{action.id}/edit")


@router.get("/actions/{action_id}/close")
def write_result(session: Read, desk: AtDesk, action_id: UUID) -> HTMLResponse:
    """Ask how it went, with a first text."""
    action = _in_state(session, desk, action_id, ActionState.ANNOUNCED)
    typed = {
        f"result_{each}": first_result(session, desk.wiring.catalog, action, each)
        for each in LANGUAGES
    }
    return _result_form(session, desk, action, typed)


@router.post("/actions/{action_id}/close")
def end_action(session: Write, desk: AtDesk, here: Here, action_id: UUID, form: Form) -> Response:
    """Show who hears the result; then end it and tell them."""
    action = _in_state(session, desk, action_id, ActionState.ANNOUNCED)
    result = {each: form[f"result_{each}"] for each in LANGUAGES}
    all_asked = form["whom"] == "asked"

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _result_form(session, desk, action, form.typed, problems=problems, status=status)

    if form["action"] == CHANGE:
        return _result_form(session, desk, action, form.typed)
    with form_again(again, desk.tell):
        check_result(result)
        people = people_to_tell(session, action, all_asked=all_asked)
        if form["action"] != SEND:
            return _check_result(session, desk, action, result, people, form)
        is_for_many = needs_second(get_chapter(session, desk.chapter_id), len(people))
        if result["en"] and is_for_many:
            must_be_confirmed(here, now=desk.now)
        close_action(session, action, result, all_asked=all_asked, by=desk.viewer, now=desk.now)
    return go_to(f"/actions/{action.id}")


def action_cards(session: Session, desk: Desk, shown: Sequence[Action]) -> list[ActionCard]:
    """Return the cards of these actions."""
    done = count_done(session, [action.id for action in shown])
    return [
        ActionCard(
            action,
            _status(action, desk.now),
            done[action.id],
            len(people_to_tell(session, action, all_asked=True)),
        )
        for action in shown
    ]


def _status(action: Action, now: datetime) -> str:
    if action.state is ActionState.ANNOUNCED and action.deadline <= now:
        return "over"
    return action.state.value


def _in_state(session: Session, desk: Desk, action_id: UUID, state: ActionState) -> Action:
    action = get_action(session, desk.chapter_id, action_id)
    if action.state is not state:
        raise WrongState("action_not_in_state", f"action {action.id} is {action.state}")
    return action


def _save(session: Session, desk: Desk, form: Sent, action_id: UUID) -> Response:
    chapter = get_chapter(session, desk.chapter_id)
    if form["action"] == WRITE_FOR_ME:
        return _form(session, desk, _first_texts(session, desk, chapter, form))

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _form(session, desk, form.typed, problems=problems, status=status)

    with form_again(again, desk.tell):
        draft = _read(form, chapter, action_id, desk.now)
        action = save_action(session, chapter, draft, by=desk.viewer, now=desk.now)
    return go_to(f"/actions/{action.id}/send")


def _read(form: Sent, chapter: Chapter, action_id: UUID, now: datetime) -> ActionDraft:
    """Read the form. Raises InvalidForm with every field that is wrong."""
    answers = Answers(form)
    deadline = answers.moment("day", "clock", chapter.time_zone)
    draft = ActionDraft(
        id=action_id,
        kind=_kind(form),
        deadline=deadline or now + timedelta(days=MOST_DAYS + 1),
        days=answers.number("days", 1) or 0,
        **{name: form[name] for name in TYPED},
    )
    for problem in problems_of(draft, chapter.time_zone, now):
        field = "day" if problem.field == "deadline" else problem.field
        answers.wrong(InvalidValue(field, problem.code, **problem.values))
    answers.done()
    return draft


TYPED = (
    "title", "target", "target_phone", "link", "text_en", "text_es", "script_en", "script_es",
)  # fmt: skip


def _kind(form: Sent) -> ActionKind:
    kind = form["kind"]
    return ActionKind(kind) if kind in list(ActionKind) else ActionKind.CALL


def _first_texts(session: Session, desk: Desk, chapter: Chapter, form: Sent) -> dict[str, str]:
    speaking = voice_of(session, desk.wiring.catalog, chapter)
    deadline = Answers(form).moment("day", "clock", chapter.time_zone)
    written = {
        f"text_{each}": first_text(
            speaking, chapter, _kind(form), each, target_phone=form["target_phone"],
            link=form["link"], deadline=deadline,
        )
        for each in LANGUAGES
    }  # fmt: skip
    return dict(form.typed) | written


def _typed(action: Action, zone: str) -> dict[str, str]:
    until = action.deadline.astimezone(ZoneInfo(zone))
    return {name: getattr(action, name) for name in TYPED} | {
        "id": str(action.id), "kind": action.kind.value, "day": until.date().isoformat(),
        "clock": f"{until:%H:%M}", "days": str(action.days),
    }  # fmt: skip


def _form(
    session: Session, desk: Desk, typed: Mapping[str, str], *, status: int = 200,
    problems: Mapping[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    zone = get_chapter(session, desk.chapter_id).time_zone
    return desk.page(
        "action_form.html", status=status, typed=typed, problems=problems or {},
        kinds=list(ActionKind), languages=LANGUAGES, longest_title=LONGEST_TITLE,
        longest_target=LONGEST_TARGET, most_days=MOST_DAYS,
        today=desk.now.astimezone(ZoneInfo(zone)).date(),
    )  # fmt: skip


def _result_form(
    session: Session, desk: Desk, action: Action, typed: Mapping[str, str], *, status: int = 200,
    problems: Mapping[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    return desk.page(
        "action_close.html", status=status, typed=typed, problems=problems or {}, action=action,
        languages=LANGUAGES,
        took_part=len(people_to_tell(session, action, all_asked=False)),
        asked=len(people_to_tell(session, action, all_asked=True)),
    )  # fmt: skip


def _check_result(
    session: Session, desk: Desk, action: Action, result: Mapping[str, str],
    people: tuple[UUID, ...], form: Sent,
) -> HTMLResponse:  # fmt: skip
    audience = Audience(action.chapter_id, only=people)
    count = count_audience(session, audience, now=desk.now)
    told = {each: words for each, words in result.items() if words}
    return desk.page(
        "action_close_check.html", action=action, typed=form.typed, audience=count,
        bubbles=bubbles(told, count.by_language), languages=LANGUAGES,
    )  # fmt: skip
