"""Ask volunteers to come along, wave after wave, until the places are taken; then thank the others.

Whom, when and how many: `choose.py`. Each look at a check-in sets when to look again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from service.blasts.launch import Plan, launch
from service.blasts.tables import BlastKind
from service.chapters.find import get_chapter
from service.chapters.rules import EARLY, LATE, next_at, next_open
from service.chapters.tables import Chapter, Office
from service.chapters.voice import voice_of
from service.checkins.alarm import alarm_if_short
from service.checkins.candidates import candidates_for, may_ask_now
from service.checkins.choose import ANSWER_WITHIN, Choice, choose, pause_after, wave_size
from service.checkins.release import release_who_may_not_come, thank_the_not_needed
from service.checkins.tables import CheckIn, CheckInState
from service.checkins.words import words
from service.db import new_id
from service.messages.catalog import Catalog
from service.outbox.enqueue import Outbox
from service.outbox.tables import Priority
from service.people.audience import Audience
from service.people.register import LANGUAGES
from service.people.tables import VETTED_LEVEL, Person
from service.rsvps.ask import COME, Asked, ask_each
from service.rsvps.rules import filling
from service.rsvps.seats import seats_of
from service.rsvps.tables import Ask, Seat, SeatRole

BATCH = 50
A_DAY = timedelta(hours=24)


def ask_for_company(session: Session, outbox: Outbox, *, now: datetime) -> int:
    """Look at every check-in whose time for it has come: ask, thank, alarm; return how much was done.

    Safe to run twice: when to look again is written in the same transaction.
    """
    done = release_who_may_not_come(session, outbox, now=now)
    done += thank_the_not_needed(session, outbox, now=now)
    due = session.exec(
        select(CheckIn)
        .where(
            CheckIn.state == CheckInState.APPROVED,
            col(CheckIn.wave_at) <= now,
            CheckIn.starts_at > now,
        )
        .order_by(col(CheckIn.starts_at), col(CheckIn.id))
        .limit(BATCH)
    ).all()
    for checkin in due:
        done += _look(session, outbox, checkin, now=now)
    return done


def _look(session: Session, outbox: Outbox, checkin: CheckIn, *, now: datetime) -> int:
    """Ask the next wave about one check-in if it lacks people; return how many were asked."""
    chapter = get_chapter(session, checkin.chapter_id)
    seats = seats_of(session, [checkin.subject])[checkin.subject]
    left = checkin.starts_at - now
    checkin.wave_at = now + pause_after(chapter.wave_minutes, left)
    session.add(checkin)
    if filling(seats).is_full:
        return 0
    if not may_ask_now(chapter.time_zone, chapter, checkin.starts_at, now):
        checkin.wave_at = _next_hour_to_ask(chapter, checkin.starts_at, now)
        return 0
    office = session.get_one(Office, checkin.office_id)
    chosen = _choose(session, chapter, office, checkin, seats, now=now)
    if chosen:
        _ask(session, outbox.catalog, checkin, chosen, seats, now=now)
    is_out_of_people = not chosen and not _is_waited_for(session, checkin.subject, now)
    alarm_if_short(
        session, outbox, chapter, office, checkin, filling(seats),
        is_out_of_people=is_out_of_people, now=now,
    )  # fmt: skip
    return len(chosen)


def _choose(
    session: Session, chapter: Chapter, office: Office, checkin: CheckIn, seats: Sequence[Seat], *,
    now: datetime,
) -> list[Choice]:  # fmt: skip
    open_seats = [seat for seat in seats if seat.is_open and seat.taken < (seat.capacity or 0)]
    ends_at = max(seat.ends_at for seat in seats)
    family = session.get_one(Person, checkin.family_id)
    open_places = sum(filling(seats).missing.values())
    return choose(
        candidates_for(session, chapter, office, checkin, ends_at, now=now),
        open_seats,
        family.language,
        limit=wave_size(open_places, chapter.people_per_place, checkin.starts_at - now),
        most_asks=chapter.most_asks,
        all_grades=chapter.wave_minutes == 0,
    )


def _ask(
    session: Session, catalog: Catalog, checkin: CheckIn, chosen: Sequence[Choice],
    seats: Sequence[Seat], *, now: datetime,
) -> None:  # fmt: skip
    chapter = get_chapter(session, checkin.chapter_id)
    office = session.get_one(Office, checkin.office_id)
    missing = filling(seats).missing
    speaking = voice_of(session, catalog, chapter)
    wave = 1 + (session.exec(_waves_so_far(checkin.subject)).one() or 0)
    until = min(checkin.starts_at, now + ANSWER_WITHIN)
    ids = tuple(choice.candidate.person_id for choice in chosen)
    plan = Plan(
        id=new_id(),
        subject=checkin.subject,
        kind=BlastKind.ASK,
        audience=Audience(checkin.chapter_id, min_vetting=VETTED_LEVEL, only=ids),
        bodies={
            language: ask_text(speaking, chapter, office, checkin, missing, language)
            for language in LANGUAGES
        },
        priority=Priority.NORMAL,
        not_after=until,
        created_by="clock",
        quiet_exempt=checkin.starts_at - now <= A_DAY,  # its hour was looked at, person by person
    )
    launch(session, plan, now=now)
    asked = [Asked(one.candidate.person_id, checkin.subject, one.reason, wave) for one in chosen]
    ask_each(session, asked, kind=COME, now=now, expires_at=until)
    checkin.asked_at = checkin.asked_at or now
    session.add(checkin)


def _waves_so_far(subject: str) -> Any:
    return select(func.max(col(Ask.wave))).where(Ask.subject == subject)


def _is_waited_for(session: Session, subject: str, now: datetime) -> bool:
    """Return whether somebody who was asked may still answer."""
    query = select(Ask.id).where(
        Ask.subject == subject,
        Ask.kind == COME,
        col(Ask.answered_at).is_(None),
        col(Ask.closed_at).is_(None),
        Ask.expires_at > now,
    )
    return session.exec(query.limit(1)).first() is not None


def _next_hour_to_ask(chapter: Chapter, starts_at: datetime, now: datetime) -> datetime:
    """Return when the chapter may ask again: after its quiet hours, or from 5:30 on the last day."""
    zone = chapter.time_zone
    usual = next_open(now, zone, chapter.quiet_from_minute, chapter.quiet_until_minute)
    return min(usual, next_at(max(now, starts_at - A_DAY), zone, EARLY, LATE))


def audience_of(checkin: CheckIn) -> Audience:
    """Return who may ever be asked to come along."""
    return Audience(checkin.chapter_id, min_vetting=VETTED_LEVEL)


def ask_text(
    catalog: Catalog, chapter: Chapter, office: Office, checkin: CheckIn,
    missing: Mapping[SeatRole, int], language: str,
) -> str:  # fmt: skip
    """Return what volunteers read: area, day and part of the day; never the hour or the place.

    catalog: as the chapter speaks it.
    """
    said = words(checkin, office, chapter, language, catalog)
    return catalog.text(
        "ask_checkin",
        language,
        day=said.day,
        part_of_day=said.part_of_day,
        area=said.area,
        missing=catalog.missing({role.value: n for role, n in missing.items()}, language),
    )
