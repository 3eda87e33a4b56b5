"""How an appointment ended: asked, read back, told to whom it concerns; and what follows."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlmodel import select

from service.calls.tables import CallState, VoiceCall
from service.checkins.outcome.tell import add_legal_contact
from service.checkins.safety.press import is_of_use, press
from service.checkins.safety.report import resolve
from service.checkins.safety.tables import SafetyCheck, SafetyState
from service.checkins.tables import CheckIn, CheckInState, Outcome, OutcomeAsk, Publicity
from service.errors import InvalidValue, WrongState
from service.rsvps.ask import open_asks
from tests.flows.day import (
    AZUCENA,
    DUE,
    LEGAL,
    MARTA,
    NOOR,
    ORGANIZER,
    ROSA,
    STARTS,
    TOM,
    After,
)

S = SafetyState


def test_nobody_is_asked_before_one_of_us_has_spoken_with_them(after: After) -> None:
    after.at(DUE)
    after.pass_minutes(10)
    assert after.texts(ROSA) == []
    after.town.text(ROSA, "1")
    after.pass_minutes(3)
    assert after.texts(ROSA) == ["outcome_ask"]
    assert after.texts(TOM) == []


def test_a_digit_is_read_back_and_counts_after_a_yes(after: After) -> None:
    after.out()
    after.town.text(ROSA, "1")
    assert after.texts(ROSA)[-1] == "outcome_read_back"
    assert "came home" in after.town.got(ROSA)[-1]
    assert after.now_is().outcome is None
    after.town.text(ROSA, "Y")
    ended = after.now_is()
    assert (ended.outcome, ended.outcome_by) == (Outcome.CAME_HOME, "lead")
    assert ended.outcome_person_id == after.rosa.id
    assert ended.state is CheckInState.CLOSED
    assert after.texts(ROSA)[-1] == "outcome_noted"


def test_all_who_came_are_thanked_once(after: After) -> None:
    after.out()
    after.town.text(ROSA, "1")
    after.town.text(ROSA, "Y")
    after.record(Outcome.CAME_HOME)
    after.pass_minutes(3)
    assert after.texts(ROSA).count("thanks_home") == 1
    assert after.texts(TOM) == ["thanks_home"]
    assert after.texts(NOOR) == []
    assert after.texts(MARTA) == []


@pytest.mark.parametrize(
    ("body", "outcome"),
    [("5", Outcome.MONITOR), ("ankle monitor", Outcome.MONITOR), ("2 thank you", Outcome.NEW_DATE),
     ("le dieron otra cita", Outcome.NEW_DATE)],
)  # fmt: skip
def test_words_do_as_well_as_digits(after: After, body: str, outcome: Outcome) -> None:
    after.out()
    after.town.text(ROSA, body)
    after.town.text(ROSA, "Y")
    assert after.now_is().outcome is outcome


def test_a_no_asks_again_and_another_digit_puts_it_right(after: After) -> None:
    after.out()
    after.town.text(ROSA, "4")
    after.town.text(ROSA, "N")
    assert after.texts(ROSA)[-1] == "outcome_ask"
    after.town.text(ROSA, "3")
    after.town.text(ROSA, "1")
    assert "came home" in after.town.got(ROSA)[-1]
    after.town.text(ROSA, "yes")
    assert after.now_is().outcome is Outcome.CAME_HOME
    assert after.texts(LEGAL) == []


def test_what_cannot_be_read_is_asked_once_more_and_then_a_person_calls(after: After) -> None:
    after.out()
    after.town.text(ROSA, "well it was quite something")
    assert after.texts(ROSA)[-1] == "outcome_ask"
    after.town.text(ROSA, "hard to say in a text really")
    assert after.texts(ROSA)[-1] == "outcome_person"
    after.town.text(ROSA, "1")
    after.town.text(ROSA, "Y")
    assert after.now_is().outcome is Outcome.CAME_HOME


def test_a_date_to_leave_pages_the_legal_contact_and_drafts_a_call(after: After) -> None:
    after.out()
    after.town.text(ROSA, "4 May 3")
    assert "date to leave given, Sun May 3" in after.town.got(ROSA)[-1]
    assert after.texts(LEGAL) == []
    after.town.text(ROSA, "Y")
    after.pass_minutes(2)
    ended = after.now_is()
    assert ended.deadline_on == date(2026, 5, 3)
    assert after.texts(ROSA)[-1] == "outcome_noted_urgent"
    assert after.texts(LEGAL) == ["alert_legal"]
    assert after.texts(MARTA) == ["alert_outcome"]
    assert after.texts(TOM) == ["thanks_over"]
    assert [(call.template, call.person_id) for call in after.calls()] == [
        ("legal_call", after.legal.id)
    ]
    assert [rally.id for rally in after.drafts()] == [ended.rally_id]


@pytest.mark.parametrize("publicity", Publicity)
def test_the_draft_says_nothing_of_theirs_without_their_yes(
    after: After, publicity: Publicity
) -> None:
    after.out()
    with after.town.wiring.database.write() as session:
        session.get_one(CheckIn, after.checkin.id).publicity = publicity
    after.record(Outcome.REMOVAL_DATE, date(2026, 5, 3))
    draft = after.drafts()[0]
    said = f"{draft.text_en} {draft.text_es} {draft.title} {draft.place}"
    assert "Azucena" not in said
    is_told = publicity is Publicity.YES
    assert ("told to leave" in said) is is_told
    assert ("450 Invented" in said) is is_told
    assert draft.starts_at > after.town.clock.now()
    assert (draft.starts_at.date() == date(2026, 5, 1)) is is_told
    assert "Reply Y or N" in draft.text_en
    assert "S o N" in draft.text_es


def test_the_first_legal_contact_who_presses_1_has_it(after: After) -> None:
    second = after.town.volunteer(171, name="Hugo", vetting=0)
    with after.town.wiring.database.write() as session:
        add_legal_contact(session, after.town.chapter, second, now=after.town.clock.now())
    after.out()
    after.record(Outcome.DETAINED)
    first, other = after.calls()
    outbox, now = after.town.wiring.outbox, after.town.clock.now()
    with after.town.wiring.database.write() as session:
        assert press(session, outbox, session.get_one(VoiceCall, first.id), "2", now=now) is None
        call = session.get_one(VoiceCall, first.id)
        assert press(session, outbox, call, "1", now=now) == "key_legal"
        late = session.get_one(VoiceCall, other.id)
        assert not is_of_use(session, late)
        assert press(session, outbox, late, "1", now=now) == "key_late"
    assert after.now_is().legal_person_id == first.person_id
    assert after.calls(CallState.PLANNED) == []


def test_kept_there_said_as_a_cry_calls_people_and_is_read_back(after: After) -> None:
    after.shift(after.noor)
    after.out()
    after.town.text(ROSA, "lo detuvieron")
    assert after.town.told(ROSA) == "outcome_read_back"
    assert after.texts(LEGAL) == []
    after.town.text(ROSA, "Y")
    assert after.now_is().outcome is Outcome.DETAINED
    assert after.texts(LEGAL) == ["alert_legal"]


@pytest.mark.parametrize(
    ("digit", "state", "tells"), [("7", S.WAITING, "outcome_noted"), ("9", S.OK, "outcome_noted")]
)
def test_what_is_no_end_goes_back_to_the_ladder(
    after: After, digit: str, state: SafetyState, tells: str
) -> None:
    after.shift(after.noor)
    after.out()
    after.town.text(ROSA, digit)
    after.town.text(ROSA, "Y")
    assert after.texts(ROSA)[-1] == tells
    check = after.check()
    assert (check.state, check.resolved_by) == (state, "")
    ended = after.now_is()
    assert (ended.state, ended.outcome) == (CheckInState.UNDERWAY, None)
    after.pass_minutes(120, every=5)
    assert any(call.template == "safety_shift" for call in after.calls())
    after.town.text(ROSA, "1")
    after.town.tick()
    assert after.check().state is S.RESOLVED
    assert after.texts(ROSA)[-1] == "outcome_ask"


def test_silence_is_asked_once_more_and_then_organizers_are_told_once(after: After) -> None:
    after.out()
    after.pass_minutes(14)
    assert after.texts(ROSA) == ["outcome_ask"]
    after.pass_minutes(2)
    assert after.texts(ROSA) == ["outcome_ask", "outcome_ask"]
    after.pass_minutes(120, every=3)
    assert after.texts(ROSA) == ["outcome_ask", "outcome_ask"]
    assert after.texts(MARTA) == ["alert_no_outcome"]
    after.town.tick(days=2)
    with after.town.session() as session:
        assert session.exec(select(OutcomeAsk.closed_at)).one() is not None


def test_what_was_never_confirmed_is_read_back_again_and_then_told(after: After) -> None:
    after.out()
    after.town.text(ROSA, "6")
    after.pass_minutes(60)
    assert after.texts(ROSA) == ["outcome_ask", "outcome_read_back", "outcome_read_back"]
    assert after.texts(MARTA) == ["alert_no_outcome"]
    assert after.now_is().outcome is None


def test_without_a_lead_who_gets_texts_the_outside_contact_is_asked(after: After) -> None:
    after.at(DUE)
    after.town.text(ROSA, "STOP", opt_out_type="STOP")
    with after.town.wiring.database.write() as session:
        check = session.get_one(SafetyCheck, after.check().id)
        resolve(session, after.town.wiring.outbox, check, by=ORGANIZER, now=after.town.clock.now())
    after.town.tick()
    assert after.texts(TOM) == ["outcome_ask"]
    assert after.texts(ROSA) == []


def test_the_lead_can_say_it_unasked(after: After) -> None:
    after.town.text(ROSA, "ankle monitor")  # days before it is about nothing
    assert after.texts(ROSA) == []
    after.at(STARTS + timedelta(hours=1))
    after.town.text(ROSA, "came home")
    assert after.texts(ROSA) == ["outcome_read_back"]
    after.town.text(ROSA, "Y")
    ended = after.now_is()
    assert (ended.outcome, ended.state) == (Outcome.CAME_HOME, CheckInState.APPROVED)
    after.at(DUE)
    assert after.told(AZUCENA) == ["safety_ask"]  # the family is asked all the same
    after.town.text(ROSA, "1")
    after.town.tick()
    assert after.now_is().state is CheckInState.CLOSED
    assert after.texts(ROSA).count("outcome_ask") == 0


def test_an_organizer_puts_it_right(after: After) -> None:
    after.out()
    after.record(Outcome.MONITOR)
    assert after.texts(MARTA) == ["alert_outcome"]
    after.record(Outcome.TICKET, date(2026, 4, 1))
    ended = after.now_is()
    assert (ended.outcome, ended.outcome_by) == (Outcome.TICKET, "Marta")
    assert after.texts(LEGAL) == ["alert_legal"]
    assert after.texts(TOM) == ["thanks_over"]
    assert len(after.drafts()) == 1


def test_nothing_can_end_before_it_has_begun_nor_with_a_deadline_in_the_past(after: After) -> None:
    with pytest.raises(WrongState):
        after.record(Outcome.CAME_HOME)
    after.out()
    with pytest.raises(InvalidValue):
        after.record(Outcome.REMOVAL_DATE, date(2026, 3, 1))


def test_another_question_that_is_newer_keeps_its_yes(after: After) -> None:
    after.out()
    after.town.text(ROSA, "4")
    after.town.tick(minutes=1)
    rally = after.town.rally(days=12)
    with after.town.wiring.database.write() as session:
        open_asks(
            session, [after.rosa.id], rally.subject, now=after.town.clock.now(),
            expires_at=rally.starts_at,
        )  # fmt: skip
    after.town.text(ROSA, "Y")
    assert after.now_is().outcome is None
    assert after.town.told(ROSA) == "party_confirmed"


def test_a_lead_of_two_families_is_asked_about_one_after_the_other(after: After) -> None:
    other = after.second_family()
    after.at(DUE)
    after.town.text(ROSA, "1 azucena")
    after.town.text(ROSA, "1 jasmine")
    after.town.tick()
    assert sorted(after.texts(ROSA)) == ["outcome_ask", "outcome_ask_about"]
    after.town.text(ROSA, "1")
    after.town.text(ROSA, "Y")
    assert after.texts(ROSA)[-1] == "outcome_ask"
    after.town.text(ROSA, "2")
    after.town.text(ROSA, "Y")
    with after.town.session() as session:
        second = session.get_one(CheckIn, other.id)
    assert {after.now_is().outcome, second.outcome} == {Outcome.CAME_HOME, Outcome.NEW_DATE}


def test_a_clock_that_ticks_twice_asks_once(after: After) -> None:
    after.out()
    for _ in range(3):
        after.town.tick(seconds=0)
    assert after.texts(ROSA) == ["outcome_ask"]
    with after.town.session() as session:
        assert len(session.exec(select(OutcomeAsk)).all()) == 1
