"""A companion can't come after all: the next in line hears of it, and has a while to answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlmodel import col, select, update

from schedules.jobs import run_all
from service.chapters.tables import Chapter
from service.checkins.cancel import cancel
from service.checkins.tables import CheckIn
from service.outbox.tables import Delivery, State
from service.privacy.policy import SYSTEM
from tests.flows.town import Town

ALMA, BETO, CARMEN, DORA = 101, 102, 103, 104


def fill(town: Town, *more: int) -> CheckIn:
    """Three companions have a place, Dora and whoever is named wait for one, in this order."""
    for number in (ALMA, BETO, CARMEN, DORA, *more):
        town.volunteer(number, language="es" if number == DORA else "en")
    checkin = town.checkin()
    town.tick()
    for number in (ALMA, BETO, CARMEN, DORA, *more):
        town.text(number, "Y")
    return checkin


def let_texts_leave(town: Town) -> None:
    with town.wiring.database.write() as session:
        session.exec(
            update(Delivery)
            .where(col(Delivery.state) == State.PLANNED)
            .values(state=State.DELIVERED)
        )


def newest(town: Town, number: int) -> Delivery:
    with town.session() as session:
        key = town.wiring.keyring.phone_key(f"+1413555{number:04}")
        return session.exec(
            select(Delivery).where(Delivery.to_key == key).order_by(col(Delivery.id).desc())
        ).all()[0]


def test_the_next_in_line_is_offered_the_place_and_takes_it(town: Town) -> None:
    fill(town, 105)
    town.text(ALMA, "N")
    assert town.told(ALMA) == "changed_to_no"
    assert town.told(DORA) == "promoted_hold"
    assert "hasta el lunes, 10:00 pm" in town.got(DORA)[-1]
    assert town.told(105) == "standby"
    town.text(DORA, "S")
    assert town.told(DORA) == "confirmed"
    town.tick(days=1)
    assert town.told(DORA) == "confirmed"
    assert town.told(105) == "standby"


def test_a_no_passes_it_on_at_once(town: Town) -> None:
    fill(town, 105)
    town.text(ALMA, "N")
    town.text(DORA, "no puedo")
    assert town.told(DORA) == "changed_to_no"
    assert town.told(105) == "promoted_hold"


def test_silence_passes_it_on_and_a_late_yes_hears_the_truth(town: Town) -> None:
    fill(town, 105)
    town.text(ALMA, "N")
    let_texts_leave(town)
    town.tick(hours=13)
    assert town.told(DORA) == "hold_passed"
    assert town.told(105) == "promoted_hold"
    town.text(DORA, "S")
    assert town.told(DORA) == "hold_missed"
    town.text(105, "N")
    assert town.told(DORA) == "promoted_hold"


def test_a_late_yes_gets_the_place_while_nobody_has_it(town: Town) -> None:
    fill(town)
    town.text(ALMA, "N")
    let_texts_leave(town)
    town.tick(hours=13)
    town.text(DORA, "S")
    assert town.told(DORA) == "confirmed"


def test_the_clock_may_tick_twice_or_not_at_all(town: Town) -> None:
    fill(town, 105, 106)
    town.text(ALMA, "N")
    let_texts_leave(town)
    town.tick(hours=13)
    for _ in range(3):
        run_all(town.wiring, now=town.clock.now())
    assert [town.told(number) for number in (DORA, 105, 106)] == [
        "hold_passed",
        "promoted_hold",
        "",
    ]


def test_who_could_not_be_told_is_not_told_that_it_is_over(town: Town) -> None:
    fill(town, 105)
    town.text(ALMA, "N")
    town.tick(hours=13)
    assert town.told(DORA) == "promoted_hold", "it never left"
    assert town.told(105) == "promoted_hold"
    town.text(105, "N")
    assert len([text for text in town.got(DORA) if "hay lugar" in text]) == 2


def test_in_the_evening_the_place_is_kept_until_they_can_be_asked(town: Town) -> None:
    with town.wiring.database.write() as session:
        chapter = session.get_one(Chapter, town.chapter.id)
        chapter.quiet_from_minute, chapter.quiet_until_minute = 20 * 60, 9 * 60
    fill(town)
    town.clock.at = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)  # Tuesday 11 pm in New York
    town.text(ALMA, "N")
    text = newest(town, DORA)
    assert text.template == "promoted_hold"
    assert text.not_before == datetime(2026, 3, 4, 14, 0, tzinfo=UTC)
    assert text.not_after == datetime(2026, 3, 5, 15, 0, tzinfo=UTC), "12 open hours: 11 and 1"


def test_within_a_day_it_is_half_an_hour(town: Town) -> None:
    checkin = fill(town)
    town.clock.at = checkin.starts_at - timedelta(hours=10)
    town.text(ALMA, "N")
    text = newest(town, DORA)
    assert text.not_after - text.not_before == timedelta(minutes=30)


def test_cancelled_meanwhile_they_hear_that_and_no_more(town: Town) -> None:
    checkin = fill(town)
    town.text(ALMA, "N")
    with town.wiring.database.write() as session:
        checkin = session.get_one(CheckIn, checkin.id)
        cancel(session, town.wiring.outbox, checkin, by=SYSTEM, now=town.clock.now())
    assert town.told(DORA) == "checkin_cancelled"
    assert not [text for text in town.got(DORA) if "hay lugar" in text]
    town.text(DORA, "S")
    assert town.told(DORA) == "closed_cancelled"
    town.tick(days=1)
    assert town.told(DORA) == "closed_cancelled"


def test_a_yes_with_another_question_open_asks_which(town: Town) -> None:
    fill(town)
    town.text(ALMA, "N")
    other = town.checkin(starts_at=town.clock.now() + timedelta(days=8))
    town.ask(other, DORA)
    town.text(DORA, "S")
    assert town.told(DORA) == "ask_which"
