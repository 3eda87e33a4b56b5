"""Drills of actions on the console: from an action's page to what the guests made of it."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from service.chapters.find import get_chapter
from service.db import new_id
from service.outbox.drill import guests_of, in_front
from service.outbox.tables import DRILL
from service.rallies.actions.drill import (
    end_action_drill,
    get_action_drill,
    learned_of_action,
    start_action_drill,
)
from service.rallies.actions.find import get_action
from service.rallies.actions.words import bodies_of
from service.web.console.desk import AtDesk, go_to
from service.web.console.drills import line_of_action, page_of_drill
from service.web.console.previews import bubbles
from service.web.forms import Answers, Form
from service.web.session import Read, Write

router = APIRouter()


@router.get("/actions/{action_id}/practise")
def look_before_practising(session: Read, desk: AtDesk, action_id: UUID) -> HTMLResponse:
    """Show what the guests will get."""
    action = get_action(session, desk.chapter_id, action_id)
    catalog, chapter = desk.wiring.catalog, get_chapter(session, desk.chapter_id)
    bodies = bodies_of(catalog, chapter, action)
    return desk.page(
        "action_drill_check.html", action=action, drill_id=new_id(),
        bubbles=bubbles({each: in_front(catalog, DRILL, each, bodies[each]) for each in bodies}),
        guests=len(guests_of(session, desk.chapter_id)), is_over=action.deadline <= desk.now,
    )  # fmt: skip


@router.post("/actions/{action_id}/practise")
def practise(session: Write, desk: AtDesk, action_id: UUID, form: Form) -> Response:
    """Start the drill; a second click starts the same one."""
    action = get_action(session, desk.chapter_id, action_id)
    drill = start_action_drill(
        session, desk.wiring.catalog, action, drill_id=Answers(form).id("id") or new_id(),
        by=desk.viewer, now=desk.now,
    )  # fmt: skip
    return go_to(f"/drills/actions/{drill.id}")


@router.get("/drills/actions/{drill_id}")
def show_action_drill(session: Read, desk: AtDesk, drill_id: UUID) -> HTMLResponse:
    """Show who did it, and how fast."""
    drill = get_action_drill(session, desk.chapter_id, drill_id)
    lines = learned_of_action(session, drill)
    return page_of_drill(session, desk, drill, lines, line_of_action(drill))


@router.post("/drills/actions/{drill_id}/end")
def finish_action_drill(session: Write, desk: AtDesk, drill_id: UUID) -> Response:
    """End it and tell the guests."""
    drill = get_action_drill(session, desk.chapter_id, drill_id)
    end_action_drill(session, desk.outbox, drill, by=desk.viewer, now=desk.now)
    return go_to(f"/drills/actions/{drill.id}")
