"""Send the weekly list: once a week, at the chapter's hour, to each whom a visit fits, in one text.

What stands on whose list is decided and written in one transaction; the texts follow in chunks, each
a transaction of its own with a high-water mark, so that a crash in between costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from service.chapters.find import get_chapter
from service.chapters.tables import NO_LIST, Chapter, Office
from service.checkins.candidates import asks_lately, busy_people, candidate_of
from service.checkins.choose import list_before
from service.checkins.offer import Visit, assign
from service.checkins.tables import CheckIn, CheckInState, WeeklyList
from service.checkins.words import words
from service.db import Database
from service.messages.catalog import Value
from service.outbox.drill import id_in
from service.outbox.enqueue import Outbox, Text
from service.people.audience import Offer, offers_of
from service.people.listing import listed_by, others_listed
from service.people.tables import VETTED_LEVEL, Person
from service.rsvps.ask import LIST, Asked, ask_each
from service.rsvps.rules import filling
from service.rsvps.seats import seats_of
from service.rsvps.tables import Ask, Rsvp

CHUNK = 200
A_WEEK = timedelta(days=7)
LATE_AFTER = timedelta(hours=12)  # a list that could not begin by then is left out


def send_weekly_lists(database: Database, outbox: Outbox, *, now: datetime) -> int:
    """Begin the lists that are due at `now` and go on with those begun; return how many texts.

    Safe to run twice and after a crash: a chapter has one list a week, a person one text of it. Who
    belongs to several chapters gets one list over all of them, from the first that writes lists.
    """
    with database.write() as session:
        begin_due_lists(session, now=now)
    with database.read() as session:
        runs = session.exec(
            select(WeeklyList)
            .where(col(WeeklyList.done_at).is_(None))
            .order_by(col(WeeklyList.started_at))
        ).all()
        under_way = [(run.chapter_id, run.sent_on) for run in runs]
    written = 0
    for key in under_way:
        is_done = False
        while not is_done:
            with database.write() as session:
                count, is_done = _write_chunk(session, outbox, key, now)
                written += count
    return written


def begin_due_lists(session: Session, *, now: datetime) -> int:
    """Decide what stands on whose list, for every chapter whose hour has come; return how many lists."""
    begun = 0
    chapters = session.exec(select(Chapter).where(Chapter.list_weekday != NO_LIST)).all()
    for chapter in chapters:
        due_at = _newest_due(chapter, now)
        sent_on = due_at.astimezone(ZoneInfo(chapter.time_zone)).date()
        if now - due_at > LATE_AFTER or session.get(WeeklyList, (chapter.id, sent_on)) is not None:
            continue
        # A moment of its own for each: by it the texts of a run find what stands on their lists.
        started_at = now + timedelta(microseconds=begun)
        session.add(WeeklyList(chapter_id=chapter.id, sent_on=sent_on, started_at=started_at))
        session.flush()
        begun += _begin(session, chapter, due_at, started_at)
    return begun


def _newest_due(chapter: Chapter, now: datetime) -> datetime:
    """Return the newest moment, up to now, at which this chapter's list was to go out."""
    at = list_before(now + A_WEEK, chapter.list_weekday, chapter.list_minute, chapter.time_zone)
    return at if at <= now else list_before(
        now, chapter.list_weekday, chapter.list_minute, chapter.time_zone
    )  # fmt: skip


def _begin(session: Session, chapter: Chapter, due_at: datetime, now: datetime) -> int:
    zone = ZoneInfo(chapter.time_zone)
    day = due_at.astimezone(zone).date()
    monday = day + timedelta(days=7 - day.weekday())
    since, until = (_midnight(on, zone, now) for on in (monday, monday + A_WEEK))
    theirs = listed_by(session, chapter.id)
    checkins = session.exec(
        select(CheckIn).where(
            col(CheckIn.chapter_id).in_({chapter.id, *(one for _, one in theirs)}),
            CheckIn.state == CheckInState.APPROVED,
            ~col(CheckIn.is_drill),
            CheckIn.starts_at >= since,
            CheckIn.starts_at < until,
        )
    ).all()
    visits = _visits(session, checkins)
    offers = _offers(session, chapter.id, {one.chapter_id for one in checkins}, theirs, now)
    asks = asks_lately(session, now=now)
    by_subject = {checkin.subject: checkin for checkin in checkins}
    candidates = {
        visit.subject: [
            candidate_of(offer, session.get_one(Office, visit.door), asks)
            for offer in _free(
                session,
                offers[by_subject[visit.subject].chapter_id],
                by_subject[visit.subject],
                visit,
            )
        ]
        for visit in visits
    }
    assigned = assign(visits, candidates)
    everything: list[Asked] = [one for theirs in assigned.values() for one in theirs]
    ask_each(session, everything, kind=LIST, now=now, expires_at=until)
    for visit in visits:
        if by_subject[visit.subject].chapter_id == chapter.id:
            by_subject[visit.subject].listed_at = now
            session.add(by_subject[visit.subject])
    return 1


def _offers(
    session: Session, chapter_id: UUID, chapters: Iterable[UUID], theirs: set[tuple[UUID, UUID]],
    now: datetime,
) -> dict[UUID, list[Offer]]:  # fmt: skip
    """Return chapter -> its volunteers whose list this chapter writes: nobody gets two."""
    listed_elsewhere = others_listed(session, chapter_id)
    found = {}
    for each in {chapter_id, *chapters}:
        offers = offers_of(session, each, min_vetting=VETTED_LEVEL, now=now)
        found[each] = [
            offer
            for offer in offers
            if (each == chapter_id and offer.person_id not in listed_elsewhere)
            or (offer.person_id, each) in theirs
        ]
    return found


def _midnight(day: date, zone: ZoneInfo, like: datetime) -> datetime:
    return datetime.combine(day, datetime.min.time(), zone).astimezone(like.tzinfo)


def _visits(session: Session, checkins: Sequence[CheckIn]) -> list[Visit]:
    """Return those that lack people, with the seats that have room."""
    seats = seats_of(session, [checkin.subject for checkin in checkins])
    found = []
    for checkin in checkins:
        theirs = seats[checkin.subject]
        if not theirs or filling(theirs).is_full:
            continue
        family = session.get_one(Person, checkin.family_id)
        room = [seat for seat in theirs if seat.is_open and seat.taken < (seat.capacity or 0)]
        ends_at = max(seat.ends_at for seat in theirs)
        language, subject, door = family.language, checkin.subject, checkin.office_id
        found.append(Visit(subject, door, language, checkin.starts_at, ends_at, room))
    return found


def _free(session: Session, offers: Sequence[Offer], checkin: CheckIn, visit: Visit) -> list[Offer]:
    """Return who is not the family, has not answered about it, and is free at that hour."""
    answered = set(session.exec(select(Rsvp.person_id).where(Rsvp.subject == checkin.subject)))
    busy = busy_people(session, visit.starts_at, visit.ends_at)
    return [
        offer
        for offer in offers
        if offer.person_id != checkin.family_id
        and offer.person_id not in answered
        and offer.person_id not in busy
    ]


def _write_chunk(
    session: Session, outbox: Outbox, key: tuple[UUID, date], now: datetime
) -> tuple[int, bool]:
    """Write the next people's texts; return how many are new and whether that was all."""
    run = session.get_one(WeeklyList, key, with_for_update=True)
    if run.done_at is not None:
        return 0, True
    chapter = get_chapter(session, run.chapter_id)
    query = (
        select(Ask.person_id)
        .where(Ask.kind == LIST, Ask.asked_at == run.started_at)
        .distinct()
        .order_by(col(Ask.person_id))
        .limit(CHUNK)
    )
    if run.through is not None:
        query = query.where(Ask.person_id > run.through)
    people = session.exec(query).all()
    written = sum(_text(session, outbox, chapter, run, person, now) for person in people)
    if people:
        run.through = people[-1]
    if len(people) < CHUNK:
        run.done_at = now
    session.add(run)
    session.flush()
    return written, run.done_at is not None


def _text(
    session: Session, outbox: Outbox, chapter: Chapter, run: WeeklyList, person_id: UUID,
    now: datetime,
) -> bool:  # fmt: skip
    person = session.get_one(Person, person_id)
    asks = session.exec(
        select(Ask)
        .where(Ask.person_id == person_id, Ask.kind == LIST, Ask.asked_at == run.started_at)
        .order_by(col(Ask.number))
    ).all()
    items = [_item(session, outbox, chapter, ask, person.language) for ask in asks]
    if len(items) == 1:
        template, values = "weekly_list_one", items[0]
    else:
        lines = [
            outbox.catalog.text("list_item", person.language, number=str(ask.number), **item)
            for ask, item in zip(asks, items, strict=True)
        ]
        joined = outbox.catalog.join(lines, person.language, last="items")
        template, values = "weekly_list", {"items": joined}
    text = Text(
        template,
        once_key=f"list:{chapter.id.hex}:{run.sent_on}:{person_id.hex}",
        subject=f"person:{person_id.hex}",
        values=values,
        not_after=run.started_at + timedelta(days=2),
    )
    return outbox.of(chapter.id).text(session, person, text, now=now)


def _item(
    session: Session, outbox: Outbox, chapter: Chapter, ask: Ask, language: str
) -> dict[str, Value]:
    checkin = session.get_one(CheckIn, id_in(ask.subject))
    office = session.get_one(Office, checkin.office_id)
    said = words(checkin, office, chapter, language, outbox.catalog)
    return {"weekday": said.weekday, "part_of_day": said.part_of_day, "area": said.area}
