"""Give a rally another time or place: answers stay, people are told and asked again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select, update

from service.blasts.progress import blasts_about
from service.blasts.stop import NOT_YET_OUT, stop
from service.blasts.tables import Blast, BlastKind, BlastState
from service.chapters.find import get_chapter
from service.errors import InvalidForm, InvalidValue, WrongState
from service.messages.catalog import Catalog
from service.outbox.withdraw import withdraw_subject
from service.privacy import audit
from service.privacy.policy import Viewer
from service.rallies.draft import FURTHEST, LONGEST, LONGEST_PLACE
from service.rallies.rules import TOLD, next_reminder_at
from service.rallies.tables import Rally, RallyState
from service.rallies.tell import Whom, people_to_tell, said_by_each, tell
from service.rsvps.ask import CONFIRM, open_asks
from service.rsvps.hold import release_holds
from service.rsvps.respond import rsvps_of
from service.rsvps.tables import Ask, RsvpState, Seat

OUT = (BlastState.SENDING, BlastState.PAUSED, BlastState.SENT, BlastState.STOPPED)


@dataclass(frozen=True)
class Where:
    """When and where it is held from now on. Times are aware."""

    starts_at: datetime
    ends_at: datetime
    place: str


def check_change(rally: Rally, where: Where, *, now: datetime) -> str:
    """Return which text tells this change: moved, new time, or both.

    Raises InvalidForm naming each field that is wrong; WrongState when nobody has been told of it
    so far, or it is over. What has begun can get another place, and no other start.
    """
    if rally.state not in TOLD:
        raise WrongState("rally_not_in_state", f"rally {rally.id} is {rally.state}")
    problems = _problems(rally, where, now)
    if problems:
        raise InvalidForm(problems)
    is_elsewhere = where.place.strip() != rally.place
    if where.starts_at == rally.starts_at:
        return "rally_moved"
    return "rally_moved_both" if is_elsewhere else "rally_new_time"


def move(
    session: Session, catalog: Catalog, rally: Rally, where: Where, *, whom: Whom, blast_id: UUID,
    by: Viewer, now: datetime,
) -> Blast | None:  # fmt: skip
    """Change time or place; return the blast that tells it, or None if its chapter asked nobody.

    Every answer stays. Whoever is told is asked again, and a yes of before counts until they answer;
    reminders follow the new time. What waits to be sent about the old one is taken back.
    Safe to run twice: by `blast_id`. Raises WrongState (also while the first call is still to go
    out: it says the old words), InvalidForm.
    """
    session.refresh(rally, with_for_update=True)  # two organizers at once take turns
    known = session.get(Blast, blast_id)
    if known is not None:
        if known.subject != rally.subject:
            raise InvalidValue("blast_id", "id_taken")
        return known
    template = check_change(rally, where, now=now)
    refuse_before_the_call(session, rally)
    place = where.place.strip()
    told = said_by_each(session, catalog, rally, template, where.starts_at, place)
    rally.starts_at, rally.ends_at, rally.place = where.starts_at, where.ends_at, place
    rally.moved_at, rally.moves = now, rally.moves + 1
    _take_back(session, rally, now)
    _follow(session, rally, now)
    audit.record(
        session, actor=by, action="rally.move", subject=rally.subject, now=now, detail=template
    )
    people = people_to_tell(session, rally, whom)
    if not people:
        return None
    return tell(session, rally, people, told, blast_id=blast_id, by=by, now=now, asks=True)


def refuse_before_the_call(session: Session, rally: Rally) -> None:
    """Raise WrongState while a call has not gone out: it would say the old words."""
    if is_call_waiting(session, rally):
        raise WrongState("rally_call_waiting", f"a call to {rally.id} is not out")


def is_call_waiting(session: Session, rally: Rally) -> bool:
    """Return whether a call to it is scheduled or being written: not all whom it asks are known yet."""
    about = blasts_about(session, rally.subject)
    return any(one.kind is BlastKind.CALL and one.state not in OUT for one in about)


def _problems(rally: Rally, where: Where, now: datetime) -> list[InvalidValue]:
    found = []
    place = where.place.strip()
    if not place:
        found.append(InvalidValue("place", "missing"))
    elif len(place) > LONGEST_PLACE:
        found.append(InvalidValue("place", "too_long", limit=LONGEST_PLACE))
    if where.starts_at != rally.starts_at and rally.state is RallyState.UNDERWAY:
        found.append(InvalidValue("starts_at", "has_begun"))
    elif where.starts_at <= now and where.starts_at != rally.starts_at:
        found.append(InvalidValue("starts_at", "past_date"))
    elif where.starts_at > now + FURTHEST:
        found.append(InvalidValue("starts_at", "too_far_off"))
    if not where.starts_at < where.ends_at <= where.starts_at + LONGEST or where.ends_at <= now:
        found.append(InvalidValue("ends_at", "ends_before_start"))
    if not found and (where.starts_at, place) == (rally.starts_at, rally.place):
        found.append(InvalidValue("place", "nothing_changed"))
    return found


def _take_back(session: Session, rally: Rally, now: datetime) -> None:
    """What waits says the old words: whoever was to get it hears the new ones instead."""
    running = select(Blast).where(Blast.subject == rally.subject, col(Blast.state).in_(NOT_YET_OUT))
    for blast in session.exec(running).all():
        stop(session, blast, reason="moved", now=now)
    withdraw_subject(session, rally.subject, reason="moved", now=now)
    release_holds(session, rally.subject, now=now)


def _follow(session: Session, rally: Rally, now: datetime) -> None:
    """Let places, questions and reminders follow the new time; ask who had said yes once more."""
    session.exec(
        update(Seat)
        .where(col(Seat.subject) == rally.subject)
        .values(starts_at=rally.starts_at, ends_at=rally.ends_at)
    )
    session.exec(
        update(Ask)
        .where(col(Ask.subject) == rally.subject, col(Ask.closed_at).is_(None))
        .values(expires_at=rally.starts_at)
    )
    zone = get_chapter(session, rally.chapter_id).time_zone
    rally.remind_at = next_reminder_at(rally.starts_at, zone, now)
    session.add(rally)
    coming = []
    for rsvp in rsvps_of(session, [rally.subject])[rally.subject]:
        if rsvp.state in (RsvpState.YES, RsvpState.CONFIRMED):
            coming.append(rsvp.person_id)
        if rsvp.state is RsvpState.CONFIRMED:  # they confirmed the old time
            rsvp.state = RsvpState.YES
            session.add(rsvp)
    session.flush()
    open_asks(
        session, coming, rally.subject, kind=CONFIRM, now=now,
        expires_at=max(rally.starts_at, now),
    )  # fmt: skip
