"""The weekly list: one text, its numbers, and what people answer instead of numbers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from service.checkins.cancel import cancel
from service.checkins.offer import MOST_ITEMS, Visit, assign
from service.checkins.tables import CheckIn
from service.db import new_id
from service.messages.segments import count_segments
from service.outbox.tables import Delivery
from service.people.tables import Person
from service.privacy.policy import SYSTEM
from service.rsvps.ask import LIST, Asked, ask_each
from service.rsvps.respond import rsvps_of
from service.rsvps.tables import Ask, RsvpState, Seat, SeatRole
from tests.checkins.test_choose import somebody
from tests.factories import ZONE, make_office
from tests.flows.asking import a_checkin, set_up, someone
from tests.flows.town import Town

THURSDAY = datetime(2026, 3, 5, 18, 0, tzinfo=ZoneInfo(ZONE))
TUESDAY = datetime(2026, 3, 10, 9, 0, tzinfo=ZoneInfo(ZONE))


def plan(town: Town, count: int, *, days_apart: int = 1, **more: Any) -> list[CheckIn]:
    """So many visits from Tuesday of next week on, one a day."""
    made = []
    for place in range(count):
        at = TUESDAY + timedelta(days=place * days_apart)
        days = (at - town.clock.now()) / timedelta(days=1)
        made.append(a_checkin(town, days=days, family=120 + place, **more))
    return made


def send(town: Town, **settings: Any) -> None:
    """Let Thursday evening come."""
    set_up(town, list_weekday=3, **settings)
    town.clock.at = THURSDAY.astimezone(town.clock.at.tzinfo)
    town.tick()


def state_of(town: Town, checkin: CheckIn, person: Person) -> RsvpState | None:
    with town.session() as session:
        answers = rsvps_of(session, [checkin.subject])[checkin.subject]
    return next((rsvp.state for rsvp in answers if rsvp.person_id == person.id), None)


@pytest.fixture
def listed(town: Town) -> tuple[Town, Person, list[CheckIn]]:
    """Alma has a list of three visits."""
    set_up(town, list_weekday=3)
    alma = someone(town, 101, language="en")
    checkins = plan(town, 3)
    town.tick()
    assert town.got(101) == []  # nobody is asked before the list
    send(town)
    return town, alma, checkins


Listed = tuple[Town, Person, list[CheckIn]]


def test_one_text_with_the_visits_of_next_week_numbered(listed: Listed) -> None:
    town, _, _ = listed
    assert town.got(101) == [
        "Acompaña: next week near you: 1 Tuesday in the morning, Hartford; "
        "2 Wednesday in the morning, Hartford; 3 Thursday in the morning, Hartford. "
        "Reply with the numbers you can do, like 1 3, or 0 for none."
    ]
    town.tick()
    town.tick(hours=1)
    assert len(town.got(101)) == 1


def test_numbers_bind_to_the_list(listed: Listed) -> None:
    town, alma, (first, second, third) = listed
    town.text(101, "1 and 3")
    assert town.told(101) == "weekly_taken"
    assert "Tue Mar 10, 9:00 am, Hartford (companion); Thu Mar 12" in town.got(101)[-1]
    states = [state_of(town, one, alma) for one in (first, second, third)]
    assert states == [RsvpState.YES, None, RsvpState.YES]
    town.text(101, "2")
    assert town.told(101) == "confirmed"
    assert state_of(town, second, alma) is RsvpState.YES


@pytest.mark.parametrize("body", ["0", "none", "no", "N"])
def test_none_is_none_and_no_wave_asks_about_them(listed: Listed, body: str) -> None:
    town, alma, checkins = listed
    town.text(101, body)
    assert town.told(101) == "no_noted"
    assert [state_of(town, one, alma) for one in checkins] == [None] * 3
    town.tick(days=3)
    assert town.told(101) != "blast"


@pytest.mark.parametrize("body", ["Y", "yes!", "not sure"])
def test_a_yes_to_a_list_is_asked_which(listed: Listed, body: str) -> None:
    town, alma, checkins = listed
    town.text(101, body)
    assert town.told(101) == "weekly_which"
    town.text(101, "2")
    assert state_of(town, checkins[1], alma) is RsvpState.YES


def test_a_no_after_some_were_chosen_is_asked_which(listed: Listed) -> None:
    town, alma, (first, _, third) = listed
    town.text(101, "1, 3")
    town.text(101, "N")
    assert town.told(101) == "ask_which"
    assert "1 Tue Mar 10, Hartford; 3 Thu Mar 12, Hartford" in town.got(101)[-1]
    town.text(101, "3")
    assert town.told(101) == "changed_to_no"
    assert state_of(town, third, alma) is RsvpState.WITHDRAWN
    assert state_of(town, first, alma) is RsvpState.YES


def test_a_no_after_one_was_chosen_is_about_that_one(listed: Listed) -> None:
    town, alma, (first, *_) = listed
    town.text(101, "1")
    town.text(101, "sorry, I can't")
    assert town.told(101) == "changed_to_no"
    assert state_of(town, first, alma) is RsvpState.WITHDRAWN


def test_a_later_question_takes_the_yes_and_numbers_still_choose(listed: Listed) -> None:
    town, alma, checkins = listed
    extra = a_checkin(town, days=2.2, family=140)
    town.tick()
    assert town.told(101) == "blast"
    town.text(101, "2")
    assert state_of(town, checkins[1], alma) is RsvpState.YES
    town.text(101, "Y")
    assert state_of(town, extra, alma) is RsvpState.YES


def test_what_was_cancelled_keeps_its_number_and_is_told(listed: Listed) -> None:
    town, alma, (first, second, third) = listed
    with town.wiring.database.write() as session:
        found = session.get_one(CheckIn, second.id)
        cancel(session, town.wiring.outbox, found, by=SYSTEM, now=town.clock.now())
    town.text(101, "2 3")
    assert "weekly_gone" in {town.told(101), *templates(town)}
    assert state_of(town, third, alma) is RsvpState.YES
    assert state_of(town, first, alma) is None


def templates(town: Town) -> set[str]:
    with town.session() as session:
        return set(session.exec(select(Delivery.template)).all())


def test_a_full_visit_of_the_list_means_waiting(town: Town) -> None:
    set_up(town, list_weekday=3)
    for number in (101, 102):
        someone(town, number, language="en")
    plan(town, 1)
    send(town)
    assert "Reply 1 if you can, 0 if not." in town.got(101)[-1]
    town.text(101, "1")
    assert town.told(101) == "confirmed"
    town.text(102, "Y")
    assert town.told(102) == "standby"


def test_what_is_at_the_same_hour_elsewhere_is_not_taken_twice(town: Town) -> None:
    set_up(town, list_weekday=3)
    alma = someone(town, 101, language="en")
    (first,) = plan(town, 1)
    send(town)
    with town.wiring.database.write() as session:
        office = make_office(session, town.chapter, name="Springfield court", area="Springfield")
        found = session.get_one(CheckIn, first.id)
        at = found.starts_at
    with town.wiring.database.write() as session:
        town.office, before = office, town.office
    other = a_checkin(town, days=(at - town.clock.now()) / timedelta(days=1), family=141)
    town.office = before
    with town.wiring.database.write() as session:
        asked_at = session.exec(select(Ask.asked_at).where(Ask.kind == LIST)).one()
        second = Asked(alma.id, other.subject, "", number=2)
        ask_each(session, [second], kind=LIST, now=asked_at, expires_at=at + timedelta(days=5))
    town.text(101, "1 2")
    assert state_of(town, first, alma) is RsvpState.YES
    assert state_of(town, other, alma) is None
    assert town.told(101) == "weekly_clash"


def test_a_list_of_four_fits_into_two_parts_in_both_languages(town: Town) -> None:
    set_up(town, list_weekday=3)
    someone(town, 101, language="es")
    someone(town, 102, language="en")
    with town.wiring.database.write() as session:
        town.office.area = "East Hartford"
        session.add(town.office)
    plan(town, 5, places={SeatRole.ACCOMPANIER: 2})
    send(town)
    for number in (101, 102):
        body = town.got(number)[-1]
        assert "4 " in body
        assert "5 " not in body
        assert count_segments(body).parts == 2
        assert count_segments(body).offending == ()


def test_below_vetting_two_nothing_is_listed_and_who_is_far_or_busy_is_left_out(
    town: Town,
) -> None:
    set_up(town, list_weekday=3)
    someone(town, 101, vetting=1)
    someone(town, 102, area="02108")
    someone(town, 103, vetting=0)
    plan(town, 1)
    send(town)
    assert town.got(101) == town.got(102) == town.got(103) == []


def test_a_list_that_could_not_go_in_time_is_left_out(town: Town) -> None:
    set_up(town, list_weekday=3)
    someone(town, 101)
    plan(town, 1)
    town.clock.at = (THURSDAY + timedelta(hours=13)).astimezone(town.clock.at.tzinfo)
    town.tick()
    assert town.got(101) == []


def test_the_silent_may_be_asked_by_a_wave_at_72_hours(listed: Listed) -> None:
    town, _, checkins = listed
    town.clock.at = checkins[0].starts_at - timedelta(hours=72, minutes=1)
    town.tick()
    assert town.told(101) == "weekly_list"
    town.tick(minutes=2)
    assert town.told(101) == "blast"
    with town.session() as session:
        kinds = session.exec(
            select(Ask.kind).where(Ask.subject == checkins[0].subject).order_by(col(Ask.asked_at))
        ).all()
    assert kinds == ["list", "come"]


# --- pure ----------------------------------------------------------------------------------------


def visit(place: int, *, door: UUID | None = None, hours: float = 24.0) -> Visit:
    at = TUESDAY + timedelta(hours=place * hours)
    seat = Seat(
        id=new_id(), subject=f"checkin:{place}", role=SeatRole.ACCOMPANIER, capacity=1,
        starts_at=at, ends_at=at,
    )  # fmt: skip
    return Visit(
        f"checkin:{place}", door or new_id(), "es", at, at + timedelta(hours=3), [seat]
    )  # fmt: skip


def test_visits_are_spread_and_no_list_is_longer_than_a_text() -> None:
    people = [somebody() for _ in range(30)]
    visits = [visit(place) for place in range(6)]
    made = assign(visits, {one.subject: people for one in visits})
    offered = [one.subject for theirs in made.values() for one in theirs]
    assert {offered.count(one.subject) for one in visits} == {10}
    assert max(len(theirs) for theirs in made.values()) == 2
    alone = assign(visits, {one.subject: people[:1] for one in visits})
    assert [len(theirs) for theirs in alone.values()] == [MOST_ITEMS]


def test_two_at_once_stand_on_one_list_only_at_one_door() -> None:
    one, door = [somebody()], new_id()
    apart = [visit(0), visit(1, hours=1)]
    assert len(next(iter(assign(apart, {v.subject: one for v in apart}).values()))) == 1
    together = [visit(0, door=door), visit(1, door=door, hours=0)]
    assert len(next(iter(assign(together, {v.subject: one for v in together}).values()))) == 2


def test_nothing_is_offered_to_who_could_not_take_it() -> None:
    lead = visit(0)
    lead.seats[0].role = SeatRole.LEAD
    assert assign([lead], {lead.subject: [somebody(), somebody(vetting=1)]}) == {}
