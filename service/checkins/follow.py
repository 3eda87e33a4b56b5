"""The next appointment after another: registered from it, approved anew, the two linked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from service.chapters.find import get_chapter
from service.checkins.register import Registration, register
from service.checkins.tables import CheckIn, CheckInState
from service.outbox.enqueue import Outbox
from service.people.register import Card
from service.people.tables import Person
from service.privacy.keyring import KeyKind
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader
from service.privacy.seal import seal
from service.rsvps.tables import COMING, Rsvp, RsvpState, Seat, SeatRole

KNOWN_FOR = timedelta(days=7)  # so long a lead may tell the next date
FAMILY_FOR = timedelta(days=90)
MAY_TELL = (SeatRole.LEAD, SeatRole.OUTSIDE_CONTACT)
NOT_ON = (CheckInState.SUBMITTED, CheckInState.CANCELLED)


def follow(
    session: Session, outbox: Outbox, before: CheckIn, starts_at: datetime, *,
    told_by: UUID | None, repeats: str = "", now: datetime,
) -> CheckIn:  # fmt: skip
    """Register the appointment that comes after `before`, with what is known of it; return it.

    An organizer speaks with the family and approves it, as any other. told_by: whoever said it for
    them. Safe to run twice: the same date is the same appointment. Raises InvalidValue on `starts_at`.
    """
    family = session.get_one(Person, before.family_id)
    phone = Reader(outbox.keyring, SYSTEM).show(family.sealed_phone())
    told = Registration(
        card=Card(phone, language=family.language),
        office_id=before.office_id,
        starts_at=starts_at,
        how="text",
        people=before.people,
        needs_ride=before.needs_ride,
        registered_by=told_by,
    )
    made = register(session, outbox, get_chapter(session, before.chapter_id), told, now=now)
    if made.id == before.id or made.earlier_id is not None:
        return made
    made.earlier_id, made.publicity, made.repeats = before.id, before.publicity, repeats
    note = Reader(outbox.keyring, SYSTEM).show(before.sealed_note())
    if note and made.note_sealed is None:
        key = outbox.keyring.key(KeyKind.CHECKIN, made.id)
        made.note_sealed = seal(key, "checkin", made.id, "note", note)
    session.add(made)
    session.flush()
    return made


def is_registered(session: Session, before: CheckIn, starts_at: datetime) -> bool:
    """Return whether this family's appointment at that office and time is on our list already."""
    return (
        session.exec(
            select(CheckIn.id).where(
                CheckIn.family_id == before.family_id,
                CheckIn.office_id == before.office_id,
                CheckIn.starts_at == starts_at,
                CheckIn.state != CheckInState.CANCELLED,
            )
        ).first()
        is not None
    )


def follower_of(session: Session, checkin_id: UUID) -> CheckIn | None:
    """Return the newest appointment that comes after this one and is on."""
    return session.exec(
        select(CheckIn)
        .where(CheckIn.earlier_id == checkin_id, CheckIn.state != CheckInState.CANCELLED)
        .order_by(col(CheckIn.id).desc())
        .limit(1)
    ).first()


def newest_of(session: Session, person_id: UUID, *, now: datetime) -> CheckIn | None:
    """Return the appointment after which this person can tell the next one.

    A family's own that was last, or is soonest; else the last one that they led or stood outside of.
    """
    own = session.exec(
        select(CheckIn)
        .where(
            CheckIn.family_id == person_id,
            ~col(CheckIn.is_drill),
            CheckIn.state != CheckInState.CANCELLED,
            CheckIn.starts_at > now - FAMILY_FOR,
        )
        .order_by(col(CheckIn.starts_at))
    ).all()
    if own:
        begun = [one for one in own if one.starts_at <= now]
        return begun[-1] if begun else own[0]
    row = session.exec(
        select(Rsvp.subject)
        .join(Seat, col(Seat.id) == Rsvp.seat_id)
        .where(
            Rsvp.person_id == person_id,
            col(Rsvp.subject).startswith("checkin:"),
            col(Rsvp.role).in_(MAY_TELL),
            col(Rsvp.state).in_([*COMING, RsvpState.LEFT]),
            Seat.starts_at <= now,
            Seat.starts_at > now - KNOWN_FOR,
        )
        .order_by(col(Seat.starts_at).desc())
        .limit(1)
    ).first()
    return None if row is None else session.get(CheckIn, UUID(row.partition(":")[2]))


def earlier_days(session: Session, checkin: CheckIn) -> list[date]:
    """Return the days on which this family reported at this office, this one last."""
    rows: Sequence[datetime] = session.exec(
        select(CheckIn.starts_at)
        .where(
            CheckIn.family_id == checkin.family_id,
            CheckIn.office_id == checkin.office_id,
            ~col(CheckIn.is_drill),
            col(CheckIn.state).not_in(NOT_ON),
            CheckIn.starts_at <= checkin.starts_at,
        )
        .order_by(col(CheckIn.starts_at))
    ).all()
    return [at.date() for at in rows]
