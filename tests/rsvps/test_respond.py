"""A yes takes a seat, once; a full event has a waiting list; a no frees the place for the next."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select, update

from service.db import Database
from service.privacy.keyring import Keyring
from service.rsvps.ask import CONFIRM, open_asks, open_asks_of
from service.rsvps.respond import Answer, Response, respond, rsvps_of, tally
from service.rsvps.seats import close_seats, filling_of, make_seats, seats_of
from service.rsvps.tables import RsvpState, Seat, SeatRole
from tests.factories import StillClock, make_chapter, make_sender, make_volunteer

SUBJECT = "checkin:0"
PLACES = {SeatRole.LEAD: 1, SeatRole.ACCOMPANIER: 2}


class Crowd:
    """Some volunteers and one event."""

    def __init__(self, database: Database, keyring: Keyring, clock: StillClock) -> None:
        self.database, self.keyring, self.clock = database, keyring, clock
        with database.write() as session:
            self.chapter = make_chapter(session)
            make_sender(session, self.chapter)

    def person(self, number: int, *, vetting: int = 2, roles: tuple[str, ...] = ()) -> UUID:
        with self.database.write() as session:
            return make_volunteer(
                session, self.keyring, self.chapter, number, now=self.clock.now(),
                vetting=vetting, roles=roles,
            ).id  # fmt: skip

    def event(self, places: dict[SeatRole, int | None]) -> None:
        starts_at = self.clock.now() + timedelta(days=1)
        with self.database.write() as session:
            make_seats(
                session, SUBJECT, places, starts_at=starts_at,
                ends_at=starts_at + timedelta(hours=4),
            )  # fmt: skip

    def say(self, person: UUID, answer: str, party: int | None = None) -> Response:
        with self.database.write() as session:
            now = self.clock.tick(seconds=1)
            return respond(session, person, SUBJECT, Answer(answer), party_size=party, now=now)

    def taken(self) -> dict[SeatRole, int]:
        with self.database.read() as session:
            return {seat.role: seat.taken for seat in seats_of(session, [SUBJECT])[SUBJECT]}


@pytest.fixture
def crowd(database: Database, keyring: Keyring, clock: StillClock) -> Crowd:
    return Crowd(database, keyring, clock)


def state(response: Response) -> RsvpState:
    assert response.rsvp is not None
    return response.rsvp.state


def test_seats_fill_in_order_and_then_people_wait(crowd: Crowd) -> None:
    crowd.event(dict(PLACES))
    vetted = [crowd.person(number) for number in (101, 102, 103)]
    lead = crowd.person(104, vetting=3)
    assert [state(crowd.say(one, "yes")) for one in vetted] == ["yes", "yes", "standby"]
    response = crowd.say(lead, "yes")
    assert response.rsvp is not None
    assert response.rsvp.role is SeatRole.LEAD
    with crowd.database.read() as session:
        assert filling_of(session, SUBJECT).is_full


def test_nobody_leads_without_the_vetting(crowd: Crowd) -> None:
    crowd.event({SeatRole.LEAD: 1})
    assert state(crowd.say(crowd.person(101, vetting=2), "yes")) is RsvpState.STANDBY


def test_a_role_is_for_those_who_offer_it(crowd: Crowd) -> None:
    crowd.event({SeatRole.DRIVER: 1})
    assert state(crowd.say(crowd.person(101), "yes")) is RsvpState.STANDBY
    assert state(crowd.say(crowd.person(102, roles=("driver",)), "yes")) is RsvpState.YES


def test_the_same_yes_twice_takes_one_seat(crowd: Crowd) -> None:
    crowd.event(dict(PLACES))
    alma = crowd.person(101)
    first, second = crowd.say(alma, "yes"), crowd.say(alma, "yes")
    assert (first.is_changed, second.is_changed) == (True, False)
    assert crowd.taken()[SeatRole.ACCOMPANIER] == 1


def test_a_rally_counts_parties_and_a_checkin_counts_heads(crowd: Crowd) -> None:
    crowd.event({SeatRole.CROWD: 5})
    alma, beto = crowd.person(101), crowd.person(102)
    crowd.say(alma, "yes", party=3)
    assert crowd.taken()[SeatRole.CROWD] == 3
    assert state(crowd.say(beto, "yes", party=3)) is RsvpState.STANDBY
    crowd.say(alma, "yes", party=2)
    assert crowd.taken()[SeatRole.CROWD] == 2
    assert state(crowd.say(beto, "yes", party=3)) is RsvpState.YES
    with crowd.database.read() as session:
        counts = tally(rsvps_of(session, [SUBJECT])[SUBJECT])
    assert (counts.yes, counts.coming_people) == (2, 5)


def test_a_closed_event_takes_no_yes_and_changes_nothing(crowd: Crowd) -> None:
    crowd.event(dict(PLACES))
    alma, beto = crowd.person(101), crowd.person(102)
    crowd.say(alma, "yes")
    with crowd.database.write() as session:
        close_seats(session, SUBJECT)
    assert crowd.say(beto, "yes").is_closed
    with crowd.database.read() as session:
        assert [rsvp.person_id for rsvp in rsvps_of(session, [SUBJECT])[SUBJECT]] == [alma]


def test_a_yes_to_still_coming_confirms(crowd: Crowd) -> None:
    crowd.event(dict(PLACES))
    alma = crowd.person(101)
    crowd.say(alma, "yes")
    with crowd.database.write() as session:
        open_asks(
            session, [alma], SUBJECT, kind=CONFIRM, now=crowd.clock.now(),
            expires_at=crowd.clock.now() + timedelta(days=1),
        )  # fmt: skip
    assert state(crowd.say(alma, "yes")) is RsvpState.CONFIRMED
    with crowd.database.read() as session:
        assert open_asks_of(session, alma, now=crowd.clock.now()) == []
    assert crowd.taken()[SeatRole.ACCOMPANIER] == 1


def test_the_database_itself_refuses_to_oversell(crowd: Crowd) -> None:
    crowd.event({SeatRole.ACCOMPANIER: 1})

    def oversell() -> None:
        with crowd.database.write() as session:
            session.exec(update(Seat).values(taken=2))

    with pytest.raises(IntegrityError):
        oversell()


def test_the_last_seat_goes_to_exactly_one_of_many_at_once(crowd: Crowd) -> None:
    crowd.event({SeatRole.ACCOMPANIER: 1})
    people = [crowd.person(100 + number) for number in range(24)]
    together = threading.Barrier(len(people))

    def answer(person: UUID) -> RsvpState:
        together.wait()
        return state(crowd.say(person, "yes"))

    with ThreadPoolExecutor(len(people)) as pool:
        states = list(pool.map(answer, people))
    assert states.count(RsvpState.YES) == 1
    assert states.count(RsvpState.STANDBY) == len(people) - 1
    with crowd.database.read() as session:
        assert session.exec(select(Seat.taken)).one() == 1


def test_one_person_answering_twice_at_once_takes_one_seat(crowd: Crowd) -> None:
    crowd.event({SeatRole.ACCOMPANIER: 5})
    alma = crowd.person(101)
    together = threading.Barrier(6)

    def answer(_: int) -> None:
        together.wait()
        crowd.say(alma, "yes")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(answer, range(6)))
    assert crowd.taken()[SeatRole.ACCOMPANIER] == 1
