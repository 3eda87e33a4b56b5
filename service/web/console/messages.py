"""How far a message has come: on the board and on its own page; paused, resumed, stopped, undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.blasts.progress import Progress, get_blast, progress_of, progress_of_each
from service.blasts.stop import NOT_YET_OUT, pause, resume, stop
from service.blasts.tables import Blast, BlastKind, BlastState
from service.chapters.find import get_chapter
from service.checkins.find import get_checkin
from service.messages import dates
from service.outbox.gate import wordings_of
from service.privacy import audit
from service.rallies.actions.find import get_action
from service.rallies.drill import get_drill
from service.rallies.find import get_rally
from service.rallies.tables import Rally
from service.rallies.take_back import take_back
from service.web.console.cards import offices_by_id
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.previews import Bubble, bubbles
from service.web.session import Read, Write

router = APIRouter()


@dataclass(frozen=True)
class MessageCard:
    """One message to many people. `about`: the title of what it is about, or its place and day."""

    blast: Blast
    status: str
    about: str
    link: str
    progress: Progress
    is_undoable: bool

    @property
    def left_us(self) -> int:
        """How many are on their way or there."""
        return self.progress.sent + self.progress.delivered + self.progress.failed


@router.get("/messages/{blast_id}")
def show(session: Read, desk: AtDesk, blast_id: UUID) -> HTMLResponse:
    """Show one message: its words, and how far it has come."""
    return _page(session, desk, get_blast(session, desk.chapter_id, blast_id), "message.html")


@router.post("/messages/{blast_id}/pause")
def pause_it(session: Write, desk: AtDesk, blast_id: UUID) -> Response:
    """Hold back what has not left yet."""
    pause(session, get_blast(session, desk.chapter_id, blast_id))
    return _noted(session, desk, blast_id, "message.pause")


@router.post("/messages/{blast_id}/resume")
def resume_it(session: Write, desk: AtDesk, blast_id: UUID) -> Response:
    """Go on after a pause."""
    resume(session, get_blast(session, desk.chapter_id, blast_id))
    return _noted(session, desk, blast_id, "message.resume")


@router.get("/messages/{blast_id}/stop")
def confirm_stop(session: Read, desk: AtDesk, blast_id: UUID) -> HTMLResponse:
    """Ask before stopping for good."""
    return _page(session, desk, get_blast(session, desk.chapter_id, blast_id), "message_stop.html")


@router.post("/messages/{blast_id}/stop")
def stop_it(session: Write, desk: AtDesk, blast_id: UUID) -> Response:
    """Send no more of it, for good."""
    blast = get_blast(session, desk.chapter_id, blast_id)
    stop(session, blast, reason="stopped", now=desk.now)
    return _noted(session, desk, blast_id, "message.stop")


@router.post("/messages/{blast_id}/undo")
def undo(session: Write, desk: AtDesk, blast_id: UUID) -> Response:
    """Take a call back before any of it has left: it is a draft again, its words kept."""
    blast = get_blast(session, desk.chapter_id, blast_id)
    rally = take_back(session, blast, by=desk.viewer, now=desk.now)
    return go_to(f"/rallies/{rally.id}/edit")


def message_cards(session: Session, desk: Desk, blasts: Sequence[Blast]) -> list[MessageCard]:
    """Return the cards of these messages."""
    progress = progress_of_each(session, blasts)
    return [_card(session, desk, blast, progress[blast.id]) for blast in blasts]


def _card(session: Session, desk: Desk, blast: Blast, progress: Progress) -> MessageCard:
    about, link = _about(session, desk, blast)
    is_first_call = blast.kind is BlastKind.CALL and blast.state is BlastState.SCHEDULED
    return MessageCard(blast, _status(blast), about, link, progress, is_first_call)


def _about(session: Session, desk: Desk, blast: Blast) -> tuple[str, str]:
    kind, _, hex_id = blast.subject.partition(":")
    if kind == "rally":
        rally: Rally = get_rally(session, desk.chapter_id, UUID(hex_id))
        return rally.title, f"/rallies/{rally.id}"
    if kind == "drill":
        drill = get_drill(session, desk.chapter_id, UUID(hex_id))
        return drill.title, f"/drills/{drill.id}"
    if kind == "action":
        action = get_action(session, desk.chapter_id, UUID(hex_id))
        return action.title, f"/actions/{action.id}"
    checkin = get_checkin(session, desk.chapter_id, UUID(hex_id))
    office = offices_by_id(session, [checkin.office_id])[checkin.office_id]
    day = dates.page_day(checkin.starts_at, ZoneInfo(office.time_zone), desk.language)
    return f"{office.area}, {day}", f"/checkins/{checkin.id}"


def _status(blast: Blast) -> str:
    """Return which words tell the state: what is being written looks the same as what is sent."""
    return "sending" if blast.state is BlastState.PLANNING else blast.state.value


def _page(session: Session, desk: Desk, blast: Blast, template: str) -> HTMLResponse:
    words = wordings_of(session, [blast.id])[blast.id]
    shown: list[Bubble] = bubbles(words)
    return desk.page(
        template,
        card=_card(session, desk, blast, progress_of(session, blast)),
        bubbles=shown,
        zone=get_chapter(session, desk.chapter_id).time_zone,
        can_stop=blast.state in NOT_YET_OUT,
    )


def _noted(session: Session, desk: Desk, blast_id: UUID, action: str) -> Response:
    subject = f"message:{blast_id.hex}"
    audit.record(session, actor=desk.viewer, action=action, subject=subject, now=desk.now)
    return go_to(f"/messages/{blast_id}")
