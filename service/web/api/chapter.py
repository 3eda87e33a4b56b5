"""The caller's own chapter and its offices."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from service.chapters.find import get_chapter, list_offices
from service.chapters.tables import OfficeKind
from service.web.api.auth import Who
from service.web.api.paging import Page
from service.web.api.shapes import Shape
from service.web.session import Read

router = APIRouter(tags=["chapter"])


class ShownChapter(Shape):
    """A local group. Quiet hours are local; when both are equal there are none."""

    id: UUID
    name: str
    network_name: str
    contact_phone: str
    caller_name: str
    hotline: str
    time_zone: str
    quiet_from: str = Field(examples=["20:00"])
    quiet_until: str = Field(examples=["09:00"])


class ShownOffice(Shape):
    """Where people report."""

    id: UUID
    name: str
    kind: OfficeKind
    area: str
    address: str
    meeting_point: str
    time_zone: str
    usual_wait_minutes: int
    verified_on: date | None


@router.get("/chapter")
def see_chapter(session: Read, who: Who) -> ShownChapter:
    """Return the caller's chapter."""
    chapter = get_chapter(session, who.chapter_id)
    return ShownChapter(
        id=chapter.id,
        name=chapter.name,
        network_name=chapter.network_name,
        contact_phone=chapter.contact_phone,
        caller_name=chapter.caller_name,
        hotline=chapter.hotline,
        time_zone=chapter.time_zone,
        quiet_from=_clock(chapter.quiet_from_minute),
        quiet_until=_clock(chapter.quiet_until_minute),
    )


@router.get("/offices")
def find_offices(session: Read, who: Who) -> Page[ShownOffice]:
    """List the chapter's offices by name, all on one page."""
    offices = list_offices(session, who.chapter_id)
    return Page(items=[ShownOffice.model_validate(office) for office in offices], next=None)


def _clock(minute: int) -> str:
    return f"{minute // 60 % 24:02}:{minute % 60:02}"
