"""A free place is kept for whoever has waited longest, for a while, and then for the next."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlmodel import Session, select

from service.people.tables import Consent
from service.rsvps.ask import HOLD, open_asks_of
from service.rsvps.close import close_event
from service.rsvps.hold import release_holds
from service.rsvps.tables import RsvpState, Seat, SeatRole
from tests.rsvps.line import SUBJECT, Line


def test_a_freed_place_is_kept_for_who_waited_longest_and_for_nobody_else(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    alma, beto, carmen, dora = people = line.people(4)
    line.all_say([alma, beto, carmen])
    line.say(alma, "no")
    line.say(dora, "yes")
    assert line.states(people) == ["withdrawn", "held", "standby", "standby"]
    assert line.taken() == [1]


def test_a_yes_takes_it_and_a_no_passes_it_on(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    alma, beto, carmen = people = line.people(3)
    line.all_say(people)
    line.say(alma, "no")
    line.say(beto, "no")
    assert line.states(people) == ["withdrawn", "withdrawn", "held"]
    came = line.say(carmen, "yes")
    assert came.is_changed
    assert line.state(carmen) == "yes"
    line.tick(days=1)
    assert line.state(carmen) == "yes"
    assert line.taken() == [1]


def test_silence_passes_it_on_and_nobody_is_asked_again_and_again(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    people = line.people(3)
    line.all_say(people)
    line.say(people[0], "no")
    line.tick(hours=11)
    assert line.states(people) == ["withdrawn", "held", "standby"]
    line.tick(hours=2)
    assert line.states(people) == ["withdrawn", "lapsed", "held"]
    line.tick(hours=13)
    line.tick(hours=13)
    assert line.states(people) == ["withdrawn", "lapsed", "lapsed"]
    assert line.taken() == [0]


def test_a_late_yes_gets_the_place_if_it_is_free_and_else_waits_at_the_end(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    alma, beto, carmen, dora = people = line.people(4)
    line.all_say(people)
    line.say(alma, "no")
    line.tick(hours=13)
    late = line.say(beto, "yes")
    assert late.before is RsvpState.LAPSED
    assert line.states(people) == ["withdrawn", "standby", "held", "standby"]
    line.say(carmen, "no")
    assert line.states(people) == ["withdrawn", "standby", "withdrawn", "held"]
    line.say(dora, "no")
    line.say(beto, "no")
    line.say(carmen, "yes")
    assert line.state(carmen) == "yes"


def test_a_yes_after_its_time_but_before_the_clock_takes_it(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    people = line.people(3)
    line.all_say(people)
    line.say(people[0], "no")
    line.clock.tick(hours=20)
    line.say(people[1], "yes")
    assert line.states(people) == ["withdrawn", "yes", "standby"]


def test_who_withdrew_may_come_back_to_the_end_of_the_line(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    people = line.people(3)
    line.all_say(people)
    line.say(people[0], "no")
    line.say(people[0], "yes")
    assert line.states(people) == ["standby", "held", "standby"]
    line.say(people[1], "no")
    assert line.states(people) == ["standby", "withdrawn", "held"]


def test_several_places_free_at_once_go_to_several(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 3})
    people = line.people(6)
    line.all_say(people)
    line.all_say(people[:3], "no")
    assert line.states(people[3:]) == ["held"] * 3
    assert line.taken() == [3]


def test_more_places_are_offered_by_the_clock(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    people = line.people(4)
    line.all_say(people)
    with line.database.write() as session:
        session.exec(select(Seat)).one().capacity = 3
    line.tick()
    assert line.states(people) == ["yes", "held", "held", "standby"]


@pytest.mark.parametrize(
    "change",
    [
        {"consent": Consent.OPTED_OUT},
        {"is_unreachable": True},
        {"paused_until": datetime(2027, 1, 1, tzinfo=UTC)},
    ],
    ids=["opted out", "unreachable", "paused"],
)
def test_who_cannot_be_asked_is_passed_by(line: Line, change: dict[str, object]) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    people = line.people(3)
    line.all_say(people)
    line.change(people[1], **change)
    line.say(people[0], "no")
    assert line.states(people) == ["withdrawn", "standby", "held"]


def test_who_is_expected_elsewhere_at_that_hour_is_passed_by(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    line.event({SeatRole.ACCOMPANIER: 5}, "checkin:1", days=5, hours=3)
    line.event({SeatRole.ACCOMPANIER: 5}, "checkin:2", days=6)
    people = line.people(4)
    line.all_say(people)
    line.say(people[1], "yes", subject="checkin:1")
    line.say(people[2], "yes", subject="checkin:2")
    line.say(people[0], "no")
    assert line.states(people) == ["withdrawn", "standby", "held", "standby"]


def test_a_lead_seat_waits_for_somebody_who_may_lead(line: Line) -> None:
    line.event({SeatRole.LEAD: 1})
    first, second = line.people(2, vetting=3)
    (vetted,) = line.people(1, start=150)
    line.all_say([first, vetted, second])
    line.say(first, "no")
    assert line.states([first, vetted, second]) == ["withdrawn", "standby", "held"]


def test_a_party_is_offered_room_for_all_of_it(line: Line) -> None:
    line.event({SeatRole.CROWD: 5})
    alma, beto, carmen, dora = people = line.people(4)
    line.say(alma, "yes", party=3)
    line.say(beto, "yes", party=2)
    line.say(carmen, "yes", party=4)
    line.say(dora, "yes", party=2)
    line.say(beto, "no")
    assert line.states(people) == ["yes", "withdrawn", "standby", "held"]
    line.say(dora, "yes", party=1)
    assert line.states(people) == ["yes", "withdrawn", "standby", "yes"]
    line.say(alma, "no")
    assert line.state(carmen) == "held"
    assert line.taken() == [5]


def test_a_bigger_party_does_not_lose_its_place_in_line(line: Line) -> None:
    line.event({SeatRole.CROWD: 2})
    alma, beto, carmen = people = line.people(3)
    line.say(alma, "yes", party=2)
    line.say(beto, "yes")
    line.say(carmen, "yes", party=2)
    line.say(beto, "yes", party=2)
    line.say(alma, "no")
    assert line.states(people) == ["withdrawn", "held", "standby"]


def test_a_hold_is_a_question_of_its_own_and_ends_with_it(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    people = line.people(2)
    line.all_say(people)
    line.say(people[0], "no")

    def kinds(session: Session) -> list[str]:
        return [ask.kind for ask in open_asks_of(session, people[1], now=line.clock.now())]

    with line.database.read() as session:
        assert kinds(session) == [HOLD]
    line.tick(hours=13)
    with line.database.read() as session:
        assert kinds(session) == []


def test_who_could_not_be_told_waits_on_behind_the_others(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    people = line.people(3)
    line.all_say(people)
    line.say(people[0], "no")
    line.tick(hours=13, was_told=False)
    assert line.states(people) == ["withdrawn", "standby", "held"]
    line.say(people[2], "no")
    assert line.state(people[1]) == "held"


def test_an_event_that_is_off_holds_nothing(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    people = line.people(2)
    line.all_say(people)
    line.say(people[0], "no")
    with line.database.write() as session:
        close_event(session, SUBJECT, reason="cancelled", now=line.clock.now())
    assert line.state(people[1]) == "standby"
    assert line.taken() == [0]
    assert line.say(people[1], "yes").is_closed
    line.tick(days=1)
    assert line.state(people[1]) == "standby"


def test_an_event_that_moves_ends_its_holds_and_offers_the_places_again(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1})
    people = line.people(2)
    line.all_say(people)
    line.say(people[0], "no")
    with line.database.write() as session:
        assert [
            rsvp.person_id for rsvp in release_holds(session, SUBJECT, now=line.clock.now())
        ] == [people[1]]
    assert line.taken() == [0]
    line.tick()
    assert line.state(people[1]) == "held"


def test_too_late_to_ask_the_place_is_free_for_whoever_says_yes(line: Line) -> None:
    line.event({SeatRole.ACCOMPANIER: 1}, minutes=65)
    people = line.people(3)
    line.all_say(people[:2])
    line.say(people[0], "no")
    assert line.states(people[:2]) == ["withdrawn", "standby"]
    line.say(people[1], "yes")
    assert line.state(people[1]) == "yes"
