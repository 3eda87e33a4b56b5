"""Apply an uploaded list: everybody new on it is invited once, or welcomed where they agreed on paper."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from service.chapters.find import get_chapter
from service.chapters.tables import Chapter
from service.db import Database
from service.errors import WrongState
from service.outbox.enqueue import Outbox, Text
from service.outbox.invite import TEXTS_A_WEEK, Offer, invite_volunteer
from service.people.consent import opt_in
from service.people.import_.judge import Row
from service.people.import_.keep import drop_list, judge_list, standings
from service.people.members import is_in_another
from service.people.register import make_volunteer, register_person
from service.people.tables import ListState, UploadedList
from service.privacy import audit
from service.privacy.keyring import KeyKind
from service.privacy.policy import Role, Viewer

A_TRANSACTION = 50  # rows
A_TICK = 500


def begin_list(session: Session, kept: UploadedList, *, by: Viewer, now: datetime) -> None:
    """Say yes to a list; the clock applies it. Safe to run twice. On the record."""
    if kept.state is ListState.APPLYING:
        return
    if kept.state is not ListState.WAITING:
        raise WrongState("list_gone")
    kept.state, kept.by_id, kept.by_name = ListState.APPLYING, by.id, by.name
    session.add(kept)
    audit.record(
        session, actor=by, action="import.begin", subject=f"list:{kept.id.hex}", now=now,
        detail="agreed on paper" if kept.agreed else "invited",
    )  # fmt: skip


def apply_lists(
    database: Database, outbox: Outbox, countries: Collection[str], *, now: datetime,
    most: int = A_TICK,
) -> int:  # fmt: skip
    """Apply what is begun and not done, at most so many rows; return how many people were added.

    Each few rows are a transaction with the place where to go on: a crash repeats nobody.
    """
    with database.read() as session:
        query = select(UploadedList.id).where(UploadedList.state == ListState.APPLYING)
        waiting = session.exec(query.order_by(col(UploadedList.id))).all()
    return sum(_apply(database, outbox, id_, countries, now=now, most=most) for id_ in waiting)


def _apply(
    database: Database, outbox: Outbox, list_id: UUID, countries: Collection[str], *,
    now: datetime, most: int,
) -> int:  # fmt: skip
    with database.read() as session:
        kept = session.get_one(UploadedList, list_id)
        rows = judge_list(outbox.keyring, kept, countries)
        begun = kept.next_row
    added = 0
    for start in range(begun, min(begun + most, len(rows)) or 1, A_TRANSACTION):
        with database.write() as session:
            some = rows[start : min(start + A_TRANSACTION, begun + most)]
            added += _apply_some(session, outbox, list_id, start, some, now=now)
    if begun + most >= len(rows):
        with database.write() as session:
            _finish(session, session.get_one(UploadedList, list_id), now)
        outbox.keyring.destroy(KeyKind.IMPORT, [list_id])
    return added


def _apply_some(
    session: Session, outbox: Outbox, list_id: UUID, start: int, rows: list[Row], *, now: datetime
) -> int:
    kept = session.exec(
        select(UploadedList).where(UploadedList.id == list_id).with_for_update()
    ).one()
    if kept.next_row != start or kept.state is not ListState.APPLYING:
        return 0  # somebody else was quicker
    chapter = get_chapter(session, kept.chapter_id)
    good = [row for row in rows if row.is_good]
    known = standings(session, outbox.keyring, chapter.id, [row.card.phone for row in good])
    new = [row for row in good if known.get(row.card.phone, "elsewhere") == "elsewhere"]
    for row in new:
        _add(session, outbox, chapter, kept, row, now)
    kept.next_row, kept.added = start + len(rows), kept.added + len(new)
    session.add(kept)
    return len(new)


def _add(
    session: Session, outbox: Outbox, chapter: Chapter, kept: UploadedList, row: Row, now: datetime
) -> None:
    by = Viewer(Role.ADMIN, kept.by_name, kept.by_id, kept.chapter_id)
    if not kept.agreed:
        offer = Offer(met_at=row.source, roles=row.roles)
        invite_volunteer(
            session, outbox, chapter, row.card, offer, how=f"list: {row.source}", by=by, now=now
        )
        return
    person = register_person(session, outbox.keyring, chapter, row.card, now=now)
    how = f"list: {row.source}; {kept.agreed}"
    is_second = is_in_another(session, person, chapter.id)
    make_volunteer(session, person, chapter.id, now=now, roles=row.roles, how=how)
    opt_in(session, person, how=how, now=now)
    outbox.of(chapter.id).text(
        session,
        person,
        Text(
            "joined_second" if is_second else "welcome",
            once_key=f"welcome:{person.id.hex}:{chapter.id.hex}",
            subject=f"person:{person.id.hex}",
            values={"count": TEXTS_A_WEEK},
        ),
        now=now,
    )


def _finish(session: Session, kept: UploadedList, now: datetime) -> None:
    if kept.state is not ListState.APPLYING:
        return
    drop_list(session, kept, state=ListState.DONE)
    audit.record(
        session, actor=Viewer(Role.ADMIN, kept.by_name, kept.by_id, kept.chapter_id),
        action="import.done", subject=f"list:{kept.id.hex}", now=now, detail=f"{kept.added} added",
    )  # fmt: skip
