"""An organizer's own calendar address: what is planned, without names and reasons."""

from __future__ import annotations

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.chapters.find import get_chapter
from service.people.feeds import make_feed, own_feed, revoke_feed
from service.privacy import audit
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.session import Read, Write

router = APIRouter()


@router.get("/account/calendar")
def show_calendar(session: Read, desk: AtDesk) -> HTMLResponse:
    """Explain the address, and whether there is one."""
    return _page(session, desk, "")


@router.post("/account/calendar")
def make_calendar(session: Write, desk: AtDesk) -> Response:
    """Make an address, or a new one in its place, and show it this once."""
    secret = make_feed(session, organizer_id=desk.organizer.id, now=desk.now)
    _note(session, desk, "calendar.make")
    return _page(session, desk, secret)


@router.post("/account/calendar/revoke")
def revoke_calendar(session: Write, desk: AtDesk) -> Response:
    """Make the address stop working."""
    revoke_feed(session, organizer_id=desk.organizer.id)
    _note(session, desk, "calendar.revoke")
    return go_to("/account/calendar")


def _note(session: Session, desk: Desk, action: str) -> None:
    audit.record(session, actor=desk.viewer, action=action, subject="organizer", now=desk.now)


def _page(session: Session, desk: Desk, secret: str) -> HTMLResponse:
    address = f"{desk.wiring.settings.public_url}/calendar/{secret}.ics" if secret else ""
    return desk.page(
        "feed.html", address=address, feed=own_feed(session, organizer_id=desk.organizer.id),
        zone=get_chapter(session, desk.chapter_id).time_zone,
    )  # fmt: skip
