"""The confirm page of a rally call, and its sending: now, with a short undo, or at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.blasts.progress import blasts_about
from service.chapters.find import get_chapter, sender_of
from service.chapters.tables import Chapter
from service.db import new_id
from service.errors import InvalidValue, WrongState
from service.people.audience import Count, count_audience
from service.rallies.announce import announce, audience_of
from service.rallies.cancel import cancel
from service.rallies.find import LIVE, get_rally
from service.rallies.tables import Rally, RallyState
from service.rsvps.ask import count_asked
from service.web.console.cards import rally_cards
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.messages import message_cards
from service.web.console.previews import Bubble, bubbles
from service.web.console.quiet import quiet_until
from service.web.console.who import Here, must_be_confirmed
from service.web.forms import Answers, Form, Sent
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()

UNDO = timedelta(seconds=10)
BIG_SEND = 50  # people; to more than these a passkey or a code is asked for again
LATER = "later"


@dataclass(frozen=True)
class Cost:
    """What a call costs: parts in all, and how long this sender takes to send them."""

    parts: int
    seconds: int

    @property
    def minutes(self) -> int:
        """The time in minutes, rounded up."""
        return -(-self.seconds // 60)


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
def confirm(session: Read, desk: AtDesk, rally_id: UUID) -> HTMLResponse:
    """Show what will arrive, at how many people, who is left out and why, and what it takes."""
    return _confirm(session, desk, rally_id, {"blast_id": str(new_id())})


@router.post("/rallies/{rally_id}/send")
def send(session: Write, desk: AtDesk, here: Here, rally_id: UUID, form: Form) -> Response:
    """Send it once, however often the button is pressed: by the id that the page was given."""

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _confirm(session, desk, rally_id, form.typed, problems=problems, status=status)

    rally = get_rally(session, desk.chapter_id, rally_id)
    if count_audience(session, audience_of(rally), now=desk.now).people > BIG_SEND:
        must_be_confirmed(here, now=desk.now)
    with form_again(again, desk.tell):
        zone = get_chapter(session, desk.chapter_id).time_zone
        at = _read_at(form, rally, zone, desk.now)
        blast = announce(
            session, rally, blast_id=Answers(form).id("blast_id") or new_id(), by=desk.viewer,
            now=desk.now, at=at,
        )  # fmt: skip
    return go_to(f"/messages/{blast.id}")


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


def _confirm(
    session: Session, desk: Desk, rally_id: UUID, typed: Mapping[str, str], *, status: int = 200,
    problems: Mapping[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    rally = get_rally(session, desk.chapter_id, rally_id)
    if rally.state is not RallyState.DRAFT:
        raise WrongState("rally_not_in_state", f"rally {rally.id} is {rally.state}")
    chapter = get_chapter(session, desk.chapter_id)
    audience: Count = count_audience(session, audience_of(rally), now=desk.now)
    shown = bubbles({"en": rally.text_en, "es": rally.text_es}, audience.by_language)
    return desk.page(
        "rally_send.html", status=status, typed=typed, problems=problems or {}, rally=rally,
        audience=audience, bubbles=shown, cost=_cost(session, chapter, shown),
        zone=chapter.time_zone, quiet_until=quiet_until(chapter, desk.now),
        undo_seconds=int(UNDO.total_seconds()),
    )  # fmt: skip


def _cost(session: Session, chapter: Chapter, shown: list[Bubble]) -> Cost:
    parts = sum(bubble.total_parts for bubble in shown)
    rate = max(sender_of(session, chapter.id).segments_per_second, 0.01)
    return Cost(parts, seconds=max(1, round(parts / rate)))


def _read_at(form: Sent, rally: Rally, zone: str, now: datetime) -> datetime:
    """Return when to send: in a moment, so that it can be undone, or at the time that was chosen."""
    if form["when"] != LATER:
        return now + UNDO
    answers = Answers(form)
    at = answers.moment("send_day", "send_clock", zone)
    if at is not None and at <= now:
        answers.wrong(InvalidValue("send_day", "past_date"))
    if at is not None and at >= rally.starts_at:
        answers.wrong(InvalidValue("send_day", "after_start"))
    answers.done()
    return at or now + UNDO
