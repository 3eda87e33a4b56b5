"""One rally: how it is answered, its messages; and calling it off."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from service.blasts.drafts import open_draft_about
from service.blasts.progress import blasts_about
from service.blasts.tables import BlastKind
from service.chapters.find import get_chapter
from service.errors import WrongState
from service.rallies.cancel import cancel
from service.rallies.find import LIVE, get_rally
from service.rsvps.ask import count_asked
from service.web.console.cards import rally_cards
from service.web.console.desk import AtDesk, go_to
from service.web.console.messages import message_cards
from service.web.session import Read, Write

router = APIRouter()


@router.get("/rallies/{rally_id}")
def show(session: Read, desk: AtDesk, rally_id: UUID) -> HTMLResponse:
    """Show one rally: how it is answered, and its messages."""
    rally = get_rally(session, desk.chapter_id, rally_id)
    return desk.page(
        "rally.html",
        card=rally_cards(session, [rally])[0],
        asked=count_asked(session, [rally.subject]).get(rally.subject, 0),
        messages=message_cards(session, desk, blasts_about(session, rally.subject)),
        zone=get_chapter(session, desk.chapter_id).time_zone,
        can_cancel=rally.state in LIVE,
    )


@router.get("/rallies/{rally_id}/send")
def go_to_call(session: Read, desk: AtDesk, rally_id: UUID) -> Response:
    """Go to the last look at a rally's call; to the rally once it is sent."""
    rally = get_rally(session, desk.chapter_id, rally_id)
    call = open_draft_about(session, rally.subject, BlastKind.CALL)
    return go_to(f"/rallies/{rally.id}" if call is None else f"/drafts/{call.id}/send")


@router.get("/rallies/{rally_id}/cancel")
def confirm_cancel(session: Read, desk: AtDesk, rally_id: UUID) -> HTMLResponse:
    """Say who will be told, before it is cancelled."""
    rally = get_rally(session, desk.chapter_id, rally_id)
    if rally.state not in LIVE:
        raise WrongState("rally_not_in_state", f"rally {rally.id} is {rally.state}")
    return desk.page(
        "rally_cancel.html",
        card=rally_cards(session, [rally])[0],
        asked=count_asked(session, [rally.subject]).get(rally.subject, 0),
        zone=get_chapter(session, desk.chapter_id).time_zone,
    )


@router.post("/rallies/{rally_id}/cancel")
def cancel_rally(session: Write, desk: AtDesk, rally_id: UUID) -> Response:
    """Cancel it; exactly those who were asked are told, at once."""
    rally = get_rally(session, desk.chapter_id, rally_id)
    blast = cancel(session, desk.wiring.catalog, rally, by=desk.viewer, now=desk.now)
    return go_to("/" if blast is None else f"/messages/{blast.id}")
