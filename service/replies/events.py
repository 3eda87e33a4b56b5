"""What a reply can be about: a check-in or a rally, in the words that an answer needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from service.chapters.find import get_chapter
from service.chapters.tables import Office
from service.checkins import words as checkin_words
from service.checkins.tables import CheckIn, CheckInState
from service.messages.catalog import Catalog
from service.outbox.drill import id_in, kind_in
from service.rallies import words as rally_words
from service.rallies.tables import Rally, RallyState


@dataclass(frozen=True)
class Event:
    """One event in one language. `area` is where, as public as a text may say it."""

    subject: str
    is_checkin: bool
    is_cancelled: bool
    is_all_clear: bool
    is_over: bool
    starts_at: datetime
    chapter_id: UUID
    day: str
    time: str
    area: str
    hours: str


def describe(
    session: Session, subject: str, language: str, catalog: Catalog, *, now: datetime
) -> Event:
    """Return the event that `subject` names. Raises when there is none: asks outlive no event."""
    id_ = id_in(subject)
    if kind_in(subject) == "checkin":
        return _checkin(session, id_, language, catalog, now)
    return _rally(session, id_, language, catalog, now)


def _checkin(session: Session, id_: UUID, language: str, catalog: Catalog, now: datetime) -> Event:
    checkin = session.get_one(CheckIn, id_)
    office = session.get_one(Office, checkin.office_id)
    chapter = get_chapter(session, checkin.chapter_id)
    said = checkin_words.words(checkin, office, chapter, language, catalog)
    return Event(
        subject=checkin.subject,
        is_checkin=True,
        is_cancelled=checkin.state is CheckInState.CANCELLED,
        is_all_clear=False,
        is_over=checkin.state is CheckInState.CLOSED or checkin.starts_at <= now,
        starts_at=checkin.starts_at,
        chapter_id=chapter.id,
        day=said.day,
        time=said.time,
        area=said.area,
        hours=said.hours,
    )


def _rally(session: Session, id_: UUID, language: str, catalog: Catalog, now: datetime) -> Event:
    rally = session.get_one(Rally, id_)
    zone = get_chapter(session, rally.chapter_id).time_zone
    said = rally_words.words(rally, zone, language, catalog)
    return Event(
        subject=rally.subject,
        is_checkin=False,
        is_cancelled=rally.state is RallyState.CANCELLED,
        is_all_clear=rally.state is RallyState.ALL_CLEAR,
        is_over=rally.state is RallyState.CLOSED or rally.ends_at <= now,
        starts_at=rally.starts_at,
        chapter_id=rally.chapter_id,
        day=said.day,
        time=said.time,
        area=rally.place,
        hours="",
    )
