"""Somebody is in danger and says so: people are called, whoever they are and whatever the day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import col, select

from service.checkins.safety.report import resolve
from service.checkins.safety.tables import SafetyCheck, SafetyState, Why
from service.people.tables import Consent, Person
from tests.flows.day import (
    AZUCENA,
    DUE,
    ORGANIZER,
    ROSA,
    STARTS,
    TOM,
    Day,
)

S = SafetyState


def test_a_three_tells_everybody_and_calls_the_shift_in_one_breath(day: Day) -> None:
    day.shift(day.noor)
    day.at(DUE)
    day.town.text(AZUCENA, "3")
    assert day.town.told(AZUCENA) == "distress_heard"
    assert day.town.told(ROSA) == day.town.told(TOM) == "safety_urgent"
    assert [call.template for call in day.calls()] == ["safety_shift"]


def test_somebody_who_left_us_is_still_heard(day: Day) -> None:
    day.shift(day.noor)
    day.town.text(AZUCENA, "STOP", opt_out_type="STOP")
    day.at(DUE)
    day.town.text(AZUCENA, "3")
    assert day.check().why is Why.HELP


@pytest.mark.parametrize("body", ["lo agarraron", "no sale", "DETAINED", "help me"])
@pytest.mark.parametrize("number", [AZUCENA, ROSA, TOM])
def test_anybody_assigned_who_writes_of_danger_gets_people_called(
    day: Day, body: str, number: int
) -> None:
    day.shift(day.noor)
    day.at(STARTS)
    day.town.text(number, body)
    assert day.check().why is Why.DISTRESS
    assert len(day.calls()) == 1


def test_whoever_texts_us_in_need_may_be_texted_from_then_on(day: Day) -> None:
    person = day.town.family(122, consent=Consent.INVITED)
    day.town.text(122, "help me")
    with day.town.session() as session:
        assert session.get_one(Person, person.id).consent is Consent.ACTIVE


@pytest.mark.parametrize("body", ["HELP", "AYUDA", "INFO"])
def test_help_on_the_day_calls_people_and_on_any_other_day_explains(day: Day, body: str) -> None:
    day.shift(day.noor, starts_at=STARTS - timedelta(hours=8), hours=20)
    day.town.text(AZUCENA, body)
    assert day.town.told(AZUCENA) == "help"
    day.at(STARTS - timedelta(hours=3))
    by_carrier = "HELP" if body != "AYUDA" else ""
    day.town.text(AZUCENA, body, opt_out_type=by_carrier)
    assert day.town.told(AZUCENA) == "distress_heard"
    assert len(day.calls()) == 1
    day.town.text(ROSA, "3")
    assert day.check().state is S.ESCALATED


def test_fear_on_any_day_calls_people_too(day: Day) -> None:
    day.shift(day.noor, starts_at=day.town.clock.now())
    day.town.text(150, "me detuvieron")
    day.town.text(150, "ayudame")
    assert len(day.calls()) == 1
    with day.town.session() as session:
        alarm = session.exec(select(SafetyCheck).where(col(SafetyCheck.checkin_id).is_(None))).one()
    assert alarm.state is S.ESCALATED
    with day.town.wiring.database.write() as session:
        resolve(session, day.town.wiring.outbox, session.get_one(SafetyCheck, alarm.id),
                by=ORGANIZER, now=day.town.clock.now())  # fmt: skip
    day.pass_minutes(9)
    assert len(day.calls()) == 1
    assert day.check().state is S.ARMED
