"""What people see and do on their own page: the same as by text, with the same effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from service.chapters.find import get_chapter, sender_of
from service.chapters.tables import Office
from service.checkins.cancel import cancel
from service.checkins.find import all_of_family
from service.checkins.ride import Wish, save_ride
from service.checkins.tables import CheckIn, CheckInState
from service.checkins.words import MEET_BEFORE
from service.db import new_id
from service.errors import InvalidValue, NotFound
from service.inbox.tables import Inbound
from service.inbox.threads import need_person
from service.outbox.drill import id_in, is_drill, kind_in
from service.outbox.enqueue import Outbox
from service.outbox.tables import REACHED_CARRIER, Delivery
from service.outbox.withdraw import withdraw_person
from service.people.consent import ask_to_be_erased, opt_out
from service.people.members import trust_in
from service.people.tables import VETTED_LEVEL, Person
from service.people.visits import close_page
from service.privacy import audit
from service.privacy.keyring import KeyKind
from service.privacy.policy import SYSTEM
from service.privacy.scrub import scrub
from service.privacy.seal import seal
from service.rallies.tables import Rally, RallyState
from service.replies.forget import take_all_back
from service.replies.holds import offer_places
from service.replies.intents import Intent
from service.rsvps.respond import Answer, respond
from service.rsvps.tables import COMING, IN_LINE, Rsvp, SeatRole

HOW = "web"
LONGEST_WORDS = 300
# The texts that tell somebody a meeting point.
TELL_THE_PLACE = ("day_before", "day_before_lead", "meeting_place", "two_hours")
OVER = (CheckInState.CLOSED, CheckInState.CANCELLED)


@dataclass(frozen=True)
class Promise:
    """Something that somebody said yes to. `place` is empty until a text has told it to them."""

    subject: str
    is_checkin: bool
    starts_at: datetime
    time_zone: str
    area: str
    place: str
    meet_at: datetime | None
    role: SeatRole | None
    waits: bool  # on the list: there is no place yet
    kind: str = ""


def own_dates(session: Session, person: Person, *, now: datetime) -> Sequence[CheckIn]:
    """Return a family's appointments that are still to come, soonest first."""
    return all_of_family(session, person.id, now=now)


def own_date(session: Session, person: Person, checkin_id: UUID, *, now: datetime) -> CheckIn:
    """Return one of them. Raises NotFound for any other."""
    for checkin in own_dates(session, person, now=now):
        if checkin.id == checkin_id:
            return checkin
    raise NotFound(None, f"no date {checkin_id} of theirs")


def promises(session: Session, person: Person, *, now: datetime) -> list[Promise]:
    """Return what somebody comes to or waits for, soonest first; no drills."""
    rows = session.exec(
        select(Rsvp).where(Rsvp.person_id == person.id, col(Rsvp.state).in_([*COMING, *IN_LINE]))
    ).all()
    found = [_promise(session, person, rsvp, now) for rsvp in rows]
    return sorted((one for one in found if one is not None), key=lambda one: one.starts_at)


def decline(
    session: Session, outbox: Outbox, person: Person, subject: str, *, now: datetime
) -> None:
    """Take a yes back; the place goes to who waits for it. Raises NotFound where there is none."""
    if subject not in {one.subject for one in promises(session, person, now=now)}:
        raise NotFound(None, f"no promise of theirs: {subject}")
    response = respond(session, person.id, subject, Answer.NO, now=now)
    if response.freed_seat_id is not None:
        offer_places(session, outbox, response.freed_seat_id, now=now)


def ask_for_change(
    session: Session, outbox: Outbox, person: Person, checkin: CheckIn, words: str, *, now: datetime
) -> None:
    """Leave it to a person to call, as CHANGE does: nothing changes until they have spoken.

    Raises InvalidValue on `words`.
    """
    if len(words) > LONGEST_WORDS:
        raise InvalidValue("words", "too_long", limit=LONGEST_WORDS)
    inbound_id = new_id()
    key = outbox.keyring.key(KeyKind.PERSON, person.id)
    inbound = Inbound(
        id=inbound_id, message_sid=f"page:{inbound_id.hex}", person_id=person.id,
        sender_id=sender_of(session, checkin.chapter_id).id,
        text_sealed=seal(key, "inbound", inbound_id, "text", scrub(words)), received_at=now,
        intent=Intent.CHANGE, why="asked for on their own page", subject=checkin.subject,
        done_at=now,
    )  # fmt: skip
    need_person(session, inbound, now=now)


def save_own_ride(
    session: Session, outbox: Outbox, checkin: CheckIn, wish: Wish, *, now: datetime
) -> None:
    """Write down where a family wants to be picked up. Raises InvalidValue, WrongState."""
    save_ride(session, outbox.keyring, checkin, wish, now=now)
    audit.record(session, actor=SYSTEM, action="checkin.ride", subject=checkin.subject, now=now)


def delete_date(session: Session, outbox: Outbox, checkin: CheckIn, *, now: datetime) -> None:
    """Take a family's own appointment off our list; who said yes is told."""
    cancel(session, outbox, checkin, by=SYSTEM, now=now, tell_family=False)


def leave(session: Session, outbox: Outbox, person: Person, *, now: datetime) -> None:
    """End our texts to a volunteer, and what they promised: others take their places."""
    for promise in promises(session, person, now=now):
        decline(session, outbox, person, promise.subject, now=now)
    opt_out(session, person, how=HOW, now=now)
    withdraw_person(session, person.id, reason="opted_out", now=now)
    close_page(session, person)


def erase(session: Session, outbox: Outbox, person: Person, *, now: datetime) -> None:
    """Take back what is theirs and have them forgotten: erasure/ does the rest."""
    take_all_back(session, outbox, person, by=SYSTEM, now=now)
    withdraw_person(session, person.id, reason="erased", now=now)
    ask_to_be_erased(session, person, now=now, how=HOW)
    close_page(session, person)


def _promise(session: Session, person: Person, rsvp: Rsvp, now: datetime) -> Promise | None:
    if is_drill(rsvp.subject):
        return None
    id_, waits = id_in(rsvp.subject), rsvp.state in IN_LINE
    if kind_in(rsvp.subject) == "rally":
        return _rally(session, session.get_one(Rally, id_), rsvp, now)
    checkin = session.get_one(CheckIn, id_)
    if checkin.state in OVER or checkin.starts_at <= now:
        return None
    office = session.get_one(Office, checkin.office_id)
    may_know = trust_in(session, person.id, checkin.chapter_id) >= VETTED_LEVEL
    is_told = may_know and not waits and _was_told_the_place(session, person, checkin)
    return Promise(
        rsvp.subject, True, checkin.starts_at, office.time_zone, office.area,
        office.meeting_point if is_told else "",
        checkin.starts_at - MEET_BEFORE if is_told else None, rsvp.role, waits,
    )  # fmt: skip


def _rally(session: Session, rally: Rally, rsvp: Rsvp, now: datetime) -> Promise | None:
    if rally.state in (RallyState.CANCELLED, RallyState.CLOSED) or rally.ends_at <= now:
        return None
    zone = get_chapter(session, rally.chapter_id).time_zone
    return Promise(
        rally.subject, False, rally.starts_at, zone, rally.place, rally.place, None, None,
        rsvp.state in IN_LINE, kind=rally.kind.value,
    )  # fmt: skip


def _was_told_the_place(session: Session, person: Person, checkin: CheckIn) -> bool:
    told = select(Delivery.id).where(
        Delivery.person_id == person.id,
        Delivery.subject == checkin.subject,
        col(Delivery.template).in_(TELL_THE_PLACE),
        col(Delivery.state).in_(REACHED_CARRIER),
    )
    if checkin.moved_at is not None:
        told = told.where(col(Delivery.created_at) >= checkin.moved_at)
    return session.exec(told.limit(1)).first() is not None
