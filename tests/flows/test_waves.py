"""Waves: who is asked when, who is thanked, who is alarmed; and what happens when plans change."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import col, select

from service.checkins.alarm import add_alarm_contact
from service.checkins.move import move
from service.checkins.safety.tables import SafetyCheck
from service.checkins.tables import CheckIn
from service.errors import InvalidValue, WrongState
from service.inbox.tables import Inbound
from service.people.tables import Consent, Volunteer
from service.people.vet import set_vetting
from service.privacy.policy import SYSTEM
from service.rsvps.respond import rsvps_of
from service.rsvps.tables import Ask, RsvpState, SeatRole
from tests.factories import make_organizer
from tests.flows.asking import EVERY, a_checkin, asked, reasons, set_up, someone
from tests.flows.town import Town


def test_near_and_matching_first_then_farther_then_other_languages(town: Town) -> None:
    set_up(town)
    someone(town, 101)
    someone(town, 102, area="02108")
    someone(town, 103, language="en")
    someone(town, 104, vetting=1)
    checkin = a_checkin(town)
    town.tick()
    assert [asked(town, number) for number in (101, 102, 103, 104)] == [1, 0, 0, 0]
    town.tick(hours=4, minutes=1)
    assert [asked(town, number) for number in (101, 102, 103, 104)] == [1, 1, 0, 0]
    town.tick(hours=4, minutes=1)
    town.tick(hours=4, minutes=1)
    assert [asked(town, number) for number in (101, 102, 103, 104)] == [1, 1, 1, 0]
    said = reasons(town, checkin)
    assert said[1] == {"speaks:es same_area"}
    assert next(iter(said[2])).startswith("speaks:es farther:")
    assert said[3] == {"other_language same_area"}


def test_another_role_is_asked_last_and_their_yes_takes_the_place(town: Town) -> None:
    set_up(town)
    someone(town, 101)
    checkin = a_checkin(town, places={SeatRole.DRIVER: 1})
    town.tick()
    assert asked(town, 101) == 1
    assert reasons(town, checkin) == {1: {"other_role:driver speaks:es same_area"}}
    town.text(101, "S")
    assert town.told(101) == "confirmed"


def test_at_most_one_open_question_a_person(town: Town) -> None:
    set_up(town)
    someone(town, 101)
    a_checkin(town)
    a_checkin(town, days=6, family=121)
    town.tick()
    town.tick(hours=5)
    assert asked(town, 101) == 1
    town.text(101, "N")
    town.tick(hours=5)
    assert asked(town, 101) == 2


def test_who_is_busy_at_that_hour_is_not_asked(town: Town) -> None:
    set_up(town)
    someone(town, 101)
    first = a_checkin(town)
    town.tick()
    town.text(101, "S")
    a_checkin(town, days=5 + 1 / 24, family=121)
    later = a_checkin(town, days=6, family=122)
    town.tick(hours=1)
    with town.session() as session:
        about = session.exec(select(Ask.subject).order_by(col(Ask.asked_at))).all()
    assert about == [first.subject, later.subject]


def test_it_stops_when_filled_and_thanks_the_others_once(town: Town) -> None:
    set_up(town)
    for number in (101, 102, 103):
        someone(town, number)
    someone(town, 104, area="02108")
    a_checkin(town)
    town.tick()
    town.text(101, "S")
    town.tick()
    # Their question is still in the outbox of this test, so it is taken back and nobody is thanked.
    assert town.got(102) == town.got(103) == []
    assert "not_needed" not in (town.told(102), town.told(103))
    for _ in range(6):
        town.tick(hours=4)
    assert asked(town, 104) == 0


def test_who_was_asked_and_is_not_needed_is_thanked_once_and_may_wait(town: Town) -> None:
    set_up(town)
    for number in (101, 102):
        someone(town, number)
    a_checkin(town)
    town.tick()
    town.deliver()
    town.text(101, "S")
    town.tick()
    town.tick(hours=5)
    assert town.told(102) == "not_needed"
    assert len(town.got(102)) == 1
    town.text(102, "S")
    assert town.told(102) == "standby"


def test_who_has_been_silent_for_long_is_not_thanked(town: Town) -> None:
    set_up(town)
    for number in (101, 102):
        someone(town, number)
    a_checkin(town)
    town.tick()
    town.deliver()
    town.tick(hours=9)
    town.text(101, "S")
    town.tick()
    assert town.got(102) == []
    town.text(102, "S")
    assert town.told(102) == "standby"


def test_the_network_is_alarmed_once_when_nobody_is_left_and_again_near_the_start(
    town: Town,
) -> None:
    set_up(town)
    marta = town.family(130, language="en")
    with town.wiring.database.write() as session:
        add_alarm_contact(session, town.chapter, marta, now=town.clock.now())
    a_checkin(town)
    town.tick()
    assert "still needs 1 companion" in town.got(130)[-1]
    town.tick(hours=5)
    assert len(town.got(130, states=EVERY)) == 1
    town.tick(days=4)
    town.tick(hours=1)
    assert len(town.got(130, states=EVERY)) == 2
    town.tick(hours=10)
    town.tick(hours=2)
    assert len(town.got(130, states=EVERY)) == 3


def test_where_nobody_is_named_for_alarms_the_organizers_own_phones_ring(town: Town) -> None:
    set_up(town)
    rosa, marta = town.family(130, language="en"), town.family(131, language="es")
    with town.wiring.database.write() as session:
        make_organizer(session, town.chapter, now=town.clock.now(), person_id=rosa.id)
    a_checkin(town)
    town.tick()
    assert "still needs 1 companion" in town.got(130)[-1]
    with town.wiring.database.write() as session:
        add_alarm_contact(session, town.chapter, marta, now=town.clock.now())
    town.tick(days=4, hours=6)
    assert [len(town.got(who, states=EVERY)) for who in (130, 131)] == [1, 1]


def test_nobody_is_asked_at_night_but_from_half_past_five_on_the_last_day(town: Town) -> None:
    set_up(town, quiet_from_minute=20 * 60, quiet_until_minute=9 * 60)
    someone(town, 101)
    town.tick(hours=11)  # Monday 21:00
    a_checkin(town, days=0.5)
    town.tick()
    assert asked(town, 101) == 1  # 21:00 is before 22:00, and the start is tomorrow
    someone(town, 102)
    town.tick(hours=2)
    assert asked(town, 102) == 0
    town.tick(hours=6, minutes=29)
    assert asked(town, 102) == 0
    town.tick(minutes=2)
    assert asked(town, 102) == 1


def test_a_move_closes_the_wave_and_asks_about_the_new_time(town: Town) -> None:
    set_up(town)
    for number in (101, 102):
        someone(town, number)
    checkin = a_checkin(town, places={SeatRole.ACCOMPANIER: 2})
    town.tick()
    town.text(101, "S")
    with town.wiring.database.write() as session:
        found = session.get_one(CheckIn, checkin.id)
        new = found.starts_at + timedelta(days=1)
        move(session, town.wiring.outbox, found, new, by=SYSTEM, now=town.clock.now())
    assert town.told(101) == "checkin_moved"
    assert town.told(120) == "family_moved"
    assert town.got(102) == []
    with town.session() as session:  # nobody is asked on the old day how it went
        check = session.exec(select(SafetyCheck)).one()
    assert (check.starts_at, check.next_at) == (new, new + timedelta(hours=4))
    town.tick()
    assert town.told(102) == "blast"
    assert "domingo 8 de marzo" in town.got(102)[-1]
    town.text(101, "N")
    assert town.told(101) == "changed_to_no"
    town.text(102, "S")
    assert town.told(102) == "confirmed"


def test_a_move_into_the_past_or_after_the_start_is_refused(town: Town) -> None:
    checkin = a_checkin(town)

    def to(days: float) -> None:
        with town.wiring.database.write() as session:
            found = session.get_one(CheckIn, checkin.id)
            at = town.clock.now() + timedelta(days=days)
            move(session, town.wiring.outbox, found, at, by=SYSTEM, now=town.clock.now())

    with pytest.raises(InvalidValue):
        to(-1)
    town.clock.tick(days=5)
    with pytest.raises(WrongState):
        to(1)


def test_a_start_in_the_past_is_asked_of_nobody(town: Town) -> None:
    someone(town, 101)
    a_checkin(town)
    town.clock.tick(days=5)
    town.tick()
    assert asked(town, 101) == 0
    with pytest.raises(InvalidValue):
        a_checkin(town, days=-1)


def test_the_family_leaves_half_way_and_the_accompaniment_goes_on(town: Town) -> None:
    set_up(town)
    someone(town, 101)
    a_checkin(town)
    town.text(120, "ya no me manden mensajes")
    with town.session() as session:
        newest = session.exec(select(Inbound).order_by(col(Inbound.id).desc())).first()
    assert newest is not None
    assert newest.needs_person  # somebody phones
    town.tick()
    assert asked(town, 101) == 1
    town.text(101, "S")
    assert town.told(101) == "confirmed"


def test_one_lead_is_asked_for_two_families_at_one_door_only_when_nobody_else_is_left(
    town: Town,
) -> None:
    set_up(town)
    someone(town, 101, vetting=3)
    lead = {SeatRole.LEAD: 1}
    a_checkin(town, places=lead)
    town.tick()
    town.text(101, "S")
    with town.session() as session:
        starts_at = session.exec(select(CheckIn.starts_at)).one()
    days = (starts_at - town.clock.now()) / timedelta(days=1)
    other = a_checkin(town, days=days, places=lead, family=121)
    someone(town, 102, vetting=3)
    town.tick()
    assert (asked(town, 101), asked(town, 102)) == (1, 1)
    town.text(102, "N")
    town.tick(hours=5)
    assert reasons(town, other)[2] == {"role:lead there"}
    town.text(101, "S")
    assert town.told(101) == "confirmed_lead"


def test_a_yes_that_may_not_learn_the_place_holds_none(town: Town) -> None:
    set_up(town)
    alma = someone(town, 101)
    someone(town, 102)
    checkin = a_checkin(town)
    town.tick()
    town.text(101, "S")
    town.text(102, "S")
    assert town.told(102) == "standby"
    with town.wiring.database.write() as session:
        volunteer = session.get_one(Volunteer, alma.id)
        set_vetting(session, volunteer, 1, by=SYSTEM, now=town.clock.now())
    town.tick()
    assert town.told(101) == "released"
    assert town.told(102) == "promoted_hold"
    with town.session() as session:
        answers = rsvps_of(session, [checkin.subject])[checkin.subject]
        states = {rsvp.person_id: rsvp.state for rsvp in answers}
    assert states[alma.id] is RsvpState.STANDBY


def test_who_left_or_is_on_a_break_is_not_asked(town: Town) -> None:
    set_up(town)
    someone(town, 101, consent=Consent.OPTED_OUT)
    on_break = someone(town, 102)
    with town.wiring.database.write() as session:
        volunteer = session.get_one(Volunteer, on_break.id)
        volunteer.paused_until = town.clock.now() + timedelta(days=30)
        session.add(volunteer)
    a_checkin(town)
    town.tick()
    assert asked(town, 101) == asked(town, 102) == 0
