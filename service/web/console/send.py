"""One rally: how it is answered, its messages; and calling it off."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from service.blasts.drafts import open_draft_about
from service.blasts.progress import blasts_about
from service.blasts.tables import BlastKind
from service.chapters.find import chapters_by_id, get_chapter, is_alone
from service.errors import WrongState
from service.rallies.cancel import cancel
from service.rallies.find import LIVE, get_rally, shown_rally
from service.rallies.tables import RallyState
from service.rallies.together import CAN_OPEN, callers_of
from service.rsvps.ask import count_asked
from service.web.console.cards import rally_cards
from service.web.console.desk import AtDesk, go_to
from service.web.console.messages import message_cards
from service.web.session import Read, Write

router = APIRouter()


@router.get("/rallies/{rally_id}")
def show(session: Read, desk: AtDesk, rally_id: UUID) -> HTMLResponse:
    """Show one rally: how it is answered, and our messages; another chapter's can be joined."""
    rally = shown_rally(session, desk.chapter_id, rally_id)
    is_ours = rally.chapter_id == desk.chapter_id
    ours = [
        one for one in blasts_about(session, rally.subject) if one.chapter_id == desk.chapter_id
    ]
    callers = callers_of(session, rally)
    networks = chapters_by_id(session, callers)
    card = rally_cards(session, [rally])[0]
    return desk.page(
        "rally.html" if is_ours else "rally_shared.html",
        card=card,
        asked=count_asked(session, [rally.subject]).get(rally.subject, 0),
        messages=message_cards(session, desk, ours),
        zone=card.zone,
        can_cancel=rally.state in LIVE,
        can_open=rally.state in CAN_OPEN and not is_alone(session, desk.chapter_id),
        joined=[networks[each].network_name for each in callers[1:]],
        has_joined=desk.chapter_id in callers,
        can_call=rally.state is RallyState.ANNOUNCED and rally.starts_at > desk.now,
    )


@router.get("/rallies/{rally_id}/send")
def go_to_call(session: Read, desk: AtDesk, rally_id: UUID) -> Response:
    """Go to the last look at a rally's call; to the rally once it is sent."""
    rally = get_rally(session, desk.chapter_id, rally_id)
    call = open_draft_about(session, rally.subject, BlastKind.CALL, chapter_id=desk.chapter_id)
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
