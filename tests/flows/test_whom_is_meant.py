"""Somebody answers for several families at once: whom they mean is asked, and never guessed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from service.checkins.approve import USUAL_PLACES, Approval, approve
from service.checkins.register import Registration, register
from service.checkins.safety.letters import LETTERS, give_letters, letters_of, split_letter
from service.checkins.safety.report import take
from service.checkins.safety.tables import SafetyCheck, SafetyState
from service.checkins.tables import CheckIn
from service.db import new_id
from service.people.register import Card
from service.people.tables import Person
from service.privacy.policy import SYSTEM
from service.rsvps.respond import Answer, respond
from tests.flows.day import AZUCENA, DUE, NOOR, ROSA, STARTS, TOM, Day

S = SafetyState
BOTH = "A Azucena 9:00 am; B Azucena 9:30 am. Please add the letter: 1A or 1B."


def another(day: Day, number: int, *, alias: str = "Azucena Paz", minutes: int = 30) -> CheckIn:
    """One more appointment that day."""
    now = day.town.clock.now()
    told = Registration(
        Card(f"+1413555{number:04}", alias=alias), day.town.office.id,
        STARTS + timedelta(minutes=minutes), how="web",
    )  # fmt: skip
    with day.town.wiring.database.write() as session:
        made = register(session, day.town.wiring.outbox, day.town.chapter, told, now=now)
        approval = Approval(USUAL_PLACES, agreed_to_texts=True)
        approve(session, day.town.wiring.outbox, made, approval, by=SYSTEM, now=now)
    return made


def led_too(day: Day, number: int, *, alias: str = "Azucena Paz", minutes: int = 30) -> CheckIn:
    """One more appointment that Rosa leads."""
    made = another(day, number, alias=alias, minutes=minutes)
    with day.town.wiring.database.write() as session:
        respond(session, day.rosa.id, made.subject, Answer.YES, now=day.town.clock.now())
    return made


def state_of(day: Day, checkin: CheckIn) -> SafetyState:
    with day.town.session() as session:
        query = select(SafetyCheck).where(SafetyCheck.checkin_id == checkin.id)
        return session.exec(query).one().state


def taken(day: Day, checkin: CheckIn, person: Person) -> None:
    """Somebody on call presses 1."""
    with day.town.wiring.database.write() as session:
        query = select(SafetyCheck).where(SafetyCheck.checkin_id == checkin.id)
        take(session, day.town.wiring.outbox, session.exec(query).one(), person=person,
             now=day.town.clock.now())  # fmt: skip


def seen_to(day: Day) -> None:
    """Marta has spoken with the first family."""
    with day.town.wiring.database.write() as session:
        query = select(SafetyCheck).where(SafetyCheck.checkin_id == day.checkin.id)
        first = session.exec(query).one()
        first.state, first.resolved_by, first.resolved_at = S.RESOLVED, "Marta", first.due_at


def climbed(day: Day, second: CheckIn, *, by: Person | None = None) -> None:
    """Nobody has heard of either family; Noor, on call, takes both, or somebody else the second."""
    day.shift(day.noor)
    day.at(DUE + timedelta(minutes=30))
    day.pass_minutes(40)
    taken(day, day.checkin, day.noor)
    taken(day, second, by or day.noor)


def test_a_lead_of_two_families_says_the_name(day: Day) -> None:
    other = led_too(day, 121, alias="Jasmine")
    day.at(DUE + timedelta(minutes=30))
    day.town.text(ROSA, "1")
    assert day.town.told(ROSA) == "safety_which"
    assert "A Azucena 9:00 am; B Jasmine 9:30 am" in day.town.got(ROSA)[-1]
    assert {state_of(day, other), day.check().state} == {S.ASKED}
    day.town.text(ROSA, "1 azucena")
    assert (day.check().state, state_of(day, other)) == (S.RESOLVED, S.ASKED)


@pytest.mark.parametrize("said", ["1B", "1 b", "b1", "B 1.", "(1) B"])
def test_where_the_names_are_alike_a_letter_tells_them_apart(day: Day, said: str) -> None:
    other = led_too(day, 121)
    day.at(DUE + timedelta(minutes=30))
    day.town.text(ROSA, "1")
    assert BOTH in day.town.got(ROSA)[-1]
    day.town.text(ROSA, "1 azucena")
    assert BOTH in day.town.got(ROSA)[-1]
    assert {state_of(day, other), day.check().state} == {S.ASKED}
    day.town.text(ROSA, said)
    assert (day.check().state, state_of(day, other)) == (S.ASKED, S.RESOLVED)


def test_of_one_name_and_one_hour_a_further_initial_tells_them_apart(day: Day) -> None:
    second = led_too(day, 161, alias="Azucena Paz", minutes=0)
    day.at(DUE)
    day.town.text(ROSA, "1")
    asked = "A Azucena 9:00 am; B Azucena P. 9:00 am. Please add the letter: 1A or 1B."
    assert asked in day.town.got(ROSA)[-1]
    day.town.text(ROSA, "1B")
    assert (day.check().state, state_of(day, second)) == (S.ASKED, S.RESOLVED)


def test_out_takes_a_letter_too(day: Day) -> None:
    other = led_too(day, 121)
    day.at(STARTS + timedelta(hours=2))
    day.town.text(ROSA, "OUT")
    assert "Please add the letter: OUT A or OUT B." in day.town.got(ROSA)[-1]
    day.town.text(ROSA, "out b")
    assert day.town.told(ROSA) == "out_noted"
    with day.town.session() as session:
        out = {one.checkin_id: one.seen_out_at for one in session.exec(select(SafetyCheck))}
    assert out[day.checkin.id] is None
    assert out[other.id] is not None


def test_a_letter_alone_is_asked_for_its_digit(day: Day) -> None:
    other = led_too(day, 121)
    day.at(DUE + timedelta(minutes=30))
    day.town.text(ROSA, "1")
    day.town.text(ROSA, "B")
    assert BOTH in day.town.got(ROSA)[-1]
    assert {state_of(day, other), day.check().state} == {S.ASKED}


def test_a_letter_means_the_same_family_when_another_is_seen_to_first(day: Day) -> None:
    """The family answers for itself in between: what the lead says of it does not end the other's."""
    other = led_too(day, 121)
    day.at(DUE + timedelta(minutes=30))
    day.town.text(ROSA, "1")
    seen_to(day)
    day.town.text(ROSA, "1A")
    assert day.town.told(ROSA) == "safety_over"
    assert state_of(day, other) is S.ASKED
    day.town.text(ROSA, "1B")
    assert state_of(day, other) is S.RESOLVED


def test_a_letter_of_an_appointment_that_was_moved_is_asked_about_again(day: Day) -> None:
    other = led_too(day, 121)
    day.at(DUE + timedelta(minutes=30))
    day.town.text(ROSA, "1")
    with day.town.wiring.database.write() as session:
        query = select(SafetyCheck).where(SafetyCheck.checkin_id == day.checkin.id)
        first = session.exec(query).one()
        first.state, first.day_from = S.ARMED, first.day_from + timedelta(days=7)
    day.town.text(ROSA, "1A")
    assert day.town.told(ROSA) == "safety_which"
    assert state_of(day, other) is S.ASKED


def test_a_letter_of_long_ago_is_a_word_again(day: Day) -> None:
    day.at(DUE)
    long_ago = day.town.clock.now() - timedelta(days=3)
    with day.town.wiring.database.write() as session:
        done = SafetyCheck(
            id=new_id(), chapter_id=day.town.chapter.id, person_id=day.noor.id, subject="person:x",
            state=S.RESOLVED, starts_at=long_ago, day_from=long_ago, due_at=long_ago,
            closes_at=long_ago, next_at=long_ago, resolved_by="Marta", resolved_at=long_ago,
            created_at=long_ago,
        )  # fmt: skip
        session.add(done)
        session.flush()
        give_letters(session, [done], day.rosa, now=long_ago)
    day.town.text(ROSA, "1 a")
    assert day.check().state is S.RESOLVED


def test_a_cry_with_a_letter_that_is_over_is_a_cry(day: Day) -> None:
    other = led_too(day, 121)
    day.at(DUE + timedelta(minutes=30))
    day.town.text(ROSA, "1")
    seen_to(day)
    day.town.text(ROSA, "3A")
    assert day.town.told(ROSA) == "distress_heard"
    assert state_of(day, other) is S.ESCALATED


def test_somebody_on_call_ends_one_of_two_by_its_letter(day: Day) -> None:
    other = led_too(day, 121)
    climbed(day, other)
    day.town.text(NOOR, "1")
    assert BOTH in day.town.got(NOOR)[-1]
    day.town.text(NOOR, "1B")
    assert day.town.told(NOOR) == "safety_spoken"
    assert (day.check().state, state_of(day, other)) == (S.TAKEN, S.RESOLVED)
    day.town.text(NOOR, "1")  # one is left
    assert day.check().state is S.RESOLVED


def test_what_another_has_taken_is_not_asked_about(day: Day) -> None:
    other = led_too(day, 121)
    climbed(day, other, by=day.town.volunteer(142, name="Hannah", vetting=3))
    day.town.text(NOOR, "1")
    assert day.town.told(NOOR) == "safety_spoken"
    assert (day.check().state, state_of(day, other)) == (S.RESOLVED, S.TAKEN)


def test_letters_are_kept_and_go_round(day: Day) -> None:
    """One that is given again means the newest; nobody has two of the open ones under one letter."""
    checks = [day.checkin, *(another(day, 150 + place) for place in range(len(LETTERS)))]
    day.at(STARTS)
    now = day.town.clock.now()
    with day.town.wiring.database.write() as session:
        found = {one.checkin_id: one for one in session.exec(select(SafetyCheck)).all()}
        ordered = [found[one.id] for one in checks]
        first = give_letters(session, ordered[:3], day.tom, now=now)
        assert [first[one.id] for one in ordered[:3]] == ["A", "B", "C"]
        assert give_letters(session, ordered[1:3], day.tom, now=now) == {
            ordered[1].id: "B", ordered[2].id: "C",
        }  # fmt: skip
        late = give_letters(session, [ordered[2], *ordered[3:]], day.tom, now=now)
        assert [late[one.id] for one in ordered[2:]] == ["C", "D", "E", "F", "G", "H", "A"]
        assert letters_of(session, day.tom.id, now=now)["A"] == ordered[-1].id
        again = give_letters(session, [ordered[1], ordered[0]], day.tom, now=now)
        assert [again[one.id] for one in ordered[:2]] == ["C", "B"], "B is in use"
        assert letters_of(session, day.rosa.id, now=now) == {}


@pytest.mark.parametrize(
    ("body", "rest", "letter"),
    [
        ("1B", "1", "B"), ("1 b", "1", "B"), ("b1", "1", "B"), (" b - 1 ", "1", "B"),
        ("OUT B", "OUT", "B"), ("afuera, a.", "afuera", "A"), ("B out", "out", "B"), ("B", "", "B"),
        ("1 Azucena", "1 Azucena", ""), ("Azucena", "Azucena", ""), ("1", "1", ""), ("", "", ""),
        ("I", "I", ""), ("a las 3 salimos", "a las 3 salimos", ""), ("1z", "1z", ""),
    ],
)  # fmt: skip
def test_a_letter_is_read_where_it_stands_alone(body: str, rest: str, letter: str) -> None:
    assert split_letter(body) == (rest, letter)


def test_letters_that_nobody_was_given_stay_words(day: Day) -> None:
    day.at(DUE)
    day.town.text(ROSA, "1 a")
    assert day.check().state is S.RESOLVED


def test_the_family_speaks_for_itself_alone(day: Day) -> None:
    other = led_too(day, 121)
    day.at(DUE + timedelta(minutes=30))
    day.town.text(AZUCENA, "1")
    assert (day.check().state, state_of(day, other)) == (S.OK, S.ASKED)
    assert TOM not in (AZUCENA, ROSA)
