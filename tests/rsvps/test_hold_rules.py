"""How long a place is held, and how an answer may change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import Misuse
from service.rsvps.rules import LAST_ANSWER, SHORTEST_HOLD, Quiet, check_move, hold
from service.rsvps.tables import RsvpState
from tests.factories import ZONE

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # Monday 10:00 in New York
EVENINGS = Quiet(ZONE, 20 * 60, 9 * 60)
NEVER = Quiet(ZONE, 0, 0)


@pytest.mark.parametrize(
    ("ahead", "length"),
    [
        (timedelta(hours=5), timedelta(minutes=30)),
        (timedelta(hours=24), timedelta(minutes=30)),
        (timedelta(hours=24, seconds=1), timedelta(hours=2)),
        (timedelta(hours=72), timedelta(hours=2)),
        (timedelta(days=9), timedelta(hours=12)),
        (timedelta(minutes=80), timedelta(minutes=20)),
        (timedelta(minutes=69), None),
    ],
    ids=str,
)
def test_how_long_a_place_is_held(ahead: timedelta, length: timedelta | None) -> None:
    kept = hold(NOW, NOW + ahead, NEVER)
    assert (None if kept is None else kept.until - NOW) == length


def local(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=ZoneInfo(ZONE))


@pytest.mark.parametrize(
    ("free", "starts", "told", "until"),
    [
        # far off: twelve hours of open time, from 10 am to 8 pm and from 9 am to 11 am
        (local(2, 10), local(9, 9), local(2, 10), local(3, 11)),
        (local(2, 22), local(9, 9), local(3, 9), local(4, 10)),
        # within 72 hours: two hours
        (local(2, 19), local(5, 9), local(2, 19), local(3, 10)),
        # within a day: early and late, not in the night
        (local(2, 20, 30), local(3, 9), local(2, 20, 30), local(2, 21)),
        (local(2, 21, 45), local(3, 9), local(2, 21, 45), local(3, 5, 45)),
        (local(3, 2), local(3, 9), local(3, 5, 30), local(3, 6)),
    ],
)
def test_the_time_does_not_run_in_the_night(
    free: datetime, starts: datetime, told: datetime, until: datetime
) -> None:
    kept = hold(free.astimezone(UTC), starts.astimezone(UTC), EVENINGS)
    assert kept is not None
    assert (kept.told_at, kept.until) == (told, until)


@given(
    # The zone is the third argument's: hypothesis takes the bounds without one.
    now=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    ahead=st.timedeltas(timedelta(0), timedelta(days=30)),
    quiet=st.tuples(st.integers(0, 1439), st.integers(0, 1439)),
)
def test_a_hold_leaves_time_to_answer_and_to_plan(
    now: datetime, ahead: timedelta, quiet: tuple[int, int]
) -> None:
    kept = hold(now, now + ahead, Quiet(ZONE, *quiet))
    if kept is not None:
        assert now <= kept.told_at
        assert kept.until - kept.told_at >= SHORTEST_HOLD
        assert kept.until <= now + ahead - LAST_ANSWER


def test_an_rsvp_does_not_go_where_the_rules_do_not_lead() -> None:
    check_move(RsvpState.HELD, RsvpState.YES)
    with pytest.raises(Misuse, match="from no to arrived"):
        check_move(RsvpState.NO, RsvpState.ARRIVED)
