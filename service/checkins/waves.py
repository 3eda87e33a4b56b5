"""Ask volunteers to come along: those who are vetted, once, in one wave."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session, col, select

from service.blasts.launch import Plan, launch
from service.blasts.tables import BlastKind
from service.chapters.find import get_chapter
from service.chapters.tables import Chapter, Office
from service.checkins.tables import CheckIn, CheckInState
from service.checkins.words import words
from service.db import new_id
from service.messages.catalog import Catalog
from service.outbox.tables import Priority
from service.people.audience import Audience
from service.people.register import LANGUAGES
from service.people.tables import VETTED_LEVEL
from service.rsvps.seats import filling_of
from service.rsvps.tables import SeatRole


def ask_for_company(session: Session, catalog: Catalog, *, now: datetime) -> int:
    """Ask about every approved check-in that lacks people and that nobody was asked about.

    Returns how many.

    Safe to run twice: `asked_at` is written in the same transaction.
    """
    waiting = session.exec(
        select(CheckIn).where(
            CheckIn.state == CheckInState.APPROVED,
            col(CheckIn.asked_at).is_(None),
            CheckIn.starts_at > now,
        )
    ).all()
    short = [one for one in waiting if not _is_staffed(session, one)]
    for checkin in short:
        _ask(session, catalog, checkin, now=now)
    return len(short)


def _is_staffed(session: Session, checkin: CheckIn) -> bool:
    filling = filling_of(session, checkin.subject)
    return filling.capacity > 0 and filling.is_full


def _ask(session: Session, catalog: Catalog, checkin: CheckIn, *, now: datetime) -> None:
    chapter = get_chapter(session, checkin.chapter_id)
    office = session.get_one(Office, checkin.office_id)
    missing = filling_of(session, checkin.subject).missing
    plan = Plan(
        id=new_id(),
        subject=checkin.subject,
        kind=BlastKind.ASK,
        audience=audience_of(checkin),
        bodies={
            language: ask_text(catalog, chapter, office, checkin, missing, language)
            for language in LANGUAGES
        },
        priority=Priority.NORMAL,
        not_after=checkin.starts_at,
        created_by="clock",
        asks=True,
    )
    launch(session, plan, now=now)
    checkin.asked_at = now
    session.add(checkin)


def audience_of(checkin: CheckIn) -> Audience:
    """Return who is asked to come along."""
    return Audience(checkin.chapter_id, min_vetting=VETTED_LEVEL)


def ask_text(
    catalog: Catalog, chapter: Chapter, office: Office, checkin: CheckIn,
    missing: Mapping[SeatRole, int], language: str,
) -> str:  # fmt: skip
    """Return what volunteers read: area, day and part of the day; never the hour or the place."""
    said = words(checkin, office, chapter, language, catalog)
    return catalog.speaking_as(network=chapter.network_name).text(
        "ask_checkin",
        language,
        day=said.day,
        part_of_day=said.part_of_day,
        area=said.area,
        missing=catalog.missing({role.value: n for role, n in missing.items()}, language),
    )
