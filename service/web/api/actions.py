"""Actions: drafted, changed, announced over days, counted, closed with a result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field
from sqlmodel import Session

from service.chapters.find import get_chapter
from service.db import new_id
from service.errors import InvalidValue
from service.messages.segments import LONGEST_BODY
from service.rallies.actions.announce import announce_action as announce_it
from service.rallies.actions.count import count_done
from service.rallies.actions.draft import (
    LONGEST_LINK,
    LONGEST_SCRIPT,
    LONGEST_TARGET,
    ActionDraft,
    save_action,
)
from service.rallies.actions.find import get_action, list_actions
from service.rallies.actions.rules import MOST_DAYS
from service.rallies.actions.tables import Action, ActionKind, ActionState
from service.rallies.actions.tell import close_action as close_it
from service.rallies.draft import LONGEST_TITLE
from service.web.api.auth import Caller, Who
from service.web.api.paging import Page, Paging, cut
from service.web.api.shapes import ONE_LINE, PLAIN, Moment, Shape, up_to
from service.web.session import Now, Parts, Read, Write

router = APIRouter(prefix="/actions", tags=["actions"])

ActionText = Annotated[str, up_to(LONGEST_BODY), PLAIN]
Script = Annotated[str, Field(max_length=LONGEST_SCRIPT), PLAIN]


class DraftedAction(Shape):
    """Something to do from where people are, in both languages. Nothing is sent before it is announced."""

    kind: ActionKind = ActionKind.CALL
    title: Annotated[str, up_to(LONGEST_TITLE), ONE_LINE, Field(examples=["Stay for a neighbor"])]
    target: Annotated[str, up_to(LONGEST_TARGET), ONE_LINE, Field(examples=["the director"])]
    target_phone: Annotated[str, Field(max_length=LONGEST_TARGET)] = ""
    link: Annotated[str, Field(max_length=LONGEST_LINK)] = ""
    deadline: Moment
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 1
    text_en: ActionText
    text_es: ActionText
    script_en: Script = ""
    script_es: Script = ""


class NewAction(DraftedAction):
    """A new draft. `id`: a UUID of your own makes it safe to send twice."""

    id: UUID | None = None


class Result(Shape):
    """How it ended, the whole text in both languages; leave both out to tell nobody."""

    result_en: str = ""
    result_es: str = ""
    all_asked: bool = False


class ShownAction(Shape):
    """An action and how many people have done it. Times are in UTC."""

    id: UUID
    kind: ActionKind
    state: ActionState
    title: str
    target: str
    target_phone: str
    link: str
    deadline: datetime
    days: int
    days_sent: int
    done: int
    text_en: str
    text_es: str
    script_en: str
    script_es: str
    result_en: str
    result_es: str
    created_by: str
    created_at: datetime
    announced_at: datetime | None
    next_send_at: datetime | None
    ended_at: datetime | None


@router.post("", status_code=201, responses={200: {"model": ShownAction}})
def draft_action(
    told: NewAction, response: Response, session: Write, who: Who, now: Now
) -> ShownAction:
    """Save a new draft; with an `id` that was used before, change that draft (200)."""
    existing = None if told.id is None else session.get(Action, told.id)
    if existing is not None and existing.chapter_id != who.chapter_id:
        raise InvalidValue("id", "id_taken")
    action = _save(session, who, told.id or new_id(), told, now)
    response.status_code = 201 if existing is None else 200
    return _show(session, [action])[0]


@router.get("")
def find_actions(paging: Annotated[Paging, Query()], session: Read, who: Who) -> Page[ShownAction]:
    """List the chapter's actions, oldest draft first."""
    rows = list_actions(session, who.chapter_id, after=paging.after, limit=paging.wanted)
    shown, following = cut(rows, paging, lambda row: row.id)
    return Page(items=_show(session, shown), next=following)


@router.get("/{action_id}")
def see_action(action_id: UUID, session: Read, who: Who) -> ShownAction:
    """Return one action."""
    return _show(session, [get_action(session, who.chapter_id, action_id)])[0]


@router.put("/{action_id}")
def change_action(
    action_id: UUID, told: DraftedAction, session: Write, who: Who, now: Now
) -> ShownAction:
    """Change a draft that has not been announced."""
    get_action(session, who.chapter_id, action_id)
    return _show(session, [_save(session, who, action_id, told, now)])[0]


@router.post("/{action_id}/announce")
def announce_action(
    action_id: UUID, session: Write, wiring: Parts, who: Who, now: Now
) -> ShownAction:
    """Ask every volunteer of the chapter, each on one of its days. Safe to send twice.

    To more people than the chapter's limit it is refused (409, `second_needed`).
    """
    action = get_action(session, who.chapter_id, action_id)
    session.refresh(action, with_for_update=True)
    if action.state is not ActionState.ANNOUNCED:
        announce_it(session, wiring.catalog, action, blast_id=new_id(), by=who.viewer, now=now)
    return _show(session, [action])[0]


@router.post("/{action_id}/close")
def close_action(
    action_id: UUID, told: Result, session: Write, wiring: Parts, who: Who, now: Now
) -> ShownAction:
    """End it and tell the result, to who took part or to all who were asked. Safe to send twice."""
    action = get_action(session, who.chapter_id, action_id)
    if action.state is not ActionState.CLOSED:
        result = {"en": told.result_en, "es": told.result_es}
        close_it(
            session, wiring.catalog, action, result, all_asked=told.all_asked, by=who.viewer,
            now=now,
        )  # fmt: skip
    return _show(session, [action])[0]


def _save(session: Session, who: Caller, id_: UUID, told: DraftedAction, now: datetime) -> Action:
    draft = ActionDraft(id=id_, **told.model_dump(exclude={"id"}))
    chapter = get_chapter(session, who.chapter_id)
    return save_action(session, chapter, draft, by=who.viewer, now=now)


def _show(session: Session, actions: Sequence[Action]) -> list[ShownAction]:
    done = count_done(session, [action.id for action in actions])
    names = set(ShownAction.model_fields) - {"done"}
    return [
        ShownAction(**{name: getattr(action, name) for name in names}, done=done[action.id])
        for action in actions
    ]
