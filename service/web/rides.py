"""The fields of a ride, as families and organizers fill them in."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from service.chapters.tables import Office
from service.checkins.ride import USUALLY_LEAVES, Wish
from service.checkins.tables import CheckIn, Ride
from service.privacy.read import Reader
from service.web.forms import Answers, Sent


def read_ride(session: Session, sent: Sent, checkin: CheckIn) -> Wish:
    """Read the form; the time is of the day of the appointment, where the office is.

    Without a time: an hour before. Raises InvalidForm with every problem.
    """
    answers = Answers(sent)
    pickup = answers.needed("pickup")
    at = answers.clock("leaves") if sent["leaves"] else None
    seats = answers.number("seats", checkin.people) or checkin.people
    child_seats = answers.number("child_seats", 0) or 0
    answers.done()
    zone = ZoneInfo(session.get_one(Office, checkin.office_id).time_zone)
    day = checkin.starts_at.astimezone(zone).date()
    leaves_at = checkin.starts_at - USUALLY_LEAVES
    if at is not None:
        leaves_at = datetime.combine(day, at, zone).astimezone(checkin.starts_at.tzinfo)
    return Wish(pickup, leaves_at, seats, child_seats, sent.is_ticked("returns"))


def ride_as_typed(session: Session, reader: Reader, checkin: CheckIn) -> dict[str, str]:
    """Return what is known of the ride, as the form would hold it."""
    ride = session.get(Ride, checkin.id)
    if ride is None:
        return {"seats": str(checkin.people)}
    zone = ZoneInfo(session.get_one(Office, checkin.office_id).time_zone)
    return {
        "pickup": reader.show(ride.sealed_pickup(checkin.chapter_id)),
        "leaves": f"{ride.leaves_at.astimezone(zone):%H:%M}",
        "seats": str(ride.seats),
        "child_seats": str(ride.child_seats),
        "returns": "yes" if ride.returns else "",
    }
