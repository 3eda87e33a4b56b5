"""The next appointment: told by text, read back, linked; proposed where dates repeat, never assumed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from service.checkins.register import Registration, register
from service.checkins.tables import CheckIn, CheckInState, Outcome
from service.people.register import Card
from tests.flows.day import AZUCENA, NOOR, ROSA, STARTS, After

NEXT_AT = datetime(2026, 4, 14, 13, 30, tzinfo=UTC)  # 9:30 in New York


def followers(after: After) -> list[CheckIn]:
    with after.town.session() as session:
        return list(
            session.exec(
                select(CheckIn)
                .where(CheckIn.earlier_id == after.checkin.id)
                .order_by(col(CheckIn.id))
            )
        )


def earlier_visits(after: After, *weeks_before: int) -> None:
    """Azucena went to that office before, at the same hour."""
    town = after.town
    with town.wiring.database.write() as session:
        for weeks in weeks_before:
            at = STARTS - timedelta(weeks=weeks)
            told = Registration(
                Card("+14135550120", alias="Azucena", language="es"), town.office.id, at, how="web"
            )
            made = register(
                session, town.wiring.outbox, town.chapter, told, now=at - timedelta(days=3)
            )
            made.state, made.outcome_asked_at = CheckInState.CLOSED, at
            session.add(made)


def test_the_lead_tells_it_and_it_counts_after_a_yes(after: After) -> None:
    after.out()
    after.town.text(ROSA, "2")
    after.town.text(ROSA, "Y")
    assert after.texts(ROSA)[-1] == "outcome_next"
    after.town.text(ROSA, "NEXT 4/14 9:30")
    assert after.town.told(ROSA) == "next_read_back"
    assert "Tue Apr 14, 9:30 am" in after.town.got(ROSA)[-1]
    assert followers(after) == []
    after.town.text(ROSA, "Y")
    assert after.town.told(ROSA) == "next_noted"
    made = followers(after)[0]
    assert (made.starts_at, made.state) == (NEXT_AT, CheckInState.SUBMITTED)
    assert made.family_id == after.checkin.family_id
    assert made.registered_by == after.rosa.id
    assert after.town.told(AZUCENA) == "family_registered"  # a person calls; nobody else hears
    assert after.town.told(NOOR) != "ask_checkin"


def test_the_family_tells_it_in_its_own_words(after: After) -> None:
    after.out()
    after.town.text(AZUCENA, "proxima cita 14 de abril 9:30")
    assert after.town.told(AZUCENA) == "family_read_back"
    after.town.text(AZUCENA, "si")
    made = followers(after)[0]
    assert (made.starts_at, made.registered_by) == (NEXT_AT, None)
    assert after.town.told(AZUCENA) == "family_registered"


def test_what_is_missing_is_asked_for_and_a_no_asks_again(after: After) -> None:
    after.out()
    after.town.text(ROSA, "NEXT")
    assert after.town.told(ROSA) == "next_when"
    after.town.text(ROSA, "April 15")
    assert after.town.told(ROSA) == "intake_time"
    after.town.text(ROSA, "9:30")
    after.town.text(ROSA, "no, April 14")
    assert "Apr 14" in after.town.got(ROSA)[-1]
    after.town.text(ROSA, "Y")
    assert [made.starts_at for made in followers(after)] == [NEXT_AT]


def test_the_same_date_told_twice_is_one_appointment(after: After) -> None:
    after.out()
    for number in (AZUCENA, ROSA):
        after.town.text(number, "NEXT 4/14 9:30")
        after.town.text(number, "Y" if number == ROSA else "S")
    assert len(followers(after)) == 1
    assert after.town.told(ROSA) == "intake_known"


def test_somebody_without_an_appointment_registers_one(after: After) -> None:
    after.town.text(160, "NEXT 4/14 9:30")
    assert after.town.told(160) == "family_read_back"


def test_dates_that_repeat_are_proposed_once_and_count_only_after_a_yes(after: After) -> None:
    earlier_visits(after, 8, 4)
    after.out()
    after.record(Outcome.CAME_HOME)
    after.town.tick(hours=19)
    assert after.town.told(AZUCENA) != "family_repeat"
    after.town.tick(hours=2)
    assert after.town.told(AZUCENA) == "family_repeat"
    said = after.town.got(AZUCENA)[-1]
    assert "cada 4 semanas" in said
    assert "7 de abril" in said
    assert followers(after) == []
    after.town.tick(minutes=1)
    assert after.town.got(AZUCENA)[-1] == said
    after.town.text(AZUCENA, "S")
    made = followers(after)[0]
    assert (made.starts_at, made.state) == (STARTS + timedelta(weeks=4), CheckInState.SUBMITTED)


def test_a_no_to_it_asks_for_the_right_day(after: After) -> None:
    earlier_visits(after, 8, 4)
    after.out()
    after.record(Outcome.CAME_HOME)
    after.town.tick(hours=21)
    after.town.text(AZUCENA, "no")
    assert after.town.told(AZUCENA) == "next_when"
    assert followers(after) == []


@pytest.mark.parametrize("weeks", [(4,), (9, 4)])
def test_without_a_rhythm_nothing_is_proposed(after: After, weeks: tuple[int, ...]) -> None:
    earlier_visits(after, *weeks)
    after.out()
    after.record(Outcome.CAME_HOME)
    after.town.tick(hours=21)
    assert after.town.told(AZUCENA) != "family_repeat"


def test_what_they_said_of_its_rhythm_is_proposed_after_the_next_one(after: After) -> None:
    after.out()
    after.town.text(ROSA, "NEXT 4/14 9:30 every 3 months")
    after.town.text(ROSA, "Y")
    made = followers(after)[0]
    assert made.repeats == "3m"
