"""Reminders say when, and nobody is woken: the morning rule, quiet hours, both clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from service.checkins.remind import remind_again
from service.checkins.tables import CheckIn
from service.outbox.tables import Delivery
from service.rsvps.tables import SeatRole
from tests.factories import ZONE
from tests.flows.asking import EVERY, a_checkin, set_up, someone
from tests.flows.town import Town


@pytest.mark.parametrize(
    "day", ["2026-03-06", "2026-03-09", "2026-11-02"]
)  # and after both changes
def test_what_is_due_before_half_past_five_goes_the_evening_before_and_says_so(
    town: Town, day: str
) -> None:
    zone = ZoneInfo(ZONE)
    start = datetime.fromisoformat(f"{day}T08:00").replace(tzinfo=zone)
    town.clock.at = (start - timedelta(days=3)).astimezone(UTC)
    someone(town, 101, language="en")
    a_checkin(town, days=(start.astimezone(UTC) - town.clock.now()) / timedelta(days=1))
    town.tick()
    town.text(101, "Y")
    evening = datetime.combine(start.date() - timedelta(days=1), time(19, 30), zone)
    town.clock.at = evening.astimezone(UTC) - timedelta(minutes=1)
    town.tick()
    assert "mañana" in "".join(town.got(120, states=EVERY)[-2:])  # the day before, at 8:00
    assert "van con usted Alma" in "".join(town.got(120, states=EVERY)[-2:])
    count = len(town.got(120, states=EVERY))
    town.tick(minutes=1)
    assert len(town.got(120, states=EVERY)) == count + 1
    assert "su cita es mañana, 8:00 am" in town.got(120)[-1]  # three hours before would be 5:00
    town.clock.at = datetime.combine(start.date(), time(6, 0), zone).astimezone(UTC)
    town.tick()
    assert "see you today, 7:45 am" in town.got(101, states=EVERY)[-1]
    town.tick(minutes=30)
    assert len(town.got(120, states=EVERY)) == count + 1


def test_who_says_yes_at_night_hears_the_place_and_nobody_else_is_woken(town: Town) -> None:
    someone(town, 101, language="en")
    someone(town, 102, language="en")
    start = datetime(2026, 3, 4, 9, 0, tzinfo=ZoneInfo(ZONE))
    days = (start.astimezone(UTC) - town.clock.now()) / timedelta(days=1)
    a_checkin(town, days=days, places={SeatRole.ACCOMPANIER: 2})
    town.tick()
    town.text(101, "Y")
    town.clock.at = (start - timedelta(hours=9, minutes=30)).astimezone(UTC)  # 23:30
    town.text(102, "Y")
    before = len(town.got(120, states=EVERY))
    town.tick()
    assert "Café Sol" in town.got(102)[-1]
    assert "Café Sol" not in town.got(101, states=EVERY)[-1]
    assert len(town.got(120, states=EVERY)) == before
    town.clock.at = (start - timedelta(hours=3, minutes=29)).astimezone(UTC)  # 5:31
    town.tick()
    assert "Café Sol" in town.got(101)[-1]
    assert "Today, Wednesday" in town.got(101)[-1]


def test_a_week_is_a_week(town: Town) -> None:
    """A check-in registered five days before is not announced as "in a week"."""
    someone(town, 101)
    a_checkin(town)
    town.tick()
    town.text(101, "S")
    town.tick()
    with town.session() as session:
        keys = session.exec(select(Delivery.once_key)).all()
    assert not any(":7d:" in key for key in keys)


def test_who_hears_of_it_less_than_a_week_before_is_not_told_so_when_somebody_comes(
    town: Town,
) -> None:
    checkin = a_checkin(town, days=6.8)
    with town.wiring.database.write() as session:  # as a yes to the weekly list does
        remind_again(session, session.get_one(CheckIn, checkin.id), now=town.clock.now())
    town.tick()
    with town.session() as session:
        keys = session.exec(select(Delivery.once_key)).all()
    assert not any(":7d:" in key for key in keys)


def test_the_reminder_a_week_before_keeps_quiet_hours(town: Town) -> None:
    set_up(town, quiet_from_minute=20 * 60, quiet_until_minute=9 * 60)
    start = datetime(2026, 3, 20, 8, 0, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
    a_checkin(town, days=(start - town.clock.now()) / timedelta(days=1))
    town.clock.at = start - timedelta(days=7)
    town.tick()
    with town.session() as session:
        week = col(Delivery.template) == "family_reminder_7d"
        goes_at = session.exec(select(Delivery.not_before).where(week)).one()
    assert goes_at == datetime(2026, 3, 13, 9, 0, tzinfo=ZoneInfo(ZONE))
