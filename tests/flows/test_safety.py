"""After an appointment: who is asked, who is called, and what ends it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from service.checkins.cancel import cancel
from service.checkins.safety.contacts import name_contact
from service.checkins.safety.report import take
from service.checkins.safety.tables import SafetyState, SafetyStep, Why
from service.checkins.tables import CheckIn, CheckInState
from service.outbox.tables import Delivery, State
from service.people.register import Card
from service.people.tables import Consent, Person
from service.privacy.policy import SYSTEM
from service.rsvps.tables import Rsvp, RsvpState
from tests.factories import make_organizer
from tests.flows.day import (
    AZUCENA,
    CONTACT,
    DUE,
    MARTA,
    NOOR,
    ROSA,
    STARTS,
    TOM,
    Day,
)

S = SafetyState


def test_family_and_lead_are_asked_together_once_the_usual_wait_is_over(day: Day) -> None:
    day.at(DUE - timedelta(minutes=1))
    assert day.told(AZUCENA) == day.told(ROSA) == []
    day.at(DUE)
    assert day.told(AZUCENA) == ["safety_ask"]
    assert day.told(ROSA) == ["safety_ask_lead"]
    assert day.told(TOM) == []
    assert "1 ya estoy afuera y bien" in day.town.got(AZUCENA)[-1]


def test_the_leads_here_starts_it_and_everybody_elses_is_noted(day: Day) -> None:
    day.town.text(ROSA, "HERE")  # days before: nobody is at any door
    with day.town.session() as session:
        assert session.get_one(CheckIn, day.checkin.id).state is CheckInState.APPROVED
        assert RsvpState.ARRIVED not in session.exec(select(Rsvp.state)).all()
    day.at(STARTS - timedelta(minutes=20))
    day.town.text(TOM, "llegue")
    assert day.town.told(TOM) == "here_noted"
    day.town.text(ROSA, "HERE")
    assert day.town.told(ROSA) == "here_noted_lead"
    with day.town.session() as session:
        assert session.get_one(CheckIn, day.checkin.id).state is CheckInState.UNDERWAY
    day.at(STARTS - timedelta(minutes=5))
    assert day.told(NOOR) == []


def test_a_lead_who_is_missing_ten_minutes_before_is_an_alarm_once(day: Day) -> None:
    marta = day.town.volunteer(MARTA, name="Marta", consent=Consent.ACTIVE)
    with day.town.wiring.database.write() as session:
        make_organizer(session, day.town.chapter, now=day.town.clock.now(), person_id=marta.id)
    day.town.text(NOOR, "Y")
    day.at(STARTS - timedelta(minutes=11))
    assert day.told(MARTA) == []
    day.at(STARTS - timedelta(minutes=10))
    day.at(STARTS - timedelta(minutes=9))
    assert day.told(MARTA) == ["alert_no_lead"]
    assert day.told(NOOR) == ["alert_no_lead_standby"]
    assert day.told(ROSA) == []


def test_it_waits_from_when_they_went_in(day: Day) -> None:
    day.at(STARTS)
    day.town.text(TOM, "IN")
    assert day.town.told(TOM) == "in_noted"
    assert "at 1:00 pm" in day.town.got(TOM)[-1]
    day.town.clock.at = STARTS + timedelta(hours=1)
    day.town.text(ROSA, "IN")
    with day.town.session() as session:
        assert session.get_one(CheckIn, day.checkin.id).state is CheckInState.UNDERWAY


def test_the_leads_one_ends_it_with_who_and_when(day: Day) -> None:
    day.at(DUE)
    day.town.text(ROSA, "1")
    check = day.check()
    assert (check.state, check.resolved_by) == (S.RESOLVED, "lead")
    assert check.resolved_person_id == day.rosa.id  # her name stays sealed
    assert check.resolved_at == day.town.clock.now()
    assert day.town.told(ROSA) == "safety_spoken"
    assert day.town.told(AZUCENA) == "safety_ok"
    day.pass_minutes(300, every=30)
    assert day.calls() == []


def test_a_one_from_the_familys_phone_alone_ends_nothing(day: Day) -> None:
    day.shift(day.noor)
    day.at(DUE)
    day.town.text(AZUCENA, "1")
    assert day.check().state is S.OK
    assert day.town.told(AZUCENA) == "safety_ok"
    assert day.town.told(ROSA) == day.town.told(TOM) == "safety_speak"
    for _ in range(12):
        day.town.text(AZUCENA, "1")
        day.pass_minutes(5)
    assert day.check().why is Why.NOT_SPOKEN
    assert day.calls()[0].person_id == day.noor.id


@pytest.mark.parametrize("body", ["ok", "bien", "all good", "OUT", "Y"])
def test_only_the_digit_means_that_the_lead_spoke_with_them(day: Day, body: str) -> None:
    day.at(DUE)
    day.town.text(ROSA, body)
    assert day.check().state is not S.RESOLVED


def test_silence_climbs_and_then_phones_ring_until_somebody_presses_one(day: Day) -> None:
    day.shift(day.noor)
    with day.town.wiring.database.write() as session:
        family = session.get_one(Person, day.checkin.family_id)
        card = Card("+14135550103", alias="Lupe", language="es")
        name_contact(session, day.town.wiring.outbox, day.town.chapter, family, card,
                     now=day.town.clock.now())  # fmt: skip
    day.town.text(CONTACT, "S")
    assert day.town.told(CONTACT) == "contact_yes"
    day.at(DUE)
    day.pass_minutes(50)
    assert day.told(AZUCENA) == ["safety_ask", "safety_ask"]
    assert day.told(ROSA) == ["safety_ask_lead", "safety_no_word", "safety_no_word"]
    assert day.told(TOM) == ["safety_no_word"]
    assert day.told(CONTACT) == ["safety_contact"]
    rings = [call for call in day.calls() if call.person_id == day.noor.id]
    assert len(rings) == 2
    with day.town.wiring.database.write() as session:
        assert take(session, day.town.wiring.outbox, day.check(), person=day.noor,
                    now=day.town.clock.now())  # fmt: skip
    assert (day.check().taken_by, day.check().taken_person_id) == ("on_call", day.noor.id)
    day.pass_minutes(29)
    assert len([call for call in day.calls() if call.person_id == day.noor.id]) == 2
    day.pass_minutes(2)
    assert len([call for call in day.calls() if call.person_id == day.noor.id]) == 3
    day.town.text(NOOR, "1")
    assert (day.check().state, day.check().resolved_by) == (S.RESOLVED, "on_call")
    assert day.town.told(CONTACT) == "safety_over"


def test_somebody_whom_they_named_is_told_of_nothing_before_they_agree(day: Day) -> None:
    with day.town.wiring.database.write() as session:
        family = session.get_one(Person, day.checkin.family_id)
        name_contact(session, day.town.wiring.outbox, day.town.chapter, family,
                     Card("+14135550103", language="es"), now=day.town.clock.now())  # fmt: skip
    day.at(DUE)
    day.town.text(AZUCENA, "3")
    assert day.told(CONTACT) == []
    day.town.text(CONTACT, "N")
    assert day.town.told(CONTACT) == "contact_no"
    day.pass_minutes(30)
    assert day.told(CONTACT) == []


def test_nobody_on_shift_is_an_alarm_for_all_organizers(day: Day) -> None:
    marta = day.town.volunteer(MARTA, name="Marta")  # a phone of her own, like any other
    with day.town.wiring.database.write() as session:
        make_organizer(session, day.town.chapter, now=day.town.clock.now(), person_id=marta.id)
    day.at(DUE)
    day.town.text(AZUCENA, "3")
    assert day.told(MARTA) == ["alert_nobody_on_shift"]
    assert [(call.template, call.person_id) for call in day.calls()] == [
        ("safety_nobody", marta.id)
    ]
    day.pass_minutes(3)
    assert len(day.calls()) == 2


def test_stop_ends_texts_and_not_the_ladder(day: Day) -> None:
    day.shift(day.noor)
    day.at(STARTS + timedelta(hours=1))  # they are there
    day.town.text(AZUCENA, "STOP", opt_out_type="STOP")
    day.town.text(ROSA, "STOP", opt_out_type="STOP")
    day.at(DUE)
    assert day.told(AZUCENA) == day.told(ROSA) == []
    assert [call.template for call in day.calls()] == ["safety_ask", "safety_ask_lead"]
    day.pass_minutes(60)
    assert "safety_shift" in [call.template for call in day.calls()]


def test_two_asks_again_later_and_not_out_by_closing_is_an_alarm(day: Day) -> None:
    day.shift(day.noor)
    day.at(DUE)
    day.town.text(ROSA, "2")
    assert "1:45 pm" in day.town.got(ROSA)[-1]
    closes = STARTS + timedelta(hours=8)
    while day.town.clock.now() < closes - timedelta(minutes=1):
        day.pass_minutes(1)
        if day.check().state is S.ASKED:
            day.town.text(ROSA, "2")
    assert day.check().state is S.WAITING
    day.pass_minutes(2)
    assert day.check().why is Why.NOT_OUT
    day.pass_minutes(15)
    assert day.calls()[0].person_id == day.noor.id


def test_quiet_hours_delay_nothing(day: Day) -> None:
    with day.town.wiring.database.write() as session:
        chapter = session.merge(day.town.chapter)
        chapter.quiet_from_minute, chapter.quiet_until_minute = 0, 24 * 60 - 1
    day.at(DUE)
    with day.town.session() as session:
        asked = session.exec(select(Delivery).where(Delivery.template == "safety_ask")).one()
    assert asked.not_before <= day.town.clock.now()
    assert asked.state is State.PLANNED


def test_ticks_that_come_twice_or_from_two_machines_do_nothing_twice(day: Day) -> None:
    day.shift(day.noor)
    day.at(DUE)
    for minute in range(60):
        day.town.clock.at = DUE + timedelta(minutes=minute)
        for _ in range(3):
            day.town.tick()
    with day.town.session() as session:
        keys = session.exec(select(SafetyStep.once_key)).all()
    assert len(keys) == len(set(keys))
    assert day.told(AZUCENA) == ["safety_ask", "safety_ask"]


def test_a_clock_that_leaps_ahead_and_back_does_not_hold_the_ladder(day: Day) -> None:
    day.shift(day.noor)
    day.at(DUE)
    day.at(DUE + timedelta(hours=2))
    day.at(DUE + timedelta(minutes=1))
    day.pass_minutes(45)
    assert any(call.person_id == day.noor.id for call in day.calls())


def test_a_handover_rings_whoever_comes_next(day: Day) -> None:
    hannah = day.town.volunteer(142, name="Hannah", vetting=3)
    day.shift(day.noor, hours=4.5)
    day.shift(hannah, starts_at=STARTS + timedelta(hours=4.5))
    day.at(STARTS)
    assert "Open now: 0" in day.town.got(NOOR)[-1]
    day.at(DUE)
    day.town.text(AZUCENA, "3")
    with day.town.wiring.database.write() as session:
        take(session, day.town.wiring.outbox, day.check(), person=day.noor,
             now=day.town.clock.now())  # fmt: skip
    day.at(DUE + timedelta(minutes=31))
    assert day.calls()[-1].person_id == hannah.id
    assert "Open now: 1" in day.town.got(142)[-1]
    assert "Hannah is on call now" in day.town.got(NOOR)[-1]


def test_cancelled_before_anybody_was_asked_it_is_off(day: Day) -> None:
    with day.town.wiring.database.write() as session:
        checkin = session.merge(day.checkin)
        cancel(session, day.town.wiring.outbox, checkin, by=SYSTEM, now=day.town.clock.now())
    assert day.check().state is S.OFF
    day.at(DUE + timedelta(hours=9))
    assert day.calls() == []


def test_an_appointment_is_not_over_before_one_of_us_has_spoken(day: Day) -> None:
    day.at(DUE + timedelta(hours=1))
    with day.town.session() as session:
        assert session.get_one(CheckIn, day.checkin.id).state is not CheckInState.CLOSED
    day.town.text(ROSA, "1")
    day.town.tick()
    with day.town.session() as session:
        assert session.get_one(CheckIn, day.checkin.id).state is CheckInState.CLOSED


def test_nobody_who_was_not_asked_loses_their_usual_answers(day: Day) -> None:
    day.at(DUE)
    day.town.volunteer(160, name="Ben")
    day.town.text(160, "06103")
    day.town.text(160, "1")
    assert day.town.told(160) == "unknown_text"
