"""Who could be asked about a check-in at all: vetted, reachable, free at that hour, asked nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import Session, col, func, or_, select

from service.chapters.rules import EARLY, LATE, next_open, within
from service.chapters.tables import Chapter, Office
from service.checkins.cast import only_guests
from service.checkins.choose import ON_THE_WAY, Candidate
from service.checkins.tables import CheckIn, CheckInState
from service.outbox.tables import DRILL
from service.people.area import distance_miles
from service.people.audience import Offer, offers_of
from service.people.tables import VETTED_LEVEL
from service.rsvps.ask import COME, LIST
from service.rsvps.rules import Responder
from service.rsvps.tables import COMING, Ask, Rsvp, RsvpState, Seat, SeatRole

LATELY = timedelta(days=14)
OPEN_RALLY_BLOCKS = timedelta(hours=24)
KEPT_FREE = (*COMING, RsvpState.STANDBY)


class Busy(NamedTuple):
    """One thing that somebody has said yes to."""

    subject: str
    role: SeatRole | None
    starts_at: datetime
    ends_at: datetime


def may_ask_now(time_zone: str, chapter: Chapter, starts_at: datetime, now: datetime) -> bool:
    """Return whether somebody may be asked at this hour of theirs.

    Outside the chapter's quiet hours; about an event within 24 hours from 5:30 to 22:00.
    """
    if starts_at - now <= timedelta(hours=24):
        has_quiet_hours = chapter.quiet_from_minute != chapter.quiet_until_minute
        return not has_quiet_hours or within(now, time_zone, EARLY, LATE)
    return next_open(now, time_zone, chapter.quiet_from_minute, chapter.quiet_until_minute) == now


def candidates_for(
    session: Session, chapter: Chapter, office: Office, checkin: CheckIn, ends_at: datetime, *,
    now: datetime,
) -> list[Candidate]:  # fmt: skip
    """Return whom a wave about this check-in may ask now: in no order.

    Left out: the family, who has answered or was asked about it (since it last moved), who has
    another question open, who is not free then, and those whose hour is quiet. A drill asks its guests,
    whatever else they have to do.
    """
    offers = [
        offer
        for offer in offers_of(session, chapter.id, min_vetting=VETTED_LEVEL, now=now)
        if offer.person_id != checkin.family_id
        and may_ask_now(offer.time_zone, chapter, checkin.starts_at, now)
    ]
    gone = _asked_or_answered(session, checkin)
    busy: dict[UUID, list[Busy]] = {}
    if checkin.is_drill:
        offers = _guests(session, checkin, offers)
    else:
        gone |= with_open_question(session, now=now)
        busy = busy_people(session, checkin.starts_at, ends_at)
    same = _same_office_and_hour(session, checkin)
    asks = asks_lately(session, now=now)
    found = []
    for offer in offers:
        engaged = [one for one in busy.get(offer.person_id, []) if one.subject != checkin.subject]
        leads_there = bool(engaged) and all(
            one.subject in same and one.role is SeatRole.LEAD for one in engaged
        )
        if offer.person_id in gone or (engaged and not leads_there):
            continue
        found.append(candidate_of(offer, office, asks, is_there_already=leads_there))
    return found


def _guests(session: Session, checkin: CheckIn, offers: list[Offer]) -> list[Offer]:
    """Return those of a drill's guests who play nobody else in it."""
    found = set(only_guests(session, checkin, [offer.person_id for offer in offers]))
    return [one for one in offers if one.person_id in found - {checkin.stand_in_id}]


def candidate_of(
    offer: Offer, office: Office, asks: dict[UUID, tuple[int, datetime]], *,
    is_there_already: bool = False,
) -> Candidate:  # fmt: skip
    """Return a volunteer as the choice sees them, for this office."""
    count, last_at = asks.get(offer.person_id, (0, None))
    return Candidate(
        Responder(
            offer.person_id,
            offer.vetting,
            tuple(offer.roles),
            tuple(offer.languages),
            offer.car_seats,
        ),
        miles=distance_miles(offer.area, office.zip_code or office.area),
        asks=count,
        last_asked_at=last_at,
        is_there_already=is_there_already,
    )


def asks_lately(session: Session, *, now: datetime) -> dict[UUID, tuple[int, datetime]]:
    """Return person -> how often waves asked them in the last two weeks, and when anything did last.

    A weekly list counts as nothing but a date.
    """
    rows = session.exec(
        select(col(Ask.person_id), col(Ask.kind), func.count(), func.max(col(Ask.asked_at)))
        .where(
            col(Ask.kind).in_([COME, LIST]),
            col(Ask.asked_at) > now - LATELY,
            col(Ask.subject).startswith("checkin:"),
        )
        .group_by(col(Ask.person_id), col(Ask.kind))
    ).all()
    found: dict[UUID, tuple[int, datetime]] = {}
    for person_id, kind, count, last_at in rows:
        before, earlier = found.get(person_id, (0, last_at))
        found[person_id] = before + (count if kind == COME else 0), max(earlier, last_at)
    return found


def with_open_question(session: Session, *, now: datetime) -> set[UUID]:
    """Return who has a question open that a Y would answer: a visit's, or a rally's since yesterday.

    A weekly list is none: it is answered with numbers.
    """
    return set(
        session.exec(
            select(Ask.person_id).where(
                col(Ask.answered_at).is_(None),
                col(Ask.closed_at).is_(None),
                Ask.expires_at > now,
                Ask.kind != LIST,
                ~col(Ask.subject).startswith(DRILL),
                or_(
                    col(Ask.subject).startswith("checkin:"),
                    Ask.asked_at > now - OPEN_RALLY_BLOCKS,
                ),
            )
        )
    )


def busy_people(session: Session, starts_at: datetime, ends_at: datetime) -> dict[UUID, list[Busy]]:
    """Return who has said yes to something at that time, or waits for a place at it. No drill."""
    times = (
        select(
            col(Seat.subject).label("subject"),
            func.min(col(Seat.starts_at)).label("starts_at"),
            func.max(col(Seat.ends_at)).label("ends_at"),
        )
        .where(
            col(Seat.starts_at) < ends_at + ON_THE_WAY, col(Seat.ends_at) > starts_at - ON_THE_WAY
        )
        .group_by(col(Seat.subject))
        .subquery()
    )
    columns: Any = (Rsvp.person_id, Rsvp.subject, Rsvp.role, times.c.starts_at, times.c.ends_at)
    rows = session.execute(
        select(*columns)
        .join(times, times.c.subject == col(Rsvp.subject))
        .where(col(Rsvp.state).in_(KEPT_FREE), ~col(Rsvp.subject).startswith(DRILL))
    ).all()
    found: dict[UUID, list[Busy]] = defaultdict(list)
    for person_id, *rest in rows:
        found[person_id].append(Busy(*rest))
    return found


def _asked_or_answered(session: Session, checkin: CheckIn) -> set[UUID]:
    """Return who answered, was asked by a wave, or answered a list without choosing this one."""
    asked = select(Ask.person_id).where(
        Ask.subject == checkin.subject,
        or_(col(Ask.kind) == COME, col(Ask.answered_at).is_not(None)),
    )
    if checkin.moved_at is not None:
        asked = asked.where(Ask.asked_at >= checkin.moved_at)
    answered = select(Rsvp.person_id).where(Rsvp.subject == checkin.subject)
    if checkin.moved_at is not None:
        is_new = or_(Rsvp.answered_at >= checkin.moved_at, col(Rsvp.state).in_(KEPT_FREE))
        answered = answered.where(is_new)
    return set(session.exec(asked)) | set(session.exec(answered))


def _same_office_and_hour(session: Session, checkin: CheckIn) -> frozenset[str]:
    """Return the subjects of other check-ins at the same office that begin at the same time."""
    rows: Iterable[CheckIn] = session.exec(
        select(CheckIn).where(
            CheckIn.office_id == checkin.office_id,
            CheckIn.starts_at == checkin.starts_at,
            CheckIn.id != checkin.id,
            col(CheckIn.state).in_([CheckInState.APPROVED, CheckInState.UNDERWAY]),
        )
    )
    return frozenset(one.subject for one in rows)
