"""What a text, an ask or an answer is about, in words: the rally's name, or the place and day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from service.chapters.find import get_chapter
from service.chapters.tables import Office
from service.checkins.tables import CheckIn
from service.messages import dates
from service.outbox.drill import id_in, kind_in
from service.rallies.tables import Rally
from service.web.console.desk import Desk


@dataclass(frozen=True)
class About:
    """One event: what it is called on pages, its day, and where its page is."""

    title: str
    day: str
    link: str


def abouts(session: Session, desk: Desk, subjects: Iterable[str]) -> dict[str, About]:
    """Return subject -> event, of this chapter's rallies and check-ins among them. Two queries."""
    wanted = [(kind_in(one), one) for one in set(subjects)]
    rallies = [id_in(one) for kind, one in wanted if kind == "rally"]
    checkins = [id_in(one) for kind, one in wanted if kind == "checkin"]
    return (_rallies(session, desk, rallies) if rallies else {}) | (
        _checkins(session, desk, checkins) if checkins else {}
    )


def _rallies(session: Session, desk: Desk, ids: list[UUID]) -> dict[str, About]:
    zone = get_chapter(session, desk.chapter_id).time_zone
    found = session.exec(
        select(Rally).where(Rally.chapter_id == desk.chapter_id, col(Rally.id).in_(ids))
    )
    return {
        rally.subject: About(
            rally.title,
            dates.page_day(rally.starts_at, ZoneInfo(zone), desk.language),
            f"/rallies/{rally.id}",
        )
        for rally in found
    }


def _checkins(session: Session, desk: Desk, ids: list[UUID]) -> dict[str, About]:
    rows = session.exec(
        select(CheckIn, Office)
        .join(Office, col(Office.id) == CheckIn.office_id)
        .where(CheckIn.chapter_id == desk.chapter_id, col(CheckIn.id).in_(ids))
    )
    return {
        checkin.subject: About(
            office.area,
            dates.page_day(checkin.starts_at, ZoneInfo(office.time_zone), desk.language),
            f"/checkins/{checkin.id}",
        )
        for checkin, office in rows
    }
