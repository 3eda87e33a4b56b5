"""All at once or in whatever order: no place is oversold, and nobody is forgotten beside a free one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from multiprocessing import get_context
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from service.db import Database
from service.people.tables import Person
from service.rsvps.close import close_event
from service.rsvps.hold import hold_places
from service.rsvps.respond import Answer, respond
from service.rsvps.tables import Rsvp, RsvpState, Seat, SeatRole
from tests.conftest import Urls
from tests.rsvps.line import SUBJECT, Line, adds_up


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
    adds_up(line.database)
    line.tick()
    with line.database.read() as session:
        states = [rsvp.state for rsvp in session.exec(select(Rsvp)).all()]
        seats = session.exec(select(Seat)).all()
    others_wait = states.count(RsvpState.STANDBY) > 0
    free = sum(
        (seat.capacity or 0) - seat.taken for seat in seats if seat.role is not SeatRole.LEAD
    )
    assert not (others_wait and free), "a place is free, and somebody who fits waits for it"


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
    adds_up(line.database)
    with line.database.read() as session:
        rsvps = session.exec(select(Rsvp).where(Rsvp.subject == subject)).all()
        seat = session.exec(select(Seat).where(Seat.subject == subject)).one()
        waiting = [rsvp for rsvp in rsvps if rsvp.state is RsvpState.STANDBY]
    assert not waiting or seat.taken == places, "somebody waits beside a free place"
    with line.database.write() as session:
        close_event(session, subject, reason="over", now=line.clock.now())
    line.clock.tick(days=40)
