"""A ride: where the family wants to be picked up, sealed; told to driver and lead late, soon erased."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select, update

from service.chapters.rules import EARLY, LATE, within
from service.chapters.tables import Office
from service.checkins.companions import evening_before
from service.checkins.find import LIVE
from service.checkins.tables import CheckIn, CheckInState, Ride
from service.errors import InvalidValue, WrongState
from service.messages import dates
from service.messages.catalog import Value
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import Delivery
from service.outbox.withdraw import withdraw
from service.people.members import trust_in
from service.people.tables import VETTED_LEVEL, Person
from service.privacy.keyring import KeyKind, Keyring
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader
from service.privacy.scrub import scrub
from service.privacy.seal import seal
from service.rsvps.respond import rsvps_of
from service.rsvps.seats import need_car_seats
from service.rsvps.tables import COMING, SeatRole

LONGEST_PICKUP = 60
MOST_SEATS = 12
EARLIEST = timedelta(hours=12)  # before the start
USUALLY_LEAVES = timedelta(hours=1)  # before the start, where nobody has said when
ERASED_AFTER = timedelta(hours=24)  # of the start
TEMPLATE = "ride"
WHO = (SeatRole.DRIVER, SeatRole.LEAD)


@dataclass(frozen=True)
class Wish:
    """What the family wants. leaves_at: aware. child_seats: of the seats, how many for children."""

    pickup: str
    leaves_at: datetime
    seats: int = 1
    child_seats: int = 0
    returns: bool = False


def save_ride(
    session: Session, keyring: Keyring, checkin: CheckIn, wish: Wish, *, now: datetime
) -> Ride:
    """Write the ride down; only drivers with so many seats are asked from now on.

    Whoever heard of another one hears it anew. Raises InvalidValue naming the field, WrongState.
    """
    if checkin.state not in LIVE or checkin.starts_at + ERASED_AFTER <= now:
        raise WrongState("checkin_not_in_state", f"check-in {checkin.id} is {checkin.state}")
    check_ride(checkin.starts_at, wish)
    ride = session.get(Ride, checkin.id) or Ride(checkin_id=checkin.id, leaves_at=wish.leaves_at)
    key = keyring.key(KeyKind.CHECKIN, checkin.id)
    ride.pickup_sealed = seal(key, "ride", checkin.id, "pickup", scrub(wish.pickup).strip())
    ride.leaves_at, ride.seats, ride.child_seats = wish.leaves_at, wish.seats, wish.child_seats
    ride.returns, ride.changes, ride.erased_at = wish.returns, ride.changes + 1, None
    checkin.needs_ride = True
    session.add(ride)
    session.add(checkin)
    need_car_seats(session, checkin.subject, wish.seats)
    stale = (col(Delivery.subject) == checkin.about("ride")) & (col(Delivery.template) == TEMPLATE)
    withdraw(session, stale, reason="moved", now=now)
    session.flush()
    return ride


def check_ride(starts_at: datetime, wish: Wish) -> None:
    """Raise InvalidValue for what can't be a ride to this appointment."""
    if not wish.pickup.strip():
        raise InvalidValue("pickup", "missing")
    if len(wish.pickup) > LONGEST_PICKUP:
        raise InvalidValue("pickup", "too_long", limit=LONGEST_PICKUP)
    if not 1 <= wish.seats <= MOST_SEATS:
        raise InvalidValue("seats", "people_out_of_range", limit=MOST_SEATS)
    if not 0 <= wish.child_seats <= wish.seats:
        raise InvalidValue("child_seats", "people_out_of_range", limit=wish.seats)
    if not starts_at - EARLIEST <= wish.leaves_at <= starts_at:
        raise InvalidValue("leaves", "ride_too_early_or_late")


def tell_of_rides(session: Session, outbox: Outbox, *, now: datetime) -> int:
    """Text the pick-up point to driver and lead, from 18:00 the evening before; return how many.

    Only to who is vetted, 5:30 to 22:00. Safe to run twice: a ride, a person, once a change.
    """
    near = session.exec(
        select(Ride, CheckIn)
        .join(CheckIn, col(CheckIn.id) == Ride.checkin_id)
        .where(
            CheckIn.state == CheckInState.APPROVED,
            col(Ride.pickup_sealed).is_not(None),
            CheckIn.starts_at > now,
            CheckIn.starts_at <= now + timedelta(hours=48),
        )
    ).all()
    return sum(_tell(session, outbox, ride, checkin, now) for ride, checkin in near)


def erase_rides(session: Session, *, now: datetime) -> int:
    """Erase what is a day past: the pick-up point, and the texts that held it. Safe to run twice."""
    old = session.exec(
        select(Ride, CheckIn)
        .join(CheckIn, col(CheckIn.id) == Ride.checkin_id)
        .where(col(Ride.erased_at).is_(None), CheckIn.starts_at <= now - ERASED_AFTER)
    ).all()
    for ride, checkin in old:
        ride.pickup_sealed, ride.erased_at = None, now
        session.add(ride)
        session.exec(
            update(Delivery)
            .where(col(Delivery.subject) == checkin.about("ride"))
            .values(body_sealed=None)
            .execution_options(synchronize_session=False)
        )
    return len(old)


def _tell(session: Session, outbox: Outbox, ride: Ride, checkin: CheckIn, now: datetime) -> int:
    office = session.get_one(Office, checkin.office_id)
    if now < evening_before(checkin.starts_at, office.time_zone):
        return 0
    pickup = Reader(outbox.keyring, SYSTEM).show(ride.sealed_pickup(checkin.chapter_id))
    zone, new = ZoneInfo(office.time_zone), 0
    for rsvp in rsvps_of(session, [checkin.subject])[checkin.subject]:
        may_know = trust_in(session, rsvp.person_id, checkin.chapter_id) >= VETTED_LEVEL
        if rsvp.state not in COMING or rsvp.role not in WHO or not may_know:
            continue
        person = session.get_one(Person, rsvp.person_id)
        if not within(now, person.time_zone, EARLY, LATE):
            continue
        values: dict[str, Value] = {
            "weekday": dates.weekday(ride.leaves_at, zone, person.language),
            "time": dates.time(ride.leaves_at, zone),
            "place": pickup,
            "seats": str(ride.seats),
            "count": str(ride.child_seats),
            "way": outbox.catalog.word("way", "back" if ride.returns else "there", person.language),
        }
        text = Text(
            TEMPLATE,
            once_key=f"ride:{checkin.id.hex}:{ride.changes}:{person.id.hex}",
            subject=checkin.about("ride"),
            values=values,
            quiet_exempt=True,  # its hour was looked at above
            not_after=checkin.starts_at,
        )
        new += outbox.of(checkin.chapter_id).text(session, person, text, now=now)
    return new
