"""The run sheet on a lead's phone: a link that works for one lead and one appointment, until it is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, delete, exists, select

from service.chapters.rules import EARLY, LATE, within
from service.chapters.tables import Office
from service.checkins.companions import evening_before
from service.checkins.safety.tables import OVER, SafetyCheck
from service.checkins.tables import CheckIn, CheckInState, SheetLink
from service.db import new_id
from service.messages import dates
from service.outbox.drill import named_like
from service.outbox.enqueue import Outbox, Text
from service.outbox.withdraw import withdraw_subject
from service.people.tables import VETTED_LEVEL, Person, Volunteer
from service.privacy.secrets import hash_secret, new_short_secret
from service.rsvps.respond import rsvps_of
from service.rsvps.tables import COMING, Rsvp, SeatRole

PATH = "/s/"
LASTS = timedelta(hours=24)  # after the start, at the longest
GOING = (CheckInState.APPROVED, CheckInState.UNDERWAY)


def send_sheets(session: Session, outbox: Outbox, *, now: datetime) -> int:
    """Text every lead the link to the run sheet, from 18:00 the evening before; return how many.

    Only to who may learn the place, 5:30 to 22:00; anew after a move, and to a new lead. What opens
    nothing any more is deleted. Safe to run twice.
    """
    drop_sheets(session, now=now)
    near = session.exec(
        select(CheckIn, Office)
        .join(Office, col(Office.id) == CheckIn.office_id)
        .where(
            CheckIn.state == CheckInState.APPROVED,
            CheckIn.starts_at > now,
            CheckIn.starts_at <= now + timedelta(hours=48),
        )
    ).all()
    return sum(
        _send(session, outbox, checkin, office, now)
        for checkin, office in near
        if now >= evening_before(checkin.starts_at, office.time_zone)
    )


def drop_sheets(session: Session, *, now: datetime) -> None:
    """Delete the links of who leads no more, and of what is over or was moved. Safe to run twice."""
    links = session.exec(select(SheetLink)).all()
    for link in links:
        if not _is_good(session, link, now):
            checkin = session.get_one(CheckIn, link.checkin_id)
            subject = named_like(checkin.subject, link.subject)
            withdraw_subject(session, subject, reason="moved", now=now)
            session.exec(delete(SheetLink).where(col(SheetLink.id) == link.id))


def open_sheet(session: Session, secret: str, *, now: datetime) -> tuple[CheckIn, Person] | None:
    """Return which appointment a link opens, and for whom; None where it opens nothing (any more)."""
    found = select(SheetLink).where(SheetLink.secret_hash == hash_secret(secret))
    link = session.exec(found).first()
    if link is None or not _is_good(session, link, now):
        return None
    return session.get_one(CheckIn, link.checkin_id), session.get_one(Person, link.person_id)


def _is_good(session: Session, link: SheetLink, now: datetime) -> bool:
    """Return whether they lead it now, at the time that they were told, and it is not over."""
    checkin = session.get_one(CheckIn, link.checkin_id)
    if checkin.state not in GOING or link.expires_at <= now or link.moves != checkin.moves:
        return False
    return _leads(session, checkin, link.person_id) and not _is_over(session, checkin)


def _leads(session: Session, checkin: CheckIn, person_id: UUID) -> bool:
    leads = exists().where(
        col(Rsvp.subject) == checkin.subject,
        col(Rsvp.person_id) == person_id,
        col(Rsvp.role) == SeatRole.LEAD,
        col(Rsvp.state).in_(COMING),
    )
    may_know = select(Volunteer.person_id).where(
        Volunteer.person_id == person_id, Volunteer.vetting >= VETTED_LEVEL, leads
    )
    return session.exec(may_know).first() is not None


def _is_over(session: Session, checkin: CheckIn) -> bool:
    over = select(SafetyCheck.id).where(
        SafetyCheck.checkin_id == checkin.id, col(SafetyCheck.state).in_(OVER)
    )
    return session.exec(over).first() is not None


def _send(session: Session, outbox: Outbox, checkin: CheckIn, office: Office, now: datetime) -> int:
    new = 0
    for rsvp in rsvps_of(session, [checkin.subject])[checkin.subject]:
        if not _leads(session, checkin, rsvp.person_id):
            continue
        person = session.get_one(Person, rsvp.person_id)
        is_awake = within(now, person.time_zone, EARLY, LATE)
        if is_awake and not _has_link(session, checkin, person):
            new += _text(session, outbox, checkin, office, person, now)
    return new


def _has_link(session: Session, checkin: CheckIn, person: Person) -> bool:
    found = select(SheetLink.id).where(
        SheetLink.checkin_id == checkin.id, SheetLink.person_id == person.id
    )
    return session.exec(found).first() is not None


def _text(
    session: Session, outbox: Outbox, checkin: CheckIn, office: Office, person: Person,
    now: datetime,
) -> bool:  # fmt: skip
    secret = new_short_secret()
    link = SheetLink(
        id=new_id(), checkin_id=checkin.id, person_id=person.id, secret_hash=hash_secret(secret),
        moves=checkin.moves, expires_at=checkin.starts_at + LASTS,
    )  # fmt: skip
    session.add(link)
    session.flush()
    weekday = dates.weekday(checkin.starts_at, ZoneInfo(office.time_zone), person.language)
    text = Text(
        "lead_sheet",
        once_key=link.subject,
        subject=named_like(checkin.subject, link.subject),
        values={"weekday": weekday, "link": f"{outbox.public_url}{PATH}{secret}"},
        quiet_exempt=True,  # its hour was looked at
        not_after=checkin.starts_at,
    )
    return outbox.text(session, person, text, now=now)
