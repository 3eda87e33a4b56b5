"""A ride: sealed, told to driver and lead the evening before, offered to who has the seats, erased."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlmodel import select

from service.checkins.ride import Wish, save_ride
from service.checkins.tables import CheckIn, Ride
from service.outbox.tables import Delivery
from service.people.tables import Volunteer
from service.rsvps.rules import Responder, fits
from service.rsvps.seats import need_car_seats
from service.rsvps.tables import Seat, SeatRole
from tests.flows.day import NOOR, ROSA, STARTS, TOM, After
from tests.flows.test_who_comes import EVENING

ELM = Wish("Corner of Elm and 3rd", STARTS - timedelta(hours=1), seats=3, child_seats=1)


def save(after: After, wish: Wish = ELM) -> None:
    wiring = after.town.wiring
    with wiring.database.write() as session:
        checkin = session.get_one(CheckIn, after.checkin.id)
        save_ride(session, wiring.keyring, checkin, wish, now=after.town.clock.now())


def rides(after: After, number: int) -> list[str]:
    return [text for text in after.town.got(number) if "Elm" in text or "Oak" in text]


def test_driver_and_lead_hear_of_it_the_evening_before_and_nobody_else(after: After) -> None:
    save(after)
    after.at(EVENING - timedelta(minutes=1))
    assert rides(after, ROSA) == []
    after.at(EVENING)
    after.town.tick(minutes=1)
    assert len(rides(after, ROSA)) == 1
    assert (
        "Tuesday, 8:00 am, one way: Corner of Elm and 3rd. Seats 3, for children 1"
        in (rides(after, ROSA)[0])
    )
    assert rides(after, TOM) == rides(after, NOOR) == []


def test_whoever_heard_of_it_hears_a_change(after: After) -> None:
    save(after)
    after.at(EVENING)
    save(after, replace(ELM, pickup="Oak St", returns=True))
    after.town.tick(minutes=1)
    assert [("Oak" in text, "there and back" in text) for text in rides(after, ROSA)] == [
        (True, True)
    ]


def test_who_may_not_learn_a_place_learns_no_pick_up_point(after: After) -> None:
    save(after)
    with after.town.wiring.database.write() as session:
        session.get_one(Volunteer, after.rosa.id).vetting = 1
    after.at(EVENING)
    assert rides(after, ROSA) == []


def test_a_day_after_nothing_is_left_of_it(after: After) -> None:
    save(after)
    after.at(EVENING)
    after.at(STARTS + timedelta(hours=23))
    with after.town.session() as session:
        assert session.get_one(Ride, after.checkin.id).pickup_sealed is not None
    after.at(STARTS + timedelta(hours=24))
    with after.town.session() as session:
        ride = session.get_one(Ride, after.checkin.id)
        texts = session.exec(select(Delivery.body_sealed).where(Delivery.template == "ride")).all()
    assert (ride.pickup_sealed, ride.erased_at) == (None, after.town.clock.now())
    assert texts == [None]


def test_only_a_driver_with_enough_seats_fits(after: After) -> None:
    seat = Seat(
        id=after.checkin.id, subject="checkin:x", role=SeatRole.DRIVER, capacity=1,
        starts_at=STARTS, ends_at=STARTS, car_seats=3,
    )  # fmt: skip
    small = Responder(after.rosa.id, 2, ("driver",), (), car_seats=2)
    assert not fits(seat, small)
    assert fits(seat, replace(small, car_seats=3))
    assert fits(Seat(**seat.model_dump() | {"car_seats": 0}), small)
    with after.town.wiring.database.write() as session:
        session.add(Seat(**seat.model_dump() | {"car_seats": 0}))
        session.flush()
        need_car_seats(session, "checkin:x", 3)
        session.refresh(found := session.get_one(Seat, seat.id))
        assert found.car_seats == 3
