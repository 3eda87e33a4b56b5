"""Approve a check-in: somebody has spoken with the family. Now volunteers may hear of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from service.chapters.find import get_chapter
from service.chapters.tables import Office
from service.checkins.choose import first_wave_at
from service.checkins.rules import check_move, next_reminder_at
from service.checkins.safety.arm import arm
from service.checkins.tables import CheckIn, CheckInState, Ride
from service.checkins.words import words
from service.errors import InvalidValue, WrongState
from service.outbox.enqueue import Outbox, Text
from service.people.consent import opt_in
from service.people.tables import Consent, Person
from service.privacy import audit
from service.privacy.policy import Viewer
from service.rsvps.seats import make_seats, need_car_seats
from service.rsvps.tables import SeatRole

USUAL_PLACES = {SeatRole.LEAD: 1, SeatRole.ACCOMPANIER: 3}
MOST_PLACES = 30


@dataclass(frozen=True)
class Approval:
    """What the organizer says. `agreed_to_texts`: the family said so when they spoke."""

    places: Mapping[SeatRole, int]
    agreed_to_texts: bool


def approve(
    session: Session, outbox: Outbox, checkin: CheckIn, approval: Approval, *, by: Viewer,
    now: datetime,
) -> None:  # fmt: skip
    """Open the places; the clock asks volunteers, in the weekly list or in waves.

    Whoever interprets must speak the family's language. Raises WrongState, InvalidValue.
    """
    session.refresh(checkin, with_for_update=True)  # two organizers at once take turns
    if checkin.state is not CheckInState.SUBMITTED:
        raise WrongState("checkin_not_in_state", f"check-in {checkin.id} is {checkin.state}")
    if checkin.starts_at <= now:
        raise WrongState("checkin_over", f"check-in {checkin.id} began at {checkin.starts_at}")
    _check_places(approval.places)
    office = session.get_one(Office, checkin.office_id)
    ends_at = checkin.starts_at + timedelta(minutes=office.usual_wait_minutes)
    family = session.get_one(Person, checkin.family_id)
    make_seats(
        session, checkin.subject, approval.places, starts_at=checkin.starts_at, ends_at=ends_at,
        languages={SeatRole.INTERPRETER: family.language}, chapter_id=checkin.chapter_id,
    )  # fmt: skip
    check_move(checkin.state, CheckInState.APPROVED)
    checkin.state, checkin.approved_at = CheckInState.APPROVED, now
    ride = session.get(Ride, checkin.id)
    if ride is not None:
        need_car_seats(session, checkin.subject, ride.seats)
    checkin.remind_at = next_reminder_at(checkin.starts_at, office.time_zone, now) or now
    chapter = get_chapter(session, checkin.chapter_id)
    checkin.wave_at = first_wave_at(
        checkin.starts_at, now, list_weekday=chapter.list_weekday,
        list_minute=chapter.list_minute, zone=chapter.time_zone,
    )  # fmt: skip
    if checkin.is_drill:
        checkin.wave_at = now  # it stands in no list
    session.add(checkin)
    session.flush()
    arm(session, checkin, now=now)
    if approval.agreed_to_texts and family.consent is not Consent.OPTED_OUT:
        opt_in(session, family, how="organizer", now=now)
    _tell_family(session, outbox, checkin, office, family, now)
    audit.record(session, actor=by, action="checkin.approve", subject=checkin.subject, now=now)


def _check_places(places: Mapping[SeatRole, int]) -> None:
    if any(count < 0 for count in places.values()) or sum(places.values()) > MOST_PLACES:
        raise InvalidValue("places", "places_out_of_range", limit=MOST_PLACES)
    if sum(places.values()) == 0:
        raise InvalidValue("places", "no_places")
    if SeatRole.CROWD in places:
        raise InvalidValue("places", "unknown_role", role="crowd", roles=", ".join(SeatRole))


def _tell_family(
    session: Session, outbox: Outbox, checkin: CheckIn, office: Office, family: Person,
    now: datetime,
) -> None:  # fmt: skip
    chapter = get_chapter(session, checkin.chapter_id)
    said = words(checkin, office, chapter, family.language, outbox.catalog)
    outbox.of(checkin.chapter_id).text(
        session,
        family,
        Text(
            "family_approved",
            once_key=f"approved:{checkin.id.hex}",
            subject=checkin.subject,
            values={"day": said.day, "time": said.time},
        ),
        now=now,
    )
