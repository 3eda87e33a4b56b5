"""How far a message has come: on the board and on its own page; paused, resumed, stopped, undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.blasts.drafts import get_draft
from service.blasts.progress import Progress, get_blast, progress_of, progress_of_each
from service.blasts.stop import NOT_YET_OUT, held, pause, resume, retry_failed, stop
from service.blasts.tables import Blast, BlastKind, BlastState, MessageDraft
from service.chapters.find import get_chapter
from service.chapters.tables import Sender
from service.checkins.find import get_checkin_or_drill
from service.messages import dates
from service.outbox.again import Failure, failures_behind, not_sent_behind
from service.outbox.drill import id_in, is_drill, kind_in
from service.outbox.gate import get_wordings, wordings_of
from service.outbox.over_time import moments
from service.privacy import audit
from service.privacy.policy import Role, is_at_least
from service.rallies.actions.drill import get_action_drill
from service.rallies.actions.find import get_action
from service.rallies.drill import get_drill
from service.rallies.letter import rally_of
from service.rallies.tables import Rally
from service.rallies.take_back import take_back_draft
from service.web.console.cards import offices_by_id, rally_cards
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.picture import Picture, draw
from service.web.console.previews import Bubble, bubbles
from service.web.session import Read, Write

router = APIRouter()

# What a press came to where somebody else was quicker.
TOLD = (
    "again", "approved_already", "paused_already", "resumed_already", "stopped_already", "all_left",
)  # fmt: skip
# Why a text was never sent, in words; whatever else there is has no words of its own.
KNOWN_REASONS = (
    "opted_out", "no_consent", "number_dead", "stopped", "taken_back", "cancelled", "organizer",
    "too_late",
)  # fmt: skip


@dataclass(frozen=True)
class Speed:
    """How fast a message leaves (people a minute so far), and how long the rest takes."""

    a_minute: int
    seconds: int
    minutes: int


@dataclass(frozen=True)
class Quicker:
    """Who did already what somebody has just pressed, and when; is_reader: they themselves."""

    name: str
    at: datetime
    is_reader: bool


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
def show(session: Read, desk: AtDesk, blast_id: UUID, told: str = "") -> HTMLResponse:
    """Show one message: its words, and how far it has come. told: what a press just now came to."""
    blast = get_blast(session, desk.chapter_id, blast_id)
    return _page(session, desk, blast, "message.html", told=told if told in TOLD else "")


@router.post("/messages/{blast_id}/pause")
def pause_it(session: Write, desk: AtDesk, blast_id: UUID) -> Response:
    """Hold back what has not left yet."""
    blast = held(session, get_blast(session, desk.chapter_id, blast_id))
    if blast.state is BlastState.PAUSED:
        return go_to(f"/messages/{blast_id}?told=paused_already")
    pause(session, blast)
    return _noted(session, desk, blast_id, "message.pause")


@router.post("/messages/{blast_id}/resume")
def resume_it(session: Write, desk: AtDesk, blast_id: UUID) -> Response:
    """Go on after a pause."""
    blast = held(session, get_blast(session, desk.chapter_id, blast_id))
    if blast.state is BlastState.SENDING:
        return go_to(f"/messages/{blast_id}?told=resumed_already")
    resume(session, blast)
    return _noted(session, desk, blast_id, "message.resume")


@router.post("/messages/{blast_id}/retry")
def retry_it(session: Write, desk: AtDesk, blast_id: UUID) -> Response:
    """Try those again whose failure may pass. Nobody gets it twice."""
    blast = held(session, get_blast(session, desk.chapter_id, blast_id))
    retry_failed(session, blast, now=desk.now)
    return _noted(session, desk, blast_id, "message.retry")


@router.get("/messages/{blast_id}/stop")
def confirm_stop(session: Read, desk: AtDesk, blast_id: UUID) -> HTMLResponse:
    """Ask before stopping for good."""
    return _page(session, desk, get_blast(session, desk.chapter_id, blast_id), "message_stop.html")


@router.post("/messages/{blast_id}/stop")
def stop_it(session: Write, desk: AtDesk, blast_id: UUID) -> Response:
    """Send no more of it, for good. Whoever comes second is told so, and how many had left."""
    blast = held(session, get_blast(session, desk.chapter_id, blast_id))
    if blast.state is BlastState.STOPPED:
        return go_to(f"/messages/{blast_id}?told=stopped_already")
    if blast.state is BlastState.SENT:
        return go_to(f"/messages/{blast_id}?told=all_left")
    stop(session, blast, reason="stopped", by=desk.organizer.name, now=desk.now)
    return _noted(session, desk, blast_id, "message.stop")


@router.post("/messages/{blast_id}/undo")
def undo(session: Write, desk: AtDesk, blast_id: UUID) -> Response:
    """Take a message back before any of it has left: it is a draft again, its words kept."""
    blast = get_blast(session, desk.chapter_id, blast_id)
    draft = take_back_draft(session, blast, by=desk.viewer, now=desk.now)
    return go_to("/" if draft is None else f"/drafts/{draft.id}/edit")


def message_cards(session: Session, desk: Desk, blasts: Sequence[Blast]) -> list[MessageCard]:
    """Return the cards of these messages."""
    progress = progress_of_each(session, blasts)
    return [_card(session, desk, blast, progress[blast.id]) for blast in blasts]


def _card(session: Session, desk: Desk, blast: Blast, progress: Progress) -> MessageCard:
    about, link = _about(session, desk, blast)
    is_drafted = blast.kind in (BlastKind.CALL, BlastKind.NOTE, BlastKind.ACTION)
    is_waiting = blast.state is BlastState.SCHEDULED and not is_drill(blast.subject)
    is_undoable = is_drafted and is_waiting
    return MessageCard(blast, _status(blast), about, link, progress, is_undoable)


def _about(session: Session, desk: Desk, blast: Blast) -> tuple[str, str]:
    kind = kind_in(blast.subject)
    if kind == "message":
        return get_draft(session, desk.chapter_id, blast.id).title, f"/messages/{blast.id}"
    if kind == "rally":
        rally = session.get_one(
            Rally, id_in(blast.subject)
        )  # or another chapter's, which we call to
        return rally.title, f"/rallies/{rally.id}"
    if is_drill(blast.subject) and not kind:
        drill = get_drill(session, desk.chapter_id, id_in(blast.subject))
        return drill.title, f"/drills/{drill.id}"
    if kind == "action":
        if is_drill(blast.subject):
            practised = get_action_drill(session, desk.chapter_id, id_in(blast.subject))
            return practised.title, f"/drills/actions/{practised.id}"
        action = get_action(session, desk.chapter_id, id_in(blast.subject))
        return action.title, f"/actions/{action.id}"
    checkin = get_checkin_or_drill(session, desk.chapter_id, id_in(blast.subject))
    office = offices_by_id(session, [checkin.office_id])[checkin.office_id]
    day = dates.page_day(checkin.starts_at, ZoneInfo(office.time_zone), desk.language)
    return f"{office.area}, {day}", f"/checkins/{checkin.id}"


def _status(blast: Blast) -> str:
    """Return which words tell the state: what is being written looks the same as what is sent."""
    return "sending" if blast.state is BlastState.PLANNING else blast.state.value


def _page(
    session: Session, desk: Desk, blast: Blast, template: str, *, told: str = ""
) -> HTMLResponse:
    words = wordings_of(session, [blast.id])[blast.id]
    shown: list[Bubble] = bubbles(words)
    card = _card(session, desk, blast, progress_of(session, blast))
    failures = failures_behind(session, blast.id)
    rally = rally_of(session, blast.subject)
    return desk.page(
        template,
        card=card,
        bubbles=shown,
        zone=get_chapter(session, desk.chapter_id).time_zone,
        can_stop=blast.state in NOT_YET_OUT,
        told=told,
        quicker=_quicker(session, desk, blast, told),
        failures=[(each, each.code.says(desk.language)) for each in failures],
        can_retry=_can_retry(blast, failures, desk),
        not_sent=not_sent_behind(session, blast.id),
        known_reasons=KNOWN_REASONS,
        rally=rally,
        tally=rally_cards(session, [rally])[0].tally if rally is not None else None,
        speed=_speed(session, blast, card.progress, desk),
        picture=_picture(session, blast, card.progress, desk),
        is_drafter=is_at_least(desk.organizer.role, Role.ORGANIZER),
    )


def _quicker(session: Session, desk: Desk, blast: Blast, told: str) -> Quicker | None:
    """Return who did already what has just been pressed; None where none is told."""
    me = desk.organizer
    if told == "stopped_already" and blast.ended_by and blast.ended_at:
        return Quicker(blast.ended_by, blast.ended_at, blast.ended_by == me.name)
    if told == "approved_already":
        draft = session.get(MessageDraft, blast.id)
        if draft is not None and draft.approved_at is not None:
            return Quicker(draft.approved_by, draft.approved_at, draft.approved_by_id == me.id)
    return None


def _can_retry(blast: Blast, failures: Sequence[Failure], desk: Desk) -> bool:
    may_pass = any(failure.may_pass for failure in failures)
    is_out = blast.state in (BlastState.SENDING, BlastState.SENT)
    return may_pass and is_out and blast.not_after > desk.now


def _speed(session: Session, blast: Blast, progress: Progress, desk: Desk) -> Speed | None:
    """Return how fast it goes and how long what waits will take at this sender's rate."""
    if blast.state is not BlastState.SENDING or not progress.waiting:
        return None
    rate = max(session.get_one(Sender, blast.sender_id).segments_per_second, 0.01)
    parts = max(each.segments for each in get_wordings(session, blast.id).values())
    gone = progress.people - progress.waiting
    minutes = max((desk.now - (blast.launched_at or desk.now)).total_seconds(), 1) / 60
    seconds = max(1, round(progress.waiting * parts / rate))
    return Speed(round(gone / minutes), seconds, -(-seconds // 60))


def _picture(session: Session, blast: Blast, progress: Progress, desk: Desk) -> Picture | None:
    if blast.launched_at is None:
        return None
    until = max(blast.ended_at or desk.now, blast.launched_at)
    is_over = blast.ended_at is not None and not progress.waiting
    sums = moments(
        session, blast.id, since=blast.launched_at, until=until,
        arrived_in_all=progress.delivered if is_over else None,
    )  # fmt: skip
    return draw(sums, progress.people)


def _noted(session: Session, desk: Desk, blast_id: UUID, action: str) -> Response:
    subject = f"message:{blast_id.hex}"
    audit.record(session, actor=desk.viewer, action=action, subject=subject, now=desk.now)
    return go_to(f"/messages/{blast_id}")
