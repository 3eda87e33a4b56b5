"""Actions on the console: written, and followed while people do them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.blasts.drafts import open_draft_about
from service.blasts.progress import blasts_about
from service.blasts.tables import BlastKind
from service.chapters.find import get_chapter
from service.chapters.tables import Chapter
from service.chapters.voice import voice_of
from service.db import new_id
from service.errors import InvalidValue, WrongState
from service.people.register import LANGUAGES
from service.rallies.actions.count import count_asked, count_done
from service.rallies.actions.draft import LONGEST_TARGET, ActionDraft, problems_of, save_action
from service.rallies.actions.find import get_action, newest_actions
from service.rallies.actions.rules import MOST_DAYS
from service.rallies.actions.tables import Action, ActionKind, ActionState
from service.rallies.actions.words import bodies_of, first_text, values_of
from service.rallies.draft import LONGEST_TITLE
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.messages import message_cards
from service.web.console.previews import bubbles
from service.web.console.writing import (
    SAVE,
    WRITE_FOR_ME,
    changed,
    is_change_only,
    keep_unfinished,
    texts_of,
)
from service.web.forms import Answers, Form, Sent
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()

UNDER = "script_"  # and the language: words that come below the text
TYPED = (
    "title", "target", "target_phone", "link", "text_en", "text_es", "script_en", "script_es",
)  # fmt: skip
FIELDS = (*TYPED, "kind", "day", "clock", "days")
MOST_SHOWN = 50
USUAL_CLOCK = "17:00"  # offices close


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
def new_action(session: Read, desk: AtDesk, until: date | None = None) -> HTMLResponse:
    """Show an empty form, with the id that its draft will have. until: the day of its deadline."""
    usual = {"id": str(new_id()), "kind": ActionKind.CALL.value, "days": "1"}
    if until is not None:
        usual |= {"day": until.isoformat(), "clock": USUAL_CLOCK}
    return _form(session, desk, usual)


@router.post("/actions/new")
def save_new_action(session: Write, desk: AtDesk, form: Form) -> Response:
    """Save a new draft and go on to the check page; a second click saves the same one."""
    return _save(session, desk, form, Answers(form).id("id") or new_id())


@router.get("/actions/{action_id}/edit")
def edit_action(session: Read, desk: AtDesk, action_id: UUID, kept: str = "") -> HTMLResponse:
    """Show a draft, whole or as it was left."""
    call = open_draft_about(
        session, f"action:{action_id.hex}", BlastKind.ACTION, chapter_id=desk.chapter_id
    )
    if call is not None and call.typed.get("unfinished"):
        return _form(session, desk, dict(call.typed) | {"id": str(action_id)}, is_kept=bool(kept))
    action = _in_state(session, desk, action_id, ActionState.DRAFT)
    return _form(session, desk, _typed(action, get_chapter(session, desk.chapter_id).time_zone))


@router.post("/actions/{action_id}/edit")
def save_action_changes(session: Write, desk: AtDesk, action_id: UUID, form: Form) -> Response:
    """Save a draft that was changed."""
    return _save(session, desk, form, action_id)


@router.get("/actions/{action_id}")
def show_action(session: Read, desk: AtDesk, action_id: UUID) -> HTMLResponse:
    """Show one action: how many have done it, and its messages."""
    action = get_action(session, desk.chapter_id, action_id)
    chapter = get_chapter(session, desk.chapter_id)
    return desk.page(
        "action.html",
        card=action_cards(session, desk, [action])[0],
        messages=message_cards(session, desk, blasts_about(session, action.subject)),
        bubbles=bubbles(bodies_of(desk.wiring.catalog, chapter, action)),
        call=open_draft_about(session, action.subject, BlastKind.ACTION),
        zone=chapter.time_zone,
    )


def action_cards(session: Session, desk: Desk, shown: Sequence[Action]) -> list[ActionCard]:
    """Return the cards of these actions."""
    ids = [action.id for action in shown]
    done, asked = count_done(session, ids), count_asked(session, ids)
    return [
        ActionCard(action, _status(action, desk.now), done[action.id], asked[action.id])
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
    if is_change_only(form):
        return _form(session, desk, changed(form, under=UNDER))
    if form["action"] == SAVE:
        _keep_unfinished(session, desk, form, action_id)
        return go_to(f"/actions/{action_id}/edit?kept=yes")

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _form(session, desk, form.typed, problems=problems, status=status)

    with form_again(again, desk.tell):
        draft = _read(form, chapter, action_id, desk.now)
        action = save_action(session, chapter, draft, by=desk.viewer, now=desk.now)
    call = open_draft_about(session, action.subject, BlastKind.ACTION)
    return go_to("/" if call is None else f"/drafts/{call.id}/people")


def _keep_unfinished(session: Session, desk: Desk, form: Sent, action_id: UUID) -> None:
    """Keep the form as it is: what is missing can come later."""
    if session.get(Action, action_id) is not None:
        _in_state(session, desk, action_id, ActionState.DRAFT)
    keep_unfinished(
        session, desk, form, kind=BlastKind.ACTION, subject=f"action:{action_id.hex}", fields=FIELDS
    )


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
    problems: Mapping[str, str] | None = None, is_kept: bool = False,
) -> HTMLResponse:  # fmt: skip
    chapter = get_chapter(session, desk.chapter_id)
    deadline = Answers(Sent(typed)).moment("day", "clock", chapter.time_zone)
    values = {
        each: values_of(
            chapter, each, target_phone=typed.get("target_phone", ""), link=typed.get("link", ""),
            deadline=deadline,
        )
        for each in LANGUAGES
    }  # fmt: skip
    return desk.page(
        "action_form.html", status=status, typed=typed, problems=problems or {}, is_kept=is_kept,
        kinds=list(ActionKind), languages=LANGUAGES, longest_title=LONGEST_TITLE,
        longest_target=LONGEST_TARGET, most_days=MOST_DAYS,
        texts=texts_of(desk, chapter, typed, values, under=UNDER),
        today=desk.now.astimezone(ZoneInfo(chapter.time_zone)).date(),
    )  # fmt: skip
