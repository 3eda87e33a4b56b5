"""Some volunteers, one event, and who waits for a place: what the tests of held places stand on."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlmodel import col, select

from service.db import Database, new_id
from service.people.tables import Consent, Person, Volunteer
from service.privacy.keyring import Keyring
from service.rsvps.hold import hold_places, lapse, lapsed_holds, seats_to_offer
from service.rsvps.respond import Answer, Response, respond
from service.rsvps.seats import make_seats
from service.rsvps.tables import SEATED, Rsvp, Seat, SeatRole
from tests.factories import ZONE, StillClock, make_chapter, make_sender, make_volunteer

SUBJECT = "checkin:0"


class Line:
    """Some volunteers, one event five days on, and who waits for it."""

    def __init__(self, database: Database, keyring: Keyring, clock: StillClock) -> None:
        self.database, self.keyring, self.clock = database, keyring, clock
        with database.write() as session:
            self.chapter = make_chapter(session)
            make_sender(session, self.chapter)

    def people(self, count: int, *, vetting: int = 2, start: int = 101) -> list[UUID]:
        with self.database.write() as session:
            return [
                make_volunteer(
                    session, self.keyring, self.chapter, start + place, now=self.clock.now(),
                    vetting=vetting,
                ).id
                for place in range(count)
            ]  # fmt: skip

    def crowd(self, count: int) -> list[UUID]:
        """Many volunteers, whose numbers nobody reads."""
        now = self.clock.now()
        people = [
            Person(
                id=new_id(), chapter_id=self.chapter.id, phone_key=place.to_bytes(16, "big"),
                phone_sealed=b"", time_zone=ZONE, consent=Consent.ACTIVE, created_at=now,
            )
            for place in range(count)
        ]  # fmt: skip
        with self.database.write() as session:
            session.add_all(people)
            session.flush()
            session.add_all(
                Volunteer(person_id=one.id, vetting=2, created_at=now) for one in people
            )
        return [one.id for one in people]

    def event(
        self, places: dict[SeatRole, int | None], subject: str = SUBJECT, **ahead: float
    ) -> None:
        starts_at = self.clock.now() + timedelta(**(ahead or {"days": 5}))
        with self.database.write() as session:
            make_seats(
                session, subject, places, starts_at=starts_at,
                ends_at=starts_at + timedelta(hours=4),
            )  # fmt: skip

    def say(
        self, person: UUID, answer: str, *, party: int | None = None, subject: str = SUBJECT
    ) -> Response:
        """Answer, and let a place that it frees be offered to the next."""
        now = self.clock.tick(seconds=1)
        with self.database.write() as session:
            came = respond(session, person, subject, Answer(answer), party_size=party, now=now)
            if came.freed_seat_id is not None:
                hold_places(session, came.freed_seat_id, now=now)
            return came

    def all_say(self, people: list[UUID], answer: str = "yes") -> None:
        for person in people:
            self.say(person, answer)

    def tick(self, *, was_told: bool = True, **time: float) -> None:
        """Let time pass and do what the clock does."""
        now = self.clock.tick(**time)
        with self.database.read() as session:
            due = lapsed_holds(session, now=now)
        for rsvp_id in due:
            with self.database.write() as session:
                freed = lapse(session, rsvp_id, was_told=was_told, now=now)
                assert freed is not None
                hold_places(session, freed, now=now)
        with self.database.read() as session:
            free = seats_to_offer(session, now=now)
        for seat_id in free:
            with self.database.write() as session:
                assert hold_places(session, seat_id, now=now)

    def change(self, person: UUID, **values: object) -> None:
        with self.database.write() as session:
            for table in (Person, Volunteer):
                row = session.get_one(table, person)
                for name, value in values.items():
                    if name in table.model_fields:
                        setattr(row, name, value)
                session.add(row)

    def state(self, person: UUID, subject: str = SUBJECT) -> str:
        with self.database.read() as session:
            query = select(Rsvp).where(Rsvp.person_id == person, Rsvp.subject == subject)
            return session.exec(query).one().state.value

    def states(self, people: list[UUID]) -> list[str]:
        return [self.state(person) for person in people]

    def taken(self) -> list[int]:
        with self.database.read() as session:
            return list(session.exec(select(Seat.taken).order_by(col(Seat.id))).all())


def adds_up(database: Database) -> None:
    """Assert that every seat counts those who hold it, and no more than it has."""
    with database.read() as session:
        rsvps, seats = session.exec(select(Rsvp)).all(), session.exec(select(Seat)).all()
    for seat in seats:
        held = [rsvp for rsvp in rsvps if rsvp.seat_id == seat.id]
        assert all(rsvp.state in SEATED for rsvp in held)
        assert seat.taken == len(held) <= (seat.capacity or 0)
