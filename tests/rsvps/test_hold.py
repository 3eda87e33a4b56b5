"""A free place is kept for whoever has waited longest, for a while, and then for the next."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from service.db import Database, new_id
from service.errors import Misuse
from service.people.tables import Consent, Person, Volunteer
from service.privacy.keyring import Keyring
from service.rsvps.ask import HOLD, open_asks_of
from service.rsvps.close import close_event
from service.rsvps.hold import hold_places, lapse, lapsed_holds, release_holds, seats_to_offer
from service.rsvps.respond import Answer, Response, respond
from service.rsvps.rules import LAST_ANSWER, SHORTEST_HOLD, Quiet, check_move, hold
from service.rsvps.seats import make_seats
from service.rsvps.tables import SEATED, Rsvp, RsvpState, Seat, SeatRole
from tests.conftest import Urls
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


@pytest.fixture
def line(database: Database, keyring: Keyring, clock: StillClock) -> Line:
    return Line(database, keyring, clock)


def test_a_freed_place_is_kept_for_who_waited_longest_and_for_nobody_else(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    alma, beto, carmen, dora = people = line.people(4)
    line.all_say([alma, beto, carmen])
    line.say(alma, "no")
    line.say(dora, "yes")
    assert line.states(people) == ["withdrawn", "held", "standby", "standby"]
    assert line.taken() == [1]


def test_a_yes_takes_it_and_a_no_passes_it_on(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    alma, beto, carmen = people = line.people(3)
    line.all_say(people)
    line.say(alma, "no")
    line.say(beto, "no")
    assert line.states(people) == ["withdrawn", "withdrawn", "held"]
    came = line.say(carmen, "yes")
    assert came.is_changed
    assert line.state(carmen) == "yes"
    line.tick(days=1)
    assert line.state(carmen) == "yes"
    assert line.taken() == [1]


def test_silence_passes_it_on_and_nobody_is_asked_again_and_again(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    people = line.people(3)
    line.all_say(people)
    line.say(people[0], "no")
    line.tick(hours=11)
    assert line.states(people) == ["withdrawn", "held", "standby"]
    line.tick(hours=2)
    assert line.states(people) == ["withdrawn", "lapsed", "held"]
    line.tick(hours=13)
    line.tick(hours=13)
    assert line.states(people) == ["withdrawn", "lapsed", "lapsed"]
    assert line.taken() == [0]


def test_a_late_yes_gets_the_place_if_it_is_free_and_else_waits_at_the_end(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    alma, beto, carmen, dora = people = line.people(4)
    line.all_say(people)
    line.say(alma, "no")
    line.tick(hours=13)
    late = line.say(beto, "yes")
    assert late.before is RsvpState.LAPSED
    assert line.states(people) == ["withdrawn", "standby", "held", "standby"]
    line.say(carmen, "no")
    assert line.states(people) == ["withdrawn", "standby", "withdrawn", "held"]
    line.say(dora, "no")
    line.say(beto, "no")
    line.say(carmen, "yes")
    assert line.state(carmen) == "yes"


def test_a_yes_after_its_time_but_before_the_clock_takes_it(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    people = line.people(3)
    line.all_say(people)
    line.say(people[0], "no")
    line.clock.tick(hours=20)
    line.say(people[1], "yes")
    assert line.states(people) == ["withdrawn", "yes", "standby"]


def test_who_withdrew_may_come_back_to_the_end_of_the_line(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    people = line.people(3)
    line.all_say(people)
    line.say(people[0], "no")
    line.say(people[0], "yes")
    assert line.states(people) == ["standby", "held", "standby"]
    line.say(people[1], "no")
    assert line.states(people) == ["standby", "withdrawn", "held"]


def test_several_places_free_at_once_go_to_several(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 3})
    people = line.people(6)
    line.all_say(people)
    line.all_say(people[:3], "no")
    assert line.states(people[3:]) == ["held"] * 3
    assert line.taken() == [3]


def test_more_places_are_offered_by_the_clock(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    people = line.people(4)
    line.all_say(people)
    with line.database.write() as session:
        session.exec(select(Seat)).one().capacity = 3
    line.tick()
    assert line.states(people) == ["yes", "held", "held", "standby"]


@pytest.mark.parametrize(
    "change",
    [
        {"consent": Consent.OPTED_OUT},
        {"is_unreachable": True},
        {"paused_until": datetime(2027, 1, 1, tzinfo=UTC)},
    ],
    ids=["opted out", "unreachable", "paused"],
)
def test_who_cannot_be_asked_is_passed_by(line: Line, change: dict[str, object]) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    people = line.people(3)
    line.all_say(people)
    line.change(people[1], **change)
    line.say(people[0], "no")
    assert line.states(people) == ["withdrawn", "standby", "held"]


def test_who_is_expected_elsewhere_at_that_hour_is_passed_by(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    line.event({SeatRole.ACCOMPANIER: 5}, "checkin:1", days=5, hours=3)
    line.event({SeatRole.ACCOMPANIER: 5}, "checkin:2", days=6)
    people = line.people(4)
    line.all_say(people)
    line.say(people[1], "yes", subject="checkin:1")
    line.say(people[2], "yes", subject="checkin:2")
    line.say(people[0], "no")
    assert line.states(people) == ["withdrawn", "standby", "held", "standby"]


def test_a_lead_seat_waits_for_somebody_who_may_lead(line: Line) -> None:
    line.event({SeatRole.LEAD: 1})
    first, second = line.people(2, vetting=3)
    (vetted,) = line.people(1, start=150)
    line.all_say([first, vetted, second])
    line.say(first, "no")
    assert line.states([first, vetted, second]) == ["withdrawn", "standby", "held"]


def test_a_party_is_offered_room_for_all_of_it(line: Line) -> None:
    line.event({SeatRole.CROWD: 5})
    alma, beto, carmen, dora = people = line.people(4)
    line.say(alma, "yes", party=3)
    line.say(beto, "yes", party=2)
    line.say(carmen, "yes", party=4)
    line.say(dora, "yes", party=2)
    line.say(beto, "no")
    assert line.states(people) == ["yes", "withdrawn", "standby", "held"]
    line.say(dora, "yes", party=1)
    assert line.states(people) == ["yes", "withdrawn", "standby", "yes"]
    line.say(alma, "no")
    assert line.state(carmen) == "held"
    assert line.taken() == [5]


def test_a_bigger_party_does_not_lose_its_place_in_line(line: Line) -> None:
    line.event({SeatRole.CROWD: 2})
    alma, beto, carmen = people = line.people(3)
    line.say(alma, "yes", party=2)
    line.say(beto, "yes")
    line.say(carmen, "yes", party=2)
    line.say(beto, "yes", party=2)
    line.say(alma, "no")
    assert line.states(people) == ["withdrawn", "held", "standby"]


def test_a_hold_is_a_question_of_its_own_and_ends_with_it(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    people = line.people(2)
    line.all_say(people)
    line.say(people[0], "no")

    def kinds(session: Session) -> list[str]:
        return [ask.kind for ask in open_asks_of(session, people[1], now=line.clock.now())]

    with line.database.read() as session:
        assert kinds(session) == [HOLD]
    line.tick(hours=13)
    with line.database.read() as session:
        assert kinds(session) == []


def test_who_could_not_be_told_waits_on_behind_the_others(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    people = line.people(3)
    line.all_say(people)
    line.say(people[0], "no")
    line.tick(hours=13, was_told=False)
    assert line.states(people) == ["withdrawn", "standby", "held"]
    line.say(people[2], "no")
    assert line.state(people[1]) == "held"


def test_an_event_that_is_off_holds_nothing(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    people = line.people(2)
    line.all_say(people)
    line.say(people[0], "no")
    with line.database.write() as session:
        close_event(session, SUBJECT, reason="cancelled", now=line.clock.now())
    assert line.state(people[1]) == "standby"
    assert line.taken() == [0]
    assert line.say(people[1], "yes").is_closed
    line.tick(days=1)
    assert line.state(people[1]) == "standby"


def test_an_event_that_moves_ends_its_holds_and_offers_the_places_again(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    people = line.people(2)
    line.all_say(people)
    line.say(people[0], "no")
    with line.database.write() as session:
        assert [
            rsvp.person_id for rsvp in release_holds(session, SUBJECT, now=line.clock.now())
        ] == [people[1]]
    assert line.taken() == [0]
    line.tick()
    assert line.state(people[1]) == "held"


def test_too_late_to_ask_the_place_is_free_for_whoever_says_yes(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1}, minutes=65)
    people = line.people(3)
    line.all_say(people[:2])
    line.say(people[0], "no")
    assert line.states(people[:2]) == ["withdrawn", "standby"]
    line.say(people[1], "yes")
    assert line.state(people[1]) == "yes"


# --- all at once -----------------------------------------------------------------------------------


@pytest.mark.timeout(300)  # every commit reaches the disk, and other tests run beside it
def test_five_hundred_answers_at_once_for_five_seats_give_five(urls: Urls, line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 5})
    people = line.crowd(500)
    shares = [
        (urls.database, people[place::PROCESSES], line.clock.now()) for place in range(PROCESSES)
    ]
    with get_context("spawn").Pool(PROCESSES) as pool:
        said = [state for states in pool.map(_all_at_once, shares) for state in states]
    assert (said.count("yes"), said.count("standby")) == (5, 495)
    assert line.taken() == [5]


PROCESSES, THREADS = 2, 20


def _all_at_once(share: tuple[str, list[UUID], datetime]) -> list[str]:
    """Let people say yes in a process of its own, many at a time; return what came of it."""
    url, people, now = share
    database = Database(url)

    def answer(person: UUID) -> str:
        with database.write() as session:
            came = respond(session, person, SUBJECT, Answer.YES, now=now)
        assert came.rsvp is not None
        return came.rsvp.state.value

    try:
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(answer, people))
    finally:
        database.dispose()


def test_many_who_withdraw_and_answer_at_once_lose_no_place(line: Line) -> None:
    line.event({SeatRole.LEAD: 2, SeatRole.ACCOMPANIER: 4})
    leads, others = line.people(4, vetting=3), line.people(20, start=150)
    people = leads + others
    line.all_say(people)
    together = threading.Barrier(len(people))

    def change_ones_mind(place: int) -> None:
        together.wait()
        for answer in ("no", "yes", "no") if place % 3 == 0 else ("yes", "no", "yes"):
            now = line.clock.now()
            with line.database.write() as session:
                came = respond(session, people[place], SUBJECT, Answer(answer), now=now)
                if came.freed_seat_id is not None:
                    hold_places(session, came.freed_seat_id, now=now)

    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(change_ones_mind, range(len(people))))
    _adds_up(line.database)
    line.tick()
    with line.database.read() as session:
        states = [rsvp.state for rsvp in session.exec(select(Rsvp)).all()]
        seats = session.exec(select(Seat)).all()
    others_wait = states.count(RsvpState.STANDBY) > 0
    free = sum(
        (seat.capacity or 0) - seat.taken for seat in seats if seat.role is not SeatRole.LEAD
    )
    assert not (others_wait and free), "a place is free, and somebody who fits waits for it"


def _adds_up(database: Database) -> None:
    with database.read() as session:
        rsvps, seats = session.exec(select(Rsvp)).all(), session.exec(select(Seat)).all()
    for seat in seats:
        held = [rsvp for rsvp in rsvps if rsvp.seat_id == seat.id]
        assert all(rsvp.state in SEATED for rsvp in held)
        assert seat.taken == len(held) <= (seat.capacity or 0)


# --- the rules -------------------------------------------------------------------------------------

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # Monday 10:00 in New York
EVENINGS = Quiet(ZONE, 20 * 60, 9 * 60)
NEVER = Quiet(ZONE, 0, 0)


@pytest.mark.parametrize(
    ("ahead", "length"),
    [
        (timedelta(hours=5), timedelta(minutes=30)),
        (timedelta(hours=24), timedelta(minutes=30)),
        (timedelta(hours=24, seconds=1), timedelta(hours=2)),
        (timedelta(hours=72), timedelta(hours=2)),
        (timedelta(days=9), timedelta(hours=12)),
        (timedelta(minutes=80), timedelta(minutes=20)),
        (timedelta(minutes=69), None),
    ],
    ids=str,
)
def test_how_long_a_place_is_held(ahead: timedelta, length: timedelta | None) -> None:
    kept = hold(NOW, NOW + ahead, NEVER)
    assert (None if kept is None else kept.until - NOW) == length


def local(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=ZoneInfo(ZONE))


@pytest.mark.parametrize(
    ("free", "starts", "told", "until"),
    [
        # far off: twelve hours of open time, from 10 am to 8 pm and from 9 am to 11 am
        (local(2, 10), local(9, 9), local(2, 10), local(3, 11)),
        (local(2, 22), local(9, 9), local(3, 9), local(4, 10)),
        # within 72 hours: two hours
        (local(2, 19), local(5, 9), local(2, 19), local(3, 10)),
        # within a day: early and late, not in the night
        (local(2, 20, 30), local(3, 9), local(2, 20, 30), local(2, 21)),
        (local(2, 21, 45), local(3, 9), local(2, 21, 45), local(3, 5, 45)),
        (local(3, 2), local(3, 9), local(3, 5, 30), local(3, 6)),
    ],
)
def test_the_time_does_not_run_in_the_night(
    free: datetime, starts: datetime, told: datetime, until: datetime
) -> None:
    kept = hold(free.astimezone(UTC), starts.astimezone(UTC), EVENINGS)
    assert kept is not None
    assert (kept.told_at, kept.until) == (told, until)


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    ahead=st.timedeltas(timedelta(0), timedelta(days=30)),
    quiet=st.tuples(st.integers(0, 1439), st.integers(0, 1439)),
)
def test_a_hold_leaves_time_to_answer_and_to_plan(
    now: datetime, ahead: timedelta, quiet: tuple[int, int]
) -> None:
    kept = hold(now, now + ahead, Quiet(ZONE, *quiet))
    if kept is not None:
        assert now <= kept.told_at
        assert kept.until - kept.told_at >= SHORTEST_HOLD
        assert kept.until <= now + ahead - LAST_ANSWER


def test_an_rsvp_does_not_go_where_the_rules_do_not_lead() -> None:
    check_move(RsvpState.HELD, RsvpState.YES)
    with pytest.raises(Misuse, match="from no to arrived"):
        check_move(RsvpState.NO, RsvpState.ARRIVED)


# --- made-up histories -----------------------------------------------------------------------------

WORDS = st.tuples(st.integers(0, 9), st.sampled_from(["yes", "no", "maybe", "tick", "late"]))


@pytest.fixture
def events(line: Line) -> Iterator[str]:
    return (f"checkin:h{number}" for number in range(10**6))


@given(history=st.lists(WORDS, max_size=40), places=st.integers(1, 4))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_history_oversells_or_forgets_anybody(
    line: Line, events: Iterator[str], history: list[tuple[int, str]], places: int
) -> None:
    with line.database.read() as session:
        people = list(session.exec(select(Person.id).order_by(col(Person.id))).all())
    people = people or line.people(10)
    subject = next(events)
    # Apart in time from the other histories, so that nobody is busy.
    line.event({SeatRole.ACCOMPANIER: places}, subject, days=30)
    for place, word in history:
        if word in ("tick", "late"):
            line.tick(hours=1 if word == "tick" else 13)
        else:
            line.say(people[place], word, subject=subject)
    _adds_up(line.database)
    with line.database.read() as session:
        rsvps = session.exec(select(Rsvp).where(Rsvp.subject == subject)).all()
        seat = session.exec(select(Seat).where(Seat.subject == subject)).one()
        waiting = [rsvp for rsvp in rsvps if rsvp.state is RsvpState.STANDBY]
    assert not waiting or seat.taken == places, "somebody waits beside a free place"
    with line.database.write() as session:
        close_event(session, subject, reason="over", now=line.clock.now())
    line.clock.tick(days=40)
