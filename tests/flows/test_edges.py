"""Plans change, doors are shut, people fall silent: each has its outcome, and nobody is left waiting."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlmodel import col, select

from service.calls.tables import VoiceCall
from service.chapters.tables import Office
from service.checkins.alarm import add_alarm_contact
from service.checkins.approve import Approval, approve
from service.checkins.cancel import cancel
from service.checkins.move import move
from service.checkins.register import Registration, register
from service.checkins.safety.tables import SafetyCheck, SafetyState
from service.checkins.tables import CheckIn, CheckInState, Outcome, SheetLink
from service.cli.trouble import IN_WORDS
from service.errors import WrongState
from service.inbox.tables import Inbound
from service.outbox.tables import Delivery, Notice
from service.people.register import Card
from service.people.tables import Person
from service.privacy.policy import SYSTEM
from service.rsvps.tables import Rsvp, RsvpState, SeatRole
from tests.factories import make_organizer
from tests.flows.asking import someone
from tests.flows.day import AZUCENA, DUE, MARTA, NOOR, ORGANIZER, ROSA, STARTS, TOM, After
from tests.flows.test_next_date import earlier_visits, followers
from tests.flows.test_registering_by_text import newest_inbound, says
from tests.flows.town import Town


def an_organizer(town: Town, *, is_alarmed: bool = False) -> Person:
    """Marta, who has a phone here."""
    marta = town.volunteer(MARTA, name="Marta", vetting=0)
    now = town.clock.now()
    with town.wiring.database.write() as session:
        make_organizer(session, town.chapter, now=now, person_id=marta.id)
        if is_alarmed:
            add_alarm_contact(session, town.chapter, marta, now=now)
    return marta


def the_checkin(town: Town) -> CheckIn:
    with town.session() as session:
        return session.exec(select(CheckIn)).one()


def approve_it(town: Town, checkin: CheckIn) -> None:
    with town.wiring.database.write() as session:
        found = session.get_one(CheckIn, checkin.id)
        approval = Approval({SeatRole.LEAD: 1}, agreed_to_texts=True)
        approve(session, town.wiring.outbox, found, approval, by=SYSTEM, now=town.clock.now())


def move_it(town: Town, checkin: CheckIn, by: timedelta) -> datetime:
    with town.wiring.database.write() as session:
        found = session.get_one(CheckIn, checkin.id)
        new = found.starts_at + by
        move(session, town.wiring.outbox, found, new, by=SYSTEM, now=town.clock.now())
    return new


# --- moved, cancelled ------------------------------------------------------------------------------


def test_a_yes_to_the_old_time_hears_the_new_one(town: Town) -> None:
    """Their question was on its way when it moved; what they are told is the day that counts."""
    town.volunteer(ROSA, name="Rosa", vetting=3)
    checkin = town.checkin()
    town.tick()
    town.deliver()
    move_it(town, checkin, timedelta(days=1))
    town.text(ROSA, "Y")
    assert town.told(ROSA) == "confirmed_lead"
    assert "Sun Mar 8" in town.got(ROSA)[-1]
    town.tick()
    assert [text for text in town.got(ROSA) if "Reply Y or N" in text] == []  # not asked again


def test_moved_the_evening_before_everybody_hears_it_and_the_old_morning_is_quiet(
    after: After,
) -> None:
    town = after.town
    after.at(STARTS - timedelta(hours=14))
    town.deliver()
    new = move_it(town, after.checkin, timedelta(days=2))
    assert [town.told(one) for one in (ROSA, TOM)] == ["checkin_moved"] * 2
    assert town.told(AZUCENA) == "family_moved"
    town.deliver()
    after.at(STARTS - timedelta(hours=2))
    after.at(STARTS + timedelta(minutes=30))
    after.at(DUE)
    assert [town.got(one) for one in (ROSA, TOM, AZUCENA)] == [[], [], []]
    town.text(TOM, "N")
    assert town.told(TOM) == "changed_to_no"
    assert after.check().due_at == new + timedelta(hours=4)


def test_cancelled_after_the_place_was_told_nobody_stands_at_the_door(after: After) -> None:
    town = after.town
    after.at(STARTS - timedelta(hours=14))
    assert "Café Sol" in "\n".join(town.got(TOM))
    town.deliver()
    with town.wiring.database.write() as session:
        found = session.get_one(CheckIn, after.checkin.id)
        cancel(session, town.wiring.outbox, found, by=ORGANIZER, now=town.clock.now())
    assert [town.told(one) for one in (ROSA, TOM)] == ["checkin_cancelled"] * 2
    assert town.told(AZUCENA) == "family_cancelled"
    town.deliver()
    for late, answer in ((ROSA, "closed_cancelled"), (TOM, "closed_cancelled")):
        town.text(late, "Y")
        assert town.told(late) == answer
    town.deliver()
    for hours in (-3, -2, 0, 4):
        after.at(STARTS + timedelta(hours=hours))
    assert [town.got(one) for one in (ROSA, TOM, AZUCENA, MARTA)] == [[], [], [], []]
    assert after.check().state is SafetyState.OFF
    with town.session() as session:
        assert session.exec(select(SheetLink)).all() == []


# --- two at one door, nobody at all ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "leads"), [("", {"Azucena"}), ("N", {"Azucena"}), ("Y", {"Azucena", "Jasmine"})]
)
def test_one_lead_takes_both_families_only_by_saying_so(
    after: After, said: str, leads: set[str]
) -> None:
    town = after.town
    town.text(NOOR, "N")  # who else could lead
    town.deliver()
    both = {"Azucena": after.checkin, "Jasmine": _second_family(after)}
    town.tick()
    assert "Reply Y or N" in town.got(ROSA)[-1]
    if said:
        town.text(ROSA, said)
        assert town.told(ROSA) == ("confirmed_lead" if said == "Y" else "no_noted")
    with town.session() as session:
        theirs = session.exec(
            select(Rsvp.subject).where(
                Rsvp.person_id == after.rosa.id, Rsvp.role == SeatRole.LEAD,
                col(Rsvp.state) == RsvpState.YES,
            )
        ).all()  # fmt: skip
    assert {name for name, one in both.items() if one.subject in theirs} == leads


def _second_family(after: After) -> CheckIn:
    town, now = after.town, after.town.clock.now()
    told = Registration(Card("+14135550121", alias="Jasmine"), town.office.id, STARTS, how="web")
    with town.wiring.database.write() as session:
        made = register(session, town.wiring.outbox, town.chapter, told, now=now)
        approval = Approval({SeatRole.LEAD: 1}, agreed_to_texts=True)
        approve(session, town.wiring.outbox, made, approval, by=ORGANIZER, now=now)
    return made


def test_with_no_volunteer_at_all_people_are_alarmed_and_the_family_is_told_who_calls(
    town: Town,
) -> None:
    an_organizer(town, is_alarmed=True)
    starts_at = town.checkin().starts_at
    town.tick()
    assert town.told(MARTA) == "alert_short"
    town.deliver()
    town.clock.at = starts_at - timedelta(hours=24)
    town.tick()
    assert town.told(120) == "family_reminder_1d_call"
    assert town.told(MARTA) == "alert_short"
    town.deliver()
    town.clock.at = starts_at - timedelta(minutes=5)
    town.tick()
    key = town.wiring.keyring.phone_key(f"+1413555{MARTA:04}")
    with town.session() as session:
        told = session.exec(select(Delivery.template).where(Delivery.to_key == key)).all()
    assert set(told) == {"alert_short", "alert_no_lead"}
    town.deliver()
    town.clock.at = starts_at + timedelta(hours=4)
    town.tick()
    assert town.told(120) == "safety_ask"  # that nobody went along ends no ladder


# --- the door is shut, the date is past -------------------------------------------------------------


def test_a_holiday_is_asked_about_once_and_a_shut_door_leads_to_the_next_date(town: Town) -> None:
    someone(town, ROSA, language="en", name="Rosa", vetting=3)
    says(
        town, 120,
        ("CITA", "intake_when"), ("25 de mayo 9am", "intake_when_sure"), ("S", "intake_people"),
        ("1", "intake_ride"), ("N", "intake_speaks"), ("1", "family_registered"),
    )  # fmt: skip
    checkin = the_checkin(town)
    approve_it(town, checkin)
    town.clock.at = checkin.starts_at - timedelta(days=2)
    town.tick()
    town.text(ROSA, "Y")
    town.clock.at = checkin.starts_at + timedelta(minutes=10)
    town.tick()
    says(town, ROSA, ("the office was closed", "outcome_read_back"), ("Y", "outcome_next"))
    assert the_checkin(town).outcome is Outcome.RESCHEDULED
    assert the_checkin(town).state is CheckInState.RESCHEDULED
    says(town, ROSA, ("NEXT 5/26 9:00", "next_read_back"), ("Y", "next_noted"))
    with town.session() as session:
        made = session.exec(select(CheckIn).where(CheckIn.earlier_id == checkin.id)).one()
        zone = session.exec(select(Office.time_zone)).one()
    assert (zone, made.starts_at) == ("America/New_York", checkin.starts_at + timedelta(days=1))
    assert town.told(120) == "family_registered"


def test_one_that_began_before_anybody_approved_it_asks_nobody(town: Town) -> None:
    town.volunteer(ROSA, name="Rosa", vetting=3)
    checkin = town.checkin(is_approved=False)
    town.clock.at = checkin.starts_at + timedelta(minutes=1)
    with pytest.raises(WrongState):
        approve_it(town, checkin)
    town.tick()
    assert town.got(ROSA) == []
    assert the_checkin(town).state is CheckInState.CANCELLED
    with town.session() as session:
        assert session.exec(select(SafetyCheck)).all() == []


# --- a date to be confirmed that never is -------------------------------------------------------------


def test_a_family_whom_nobody_called_hears_the_truth_and_organizers_did_before(town: Town) -> None:
    an_organizer(town)
    checkin = town.checkin(is_approved=False)
    town.deliver()
    town.tick(hours=23)
    assert town.got(MARTA) == town.got(120) == []
    for _ in range(3):
        town.tick(hours=1, minutes=1)
    assert town.told(MARTA) == "alert_unconfirmed"
    assert len(town.got(MARTA)) == 1
    with town.session() as session:
        assert session.exec(select(Notice.key)).one().split(":")[0] in IN_WORDS
    town.deliver()
    for before in (3, 2, 1):
        town.clock.at = checkin.starts_at - timedelta(hours=before)
        town.tick()
    assert town.told(120) == "family_unconfirmed"
    assert len(town.got(120)) == 1
    assert "413-555-0142" in town.got(120)[0]
    assert town.got(MARTA) == []
    town.text(120, "SI")
    assert newest_inbound(town).needs_person or town.told(120) == "nothing_open"


def test_confirmed_in_time_nobody_is_told_otherwise(town: Town) -> None:
    an_organizer(town)
    starts_at = town.checkin().starts_at
    for before in (48, 3):
        town.clock.at = starts_at - timedelta(hours=before)
        town.tick()
    with town.session() as session:
        told = set(session.exec(select(Delivery.template)).all())
    assert not told & {"alert_unconfirmed", "family_unconfirmed"}


def test_a_next_date_that_was_never_confirmed_comes_before_a_person(after: After) -> None:
    after.out()
    after.town.text(ROSA, "2")
    after.town.text(ROSA, "Y")
    after.town.text(ROSA, "NEXT 4/14 9:30")
    assert not newest_inbound(after.town).needs_person
    after.town.tick(hours=25)
    assert followers(after) == []
    assert newest_inbound(after.town).needs_person


@pytest.mark.parametrize("has_written", [True, False])
def test_a_usual_date_that_nobody_answers_comes_before_a_person(
    after: After, has_written: bool
) -> None:
    town = after.town
    earlier_visits(after, 8, 4)
    after.out()
    after.record(Outcome.CAME_HOME)
    if has_written:
        town.text(AZUCENA, "gracias")
    town.tick(hours=21)
    assert town.told(AZUCENA) == "family_repeat"
    town.tick(hours=25)
    assert followers(after) == []
    with town.session() as session:
        theirs = session.exec(
            select(Inbound.needs_person).where(Inbound.person_id == after.checkin.family_id)
        ).all()
        notices = [key for key in session.exec(select(Notice.key)) if key.startswith("next_date:")]
    assert (theirs, len(notices)) == (([True], 0) if has_written else ([], 1))


# --- somebody leaves ----------------------------------------------------------------------------------


def test_a_lead_who_opts_out_at_the_door_is_asked_by_voice(after: After) -> None:
    """STOP ends texts: what has begun goes on, and so does the ladder."""
    town = after.town
    after.at(STARTS)
    for body in ("HERE", "IN"):
        town.text(ROSA, body)
    town.text(ROSA, "STOP", opt_out_type="STOP")
    town.deliver()
    after.at(after.check().due_at + timedelta(minutes=1))
    assert town.got(ROSA) == []
    with town.session() as session:
        calls = session.exec(select(VoiceCall)).all()
    assert [(one.person_id, one.template) for one in calls] == [(after.rosa.id, "safety_ask_lead")]


def test_a_family_that_opts_out_at_the_door_is_asked_by_voice_and_phoned(after: After) -> None:
    town = after.town
    after.at(STARTS + timedelta(minutes=10))
    town.text(AZUCENA, "ya no me manden mensajes")
    assert after.texts(MARTA) == ["alert_no_lead", "alert_family_left"]
    town.deliver()
    after.at(DUE)
    assert town.got(AZUCENA) == []
    assert town.told(ROSA) == "safety_ask_lead"
    with town.session() as session:
        calls = session.exec(select(VoiceCall)).all()
    assert [one.template for one in calls] == ["safety_ask"]
    assert calls[0].person_id == after.checkin.family_id
