"""Threads as a list shows them: who, since when, how many texts, and the newest of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, func, or_
from sqlmodel import Session, col, select

from service.inbox.tables import Inbound, Thread, ThreadState
from service.inbox.threads import numbers_of
from service.people.tables import EmergencyContact, Family, Membership, Person, Volunteer


class Shown(StrEnum):
    """Which threads: what waits, one's own, unknown numbers, what is done, all of them."""

    WAITING = "waiting"
    MINE = "mine"
    UNKNOWN = "unknown"
    DONE = "done"
    ALL = "all"


class Kind(StrEnum):
    """What somebody is to us. UNKNOWN: a number that has only ever texted."""

    FAMILY = "family"
    VOLUNTEER = "volunteer"
    CONTACT = "contact"
    UNKNOWN = "unknown"


LONGEST_FIRST = (Shown.WAITING, Shown.MINE, Shown.UNKNOWN)


@dataclass(frozen=True)
class Row:
    """One thread of a list. waiting: how many texts wait; newest: the last of these, or of all."""

    thread: Thread
    person: Person
    kind: Kind
    waiting: int = 0
    newest: Inbound | None = None


def find_threads(
    session: Session, chapter_id: UUID, shown: Shown, *, me: UUID | None, after: UUID | None = None,
    limit: int,
) -> list[Row]:  # fmt: skip
    """Return a page of threads, those after thread `after`: longest waiting first, or newest first.

    Two queries, however many rows; one more where `after` is given.
    """
    columns: Any = (
        Thread, Person, _is_family(chapter_id), _is_volunteer(chapter_id), _is_contact()
    )  # fmt: skip
    query: Any = (
        select(*columns)
        .join(Person, col(Person.id) == Thread.person_id)
        .where(*_among(chapter_id, shown, me))
    )
    at = _order(shown)
    is_up = shown in LONGEST_FIRST
    last = session.get(Thread, after) if after is not None else None
    if last is not None:
        query = query.where(_behind(at, _moment(last, shown), last.id, is_up=is_up))
    order = (at, col(Thread.id)) if is_up else (at.desc(), col(Thread.id).desc())
    rows = session.exec(query.order_by(*order).limit(limit)).all()
    newest = _newest(session, chapter_id, [person.id for _, person, *_ in rows])
    made = []
    for thread, person, *is_what in rows:
        text, waiting = newest.get(person.id, (None, 0))
        made.append(Row(thread, person, _kind(*is_what), waiting, text))
    return made


def count_threads(session: Session, chapter_id: UUID, *, me: UUID | None) -> dict[Shown, int]:
    """Return how many threads wait, are one's own, or of unknown numbers. One query."""
    counted = [
        func.sum(case((and_(*_among(chapter_id, shown, me)), 1), else_=0))
        for shown in LONGEST_FIRST
    ]
    query: Any = (
        select(*counted)
        .select_from(Thread)
        .join(Person, col(Person.id) == Thread.person_id)
        .where(Thread.chapter_id == chapter_id, Thread.state != ThreadState.DONE)
    )
    found = session.exec(query).one()
    return {shown: int(number or 0) for shown, number in zip(LONGEST_FIRST, found, strict=True)}


def kind_of(session: Session, person_id: UUID, chapter_id: UUID) -> Kind:
    """Return what somebody is to a chapter."""
    columns: Any = (_is_family(chapter_id), _is_volunteer(chapter_id), _is_contact())
    query: Any = select(*columns).select_from(Person).where(Person.id == person_id)
    return _kind(*session.exec(query).one())


def threads_of(session: Session, chapter_id: UUID, person_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Return person -> thread with the chapter of those who have one, one query."""
    query = select(Thread.person_id, Thread.id).where(
        col(Thread.person_id).in_(set(person_ids)), Thread.chapter_id == chapter_id
    )
    return dict(session.exec(query).all())


def _among(chapter_id: UUID, shown: Shown, me: UUID | None) -> Sequence[ColumnElement[bool]]:
    ours = col(Thread.chapter_id) == chapter_id
    going_on = col(Thread.state) != ThreadState.DONE
    is_known = or_(_is_family(chapter_id), _is_volunteer(chapter_id), _is_contact())
    return {
        Shown.WAITING: (ours, going_on, is_known),
        Shown.MINE: (ours, going_on, col(Thread.assigned_to) == me),
        Shown.UNKNOWN: (ours, going_on, ~is_known),
        Shown.DONE: (ours, col(Thread.state) == ThreadState.DONE),
        Shown.ALL: (ours,),
    }[shown]


def _order(shown: Shown) -> Any:
    return col(Thread.done_at) if shown is Shown.DONE else col(Thread.opened_at)


def _moment(thread: Thread, shown: Shown) -> datetime | None:
    return thread.done_at if shown is Shown.DONE else thread.opened_at


def _behind(at: Any, moment: datetime | None, id_: UUID, *, is_up: bool) -> ColumnElement[bool]:
    if is_up:
        return or_(at > moment, and_(at == moment, col(Thread.id) > id_))
    return or_(at < moment, and_(at == moment, col(Thread.id) < id_))


def _newest(
    session: Session, chapter_id: UUID, people: Sequence[UUID]
) -> dict[UUID, tuple[Inbound, int]]:
    """Return each one's newest text, rather one that waits, and how many wait. One query."""
    waits = and_(col(Inbound.needs_person), col(Inbound.handled_at).is_(None))
    window: dict[str, Any] = {"partition_by": col(Inbound.person_id)}
    ranked = (
        select(
            col(Inbound.id).label("id"),
            func.row_number()
            .over(order_by=(case((waits, 0), else_=1), col(Inbound.id).desc()), **window)
            .label("place"),
            func.sum(case((waits, 1), else_=0)).over(**window).label("waiting"),
        )
        .where(
            col(Inbound.person_id).in_(people), col(Inbound.sender_id).in_(numbers_of(chapter_id))
        )
        .subquery()
    )
    query: Any = (
        select(Inbound, ranked.c.waiting)
        .join(ranked, ranked.c.id == col(Inbound.id))
        .where(ranked.c.place == 1)
    )
    return {text.person_id: (text, int(waiting)) for text, waiting in session.exec(query)}


def _is_family(chapter_id: UUID) -> ColumnElement[bool]:
    at_home = exists().where(col(Family.person_id) == col(Person.id), col(Family.is_home))
    return _one_of(chapter_id, at_home.correlate(Person), and_(col(Membership.is_family)))


def _is_volunteer(chapter_id: UUID) -> ColumnElement[bool]:
    at_home = exists().where(
        col(Volunteer.person_id) == col(Person.id), col(Volunteer.left_at).is_(None)
    )
    here = and_(col(Membership.is_volunteer), col(Membership.left_at).is_(None))
    return _one_of(chapter_id, at_home.correlate(Person), here)


def _one_of(
    chapter_id: UUID, at_home: ColumnElement[bool], here: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Whether they are it at home, where this is their home, or here by their membership."""
    by_membership = exists().where(
        col(Membership.person_id) == col(Person.id), col(Membership.chapter_id) == chapter_id, here
    )
    is_home = col(Person.chapter_id) == chapter_id
    return or_(and_(is_home, at_home), by_membership.correlate(Person))


def _is_contact() -> ColumnElement[bool]:
    return exists().where(col(EmergencyContact.person_id) == col(Person.id)).correlate(Person)


def _kind(is_family: bool, is_volunteer: bool, is_contact: bool) -> Kind:
    if is_family:
        return Kind.FAMILY
    if is_volunteer:
        return Kind.VOLUNTEER
    return Kind.CONTACT if is_contact else Kind.UNKNOWN
