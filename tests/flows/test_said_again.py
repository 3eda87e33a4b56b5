"""Around a safety check: what is said again is answered again, and a 3 means help where we said so."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from service.checkins.move import move
from service.checkins.safety.find import SAY_THREE_IS_HELP
from service.checkins.safety.tables import SafetyState, Why
from service.checkins.tables import CheckIn
from service.db import new_id
from service.messages.catalog import Catalog
from service.privacy.policy import SYSTEM
from service.rsvps.ask import LIST
from service.rsvps.tables import Ask
from tests.flows.day import AZUCENA, DUE, ROSA, STARTS, Day

S = SafetyState


def moved(day: Day, *, days: int) -> None:
    """The family's appointment has another date."""
    with day.town.wiring.database.write() as session:
        checkin = session.get_one(CheckIn, day.checkin.id)
        to, now = checkin.starts_at + timedelta(days=days), day.town.clock.now()
        move(session, day.town.wiring.outbox, checkin, to, by=SYSTEM, now=now)


def test_a_family_is_answered_again_when_the_appointment_was_moved_in_between(day: Day) -> None:
    def hears_an_answer(body: str) -> bool:
        before = len(day.town.got(AZUCENA))
        day.town.text(AZUCENA, body)
        return len(day.town.got(AZUCENA)) > before

    day.at(STARTS - timedelta(minutes=150))
    assert hears_an_answer("ya salí")
    moved(day, days=2)
    assert hears_an_answer("1")
    moved(day, days=1)
    assert hears_an_answer("ya salí")


@pytest.mark.parametrize("first", ["ya salí", "adentro", "1"])
@pytest.mark.parametrize("then", ["ya salí", "adentro"])
def test_what_a_family_says_once_more_is_answered_once_more(
    day: Day, first: str, then: str
) -> None:
    day.at(DUE)
    day.town.text(AZUCENA, first)
    day.town.text(AZUCENA, "ya salí")
    before = len(day.town.got(AZUCENA))
    day.town.text(AZUCENA, then)
    assert day.told(AZUCENA).count("safety_ok") == 1
    assert day.town.told(AZUCENA) == "safety_heard"
    assert len(day.town.got(AZUCENA)) == before + 1


@pytest.mark.parametrize("minutes", [-150, 5])
@pytest.mark.parametrize("who", [AZUCENA, ROSA])
def test_a_three_is_a_cry_where_our_answer_said_so(day: Day, who: int, minutes: int) -> None:
    day.shift(day.noor, starts_at=STARTS - timedelta(hours=3))
    day.at(STARTS + timedelta(minutes=minutes))
    day.town.text(who, "3")
    assert day.check().state is S.ARMED  # nothing said that digits mean anything
    day.town.text(who, "sigo adentro")
    assert day.town.told(who) == "safety_heard"
    day.town.text(who, "3")
    assert (day.check().state, day.check().why) == (S.ESCALATED, Why.HELP)
    assert day.town.told(who) == "distress_heard"
    assert [call.person_id for call in day.calls()] == [day.noor.id]


@pytest.mark.parametrize("said", ["a las 3", "3 de la tarde", "1", "2"])
def test_what_is_no_three_goes_on_to_the_lead(day: Day, said: str) -> None:
    day.at(STARTS - timedelta(minutes=150))
    day.town.text(AZUCENA, "sigo adentro")
    day.town.text(AZUCENA, said)
    assert day.check().state is S.ARMED
    assert any(text.endswith(f": {said}") for text in day.town.got(ROSA))


def test_what_we_said_of_a_three_days_ago_counts_no_more(day: Day) -> None:
    day.at(STARTS - timedelta(minutes=150))
    day.town.text(AZUCENA, "sigo adentro")
    moved(day, days=2)
    day.at(STARTS + timedelta(days=2, minutes=-150))
    day.town.text(AZUCENA, "3")
    assert day.check().state is S.ARMED


def test_a_three_answers_the_list_that_came_after_it(day: Day) -> None:
    day.at(STARTS - timedelta(minutes=150))
    day.town.text(ROSA, "still inside")
    day.town.clock.tick(minutes=1)
    with day.town.wiring.database.write() as session:
        now = day.town.clock.now()
        others = [f"checkin:{new_id().hex}" for _ in range(2)]
        for number, subject in enumerate([*others, day.checkin.subject], start=1):
            session.add(
                Ask(
                    id=new_id(), person_id=day.rosa.id, subject=subject, kind=LIST, number=number,
                    asked_at=now, expires_at=now + timedelta(days=5),
                )
            )  # fmt: skip
    day.town.text(ROSA, "3")
    assert day.check().state is S.ARMED


def test_every_answer_that_speaks_of_a_three_is_known_by_it(catalog: Catalog) -> None:
    says = re.compile(r"\b(reply|responda) 3\b")
    found = {
        name
        for name, template in catalog.templates.items()
        if any(says.search(words) for words in template.says.values())
    }
    assert found == {"safety_heard", "safety_waiting"}
    assert found < set(SAY_THREE_IS_HELP)
