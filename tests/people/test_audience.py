"""Who a text is for and who is left out: each person once, with the first reason that holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, select

from service.chapters.tables import Chapter
from service.db import Database, new_id
from service.people.audience import Audience, next_people
from service.people.tables import Chosen, Consent, Person, Volunteer
from service.privacy.keyring import Keyring
from service.rsvps.ask import mark_answered, open_asks
from service.rsvps.choose import Event, choose_people, count_people, examples
from service.rsvps.respond import Answer, respond
from service.rsvps.seats import make_seats
from service.rsvps.tables import SeatRole
from tests.factories import StillClock, make_chapter, make_sender, make_volunteer

RALLY, OTHER = f"rally:{UUID(int=1).hex}", f"rally:{UUID(int=2).hex}"


class People:
    """A chapter to choose from."""

    def __init__(self, database: Database, keyring: Keyring, clock: StillClock) -> None:
        self.database, self.keyring, self.now = database, keyring, clock.now()
        self.numbers = iter(range(101, 199))
        with database.write() as session:
            self.chapter: Chapter = make_chapter(session)
            make_sender(session, self.chapter)
        self.all = Audience(self.chapter.id)

    def add(self, *, area: str = "", speaks: list[str] | None = None, **changes: object) -> UUID:
        with self.database.write() as session:
            made = make_volunteer(
                session,
                self.keyring,
                self.chapter,
                next(self.numbers),
                now=self.now,
                **changes,  # type: ignore[arg-type]
            )
            made.area = area
            session.add(made)
            if speaks is not None:
                offered = session.get_one(Volunteer, made.id)
                offered.languages = speaks
                session.add(offered)
            return made.id

    def count(
        self, audience: Audience, calls_to: Event | None = None
    ) -> tuple[int, dict[str, int]]:
        with self.database.read() as session:
            found = count_people(session, audience, calls_to=calls_to, now=self.now)
            return found.people, found.left_out

    def event(self, session: Session, subject: str, days: int = 5) -> Event:
        at = self.now + timedelta(days=days)
        make_seats(
            session, subject, {SeatRole.CROWD: None}, starts_at=at, ends_at=at + timedelta(hours=2)
        )
        return Event(subject, at, at + timedelta(hours=2))


@pytest.fixture
def people(database: Database, keyring: Keyring, clock: StillClock) -> People:
    """An empty chapter."""
    return People(database, keyring, clock)


def test_everybody_who_is_left_out_is_told_once_with_the_reason(people: People) -> None:
    people.add()
    people.add(language="es")
    for consent in (Consent.OPTED_OUT, Consent.INVITED, Consent.NONE, Consent.HELD, Consent.ERASED):
        people.add(consent=consent)
    dead, paused = people.add(), people.add()
    with people.database.write() as session:
        person = session.get_one(Person, dead)
        person.is_unreachable = True
        offered = session.get_one(Volunteer, paused)
        offered.paused_until = people.now + timedelta(days=1)
        session.add_all([person, offered])
    assert people.count(people.all) == (
        2, {"opted_out": 1, "not_joined": 2, "held": 1, "number_dead": 1, "paused": 1},
    )  # fmt: skip


def test_they_are_chosen_by_what_they_offer(people: People) -> None:
    people.add(roles=["driver"], speaks=["en", "es"], vetting=1)
    people.add(roles=["driver", "interpreter"], speaks=["en"], language="es", vetting=3)
    people.add(vetting=2)
    for changes, expected in (
        ({"roles": ("driver",)}, 2),
        ({"roles": ("interpreter", "legal_observer")}, 1),
        ({"speaks": ("es",)}, 1),
        ({"languages": ("es",)}, 1),
        ({"min_vetting": 2}, 2),
        ({"roles": ("driver",), "min_vetting": 2}, 1),
    ):
        assert people.count(replace(people.all, **changes))[0] == expected, changes


def test_near_is_measured_and_who_never_said_where_is_told(people: People) -> None:
    for area in ("06103", "061", "Springfield", "90001", ""):
        people.add(area=area)
    near = replace(people.all, near="06103", within_miles=40)
    assert people.count(near) == (3, {"area_unknown": 1})
    assert people.count(replace(near, within_miles=5)) == (2, {"area_unknown": 1})
    assert people.count(replace(people.all, areas=("90001",))) == (1, {})
    with people.database.read() as session:
        assert len(next_people(session, near, after=None, limit=9, now=people.now)) == 3


def test_they_are_chosen_by_what_they_answered(people: People) -> None:
    yes, maybe, silent, nobody = (people.add() for _ in range(4))
    with people.database.write() as session:
        event = people.event(session, RALLY)
        open_asks(session, [yes, maybe, silent], RALLY, now=people.now, expires_at=event.starts_at)
        respond(session, yes, RALLY, Answer.YES, now=people.now)
        respond(session, maybe, RALLY, Answer.MAYBE, now=people.now)
    chosen = {
        what: set(_ids(people, replace(people.all, answers=(f"{what} {RALLY}",))))
        for what in ("asked", "said_yes", "said_maybe", "silent", "came")
    }
    assert chosen == {
        "asked": {yes, maybe, silent}, "said_yes": {yes}, "said_maybe": {maybe},
        "silent": {silent}, "came": set(),
    }  # fmt: skip
    assert nobody in set(_ids(people, people.all))


def test_a_call_leaves_out_who_was_asked_or_is_busy(people: People) -> None:
    asked, busy, free = (people.add() for _ in range(3))
    with people.database.write() as session:
        event = people.event(session, RALLY)
        people.event(session, OTHER)
        open_asks(session, [asked], RALLY, now=people.now, expires_at=event.starts_at)
        respond(session, busy, OTHER, Answer.YES, now=people.now)
    assert people.count(people.all, event) == (1, {"already_asked": 1, "busy": 1})
    assert _ids(people, people.all, event) == [free]
    later = replace(event, starts_at=event.ends_at, ends_at=event.ends_at + timedelta(hours=1))
    assert people.count(people.all, later)[1] == {"already_asked": 1}


def test_the_audience_is_fixed_when_it_is_written_down(people: People) -> None:
    first = people.add()
    list_id = new_id()
    for _ in range(2):
        with people.database.write() as session:
            fixed = choose_people(session, people.all, list_id, now=people.now)
    late = people.add()
    with people.database.read() as session:
        assert [row.person_id for row in session.exec(select(Chosen))] == [first]
        found = next_people(session, fixed, after=None, limit=9, now=people.now)
    assert [each.id for each in found] == [first]
    assert late in set(_ids(people, people.all))
    assert Audience.from_json(fixed.to_json()) == fixed


def test_there_is_an_example_for_each_language_that_gets_it(people: People) -> None:
    people.add(consent=Consent.OPTED_OUT)
    english, spanish = people.add(), people.add(language="es")
    with people.database.read() as session:
        found = examples(session, people.all, now=people.now)
        assert {language: person.id for language, person in found.items()} == {
            "en": english, "es": spanish,
        }  # fmt: skip


def test_an_answer_counts_even_when_the_question_was_closed(people: People) -> None:
    one = people.add()
    with people.database.write() as session:
        event = people.event(session, RALLY)
        open_asks(session, [one], RALLY, now=people.now, expires_at=event.starts_at)
        mark_answered(session, one, RALLY, now=people.now)
    assert _ids(people, replace(people.all, answers=(f"silent {RALLY}",))) == []


def _ids(people: People, audience: Audience, calls_to: Event | None = None) -> list[UUID]:
    list_id = new_id()
    with people.database.write() as session:
        choose_people(session, audience, list_id, calls_to=calls_to, now=people.now)
        rows = session.exec(select(Chosen.person_id).where(Chosen.list_id == list_id)).all()
    return sorted(rows)
