"""Draft the call that an outcome asks for: organizers change it, send it or drop it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from service.chapters.find import get_chapter
from service.chapters.tables import Office
from service.chapters.voice import voice_of
from service.checkins.outcome.rules import DRAFTED, draft_start
from service.checkins.tables import CheckIn, Outcome, Publicity
from service.messages import dates
from service.messages.catalog import Catalog
from service.rallies.draft import Draft, save_draft
from service.rallies.tables import Rally


def draft_call(
    session: Session, catalog: Catalog, checkin: CheckIn, outcome: Outcome, *, by: str,
    now: datetime,
) -> Rally | None:  # fmt: skip
    """Save a draft in both languages; None where no call is usual, there is one already, or in a drill.

    Without the family's yes to publicity it holds nothing of theirs: no date, no door, no reason.
    """
    if outcome not in DRAFTED or checkin.rally_id is not None or checkin.is_drill:
        return None
    chapter = get_chapter(session, checkin.chapter_id)
    office = session.get_one(Office, checkin.office_id)
    zone = ZoneInfo(chapter.time_zone)
    is_public = checkin.publicity is Publicity.YES
    starts_at = draft_start(checkin.deadline_on if is_public else None, zone, now)
    speaking = voice_of(session, catalog, chapter)
    place = office.address if is_public else office.area

    def text(language: str) -> str:
        cause = outcome.value if is_public else "together"
        return speaking.text(
            "draft_call", language,
            day=dates.day(starts_at, zone, language), time=dates.time(starts_at, zone),
            place=place, reason=catalog.word("cause", cause, language),
        )  # fmt: skip

    day = dates.day(now, zone, "en")
    draft = Draft(
        title=f"{DRAFTED[outcome].value.replace('_', ' ').capitalize()}, {day}", place=place,
        starts_at=starts_at, text_en=text("en"), text_es=text("es"), kind=DRAFTED[outcome],
    )  # fmt: skip
    rally = save_draft(session, chapter, draft, by=by, now=now)
    checkin.rally_id = rally.id
    session.add(checkin)
    return rally
