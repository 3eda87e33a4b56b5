"""Let go whom a check-in does not need, and whom it may not have; each is told, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, case, func, or_
from sqlmodel import Session, col, select

from service.blasts.stop import NOT_YET_OUT, stop
from service.blasts.tables import Blast
from service.chapters.find import get_chapter
from service.chapters.tables import Office
from service.checkins.tables import CheckIn, CheckInState
from service.checkins.words import words
from service.messages.catalog import Value
from service.outbox.drill import id_in
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import DRILL, Delivery, State
from service.people.find import people_by_id
from service.people.tables import VETTED_LEVEL, Membership, Person, Volunteer
from service.rsvps.ask import COME, close_asks
from service.rsvps.respond import step_back
from service.rsvps.rules import filling
from service.rsvps.seats import seats_of
from service.rsvps.tables import COMING, Ask, Rsvp, Seat

FILLED = "filled"
STILL_THINKING = timedelta(hours=8)  # of those who answer at all, nine of ten have by then


def thank_the_not_needed(session: Session, outbox: Outbox, *, now: datetime) -> int:
    """Close the questions about what is full, and thank who may still be thinking; return how many.

    Who has not got the question yet never gets it, and no thanks either; nor does who has been silent
    for long: a text about a text that they did not answer is one too many. Safe to run twice.
    """
    asked = session.exec(
        select(Ask.subject)
        .where(
            Ask.kind == COME,
            or_(
                col(Ask.subject).startswith("checkin:"),
                col(Ask.subject).startswith(f"{DRILL}checkin:"),
            ),
            col(Ask.answered_at).is_(None),
            col(Ask.closed_at).is_(None),
            Ask.expires_at > now,
        )
        .distinct()
    ).all()
    seats = seats_of(session, asked)
    full = [subject for subject, theirs in seats.items() if theirs and filling(theirs).is_full]
    return sum(_thank(session, outbox, subject, now) for subject in sorted(full))


def _thank(session: Session, outbox: Outbox, subject: str, now: datetime) -> int:
    checkin = session.get_one(CheckIn, id_in(subject))
    thinking = session.exec(
        select(Ask.person_id).where(
            Ask.subject == subject,
            Ask.kind == COME,
            col(Ask.answered_at).is_(None),
            col(Ask.closed_at).is_(None),
            Ask.asked_at > now - STILL_THINKING,
        )
    ).all()
    running = select(Blast).where(Blast.subject == subject, col(Blast.state).in_(NOT_YET_OUT))
    for blast in session.exec(running).all():
        stop(session, blast, reason=FILLED, now=now)
    close_asks(session, subject, now=now, kind=COME)
    spared = _never_asked(session, subject)
    people = [person for person in thinking if person not in spared]
    for person in people_by_id(session, people).values():
        _text(session, outbox, checkin, person, "not_needed", f"not_needed:{checkin.moves}", now)
    return len(people)


def _never_asked(session: Session, subject: str) -> set[UUID]:
    """Return whose copy of the question was taken back before it left."""
    return set(
        session.exec(
            select(Delivery.person_id).where(
                Delivery.subject == subject,
                Delivery.state == State.SUPPRESSED,
                Delivery.reason == FILLED,
            )
        )
    )


def release_who_may_not_come(session: Session, outbox: Outbox, *, now: datetime) -> int:
    """Take the place from whoever may not learn where it is (their vetting was lowered).

    They wait instead, and are told that somebody else goes; the next in line is offered the place.
    Returns how many. Safe to run twice.
    """
    here = case(
        (
            col(Seat.chapter_id).is_(None) | (Seat.chapter_id == Person.chapter_id),
            Volunteer.vetting,
        ),
        else_=func.coalesce(col(Membership.vetting), 0),
    )
    rows: Sequence[Rsvp] = session.exec(
        select(Rsvp)
        .join(Seat, col(Seat.id) == Rsvp.seat_id)
        .join(Person, col(Person.id) == Rsvp.person_id)
        .join(Volunteer, col(Volunteer.person_id) == Rsvp.person_id)
        .join(
            Membership,
            and_(
                col(Membership.person_id) == Rsvp.person_id,
                col(Membership.chapter_id) == Seat.chapter_id,
            ),
            isouter=True,
        )
        .where(
            col(Rsvp.state).in_(COMING),
            col(Rsvp.subject).startswith("checkin:"),
            here < VETTED_LEVEL,
        )
        .order_by(col(Rsvp.id))
    ).all()
    released = 0
    for rsvp in rows:
        checkin = session.get_one(CheckIn, id_in(rsvp.subject))
        if checkin.state is not CheckInState.APPROVED:
            continue
        person = session.get_one(Person, rsvp.person_id)
        step_back(session, rsvp)
        _text(session, outbox, checkin, person, "released", f"released:{now.isoformat()}", now)
        checkin.wave_at = now
        released += 1
    return released


def _text(
    session: Session, outbox: Outbox, checkin: CheckIn, person: Person, template: str, reason: str,
    now: datetime,
) -> None:  # fmt: skip
    chapter = get_chapter(session, checkin.chapter_id)
    office = session.get_one(Office, checkin.office_id)
    said = words(checkin, office, chapter, person.language, outbox.catalog)
    values: dict[str, Value] = {"day": said.day, "area": said.area}
    text = Text(
        template,
        once_key=f"{reason}:{checkin.id.hex}:{person.id.hex}",
        subject=checkin.subject,
        values=values,
        not_after=checkin.starts_at,
    )
    outbox.of(checkin.chapter_id).text(session, person, text, now=now)
