"""How an approved check-in stands, from its places and the time that is left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from service.checkins.rules import SHORT_BEFORE, Stage, stage
from service.checkins.tables import CheckInState

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
FULL, OPEN = True, False


@pytest.mark.parametrize(
    ("state", "left", "is_full", "expected"),
    [
        (CheckInState.SUBMITTED, timedelta(days=9), OPEN, None),
        (CheckInState.APPROVED, timedelta(days=9), OPEN, Stage.RECRUITING),
        (CheckInState.APPROVED, SHORT_BEFORE + timedelta(seconds=1), OPEN, Stage.RECRUITING),
        (CheckInState.APPROVED, SHORT_BEFORE, OPEN, Stage.SHORT),
        (CheckInState.APPROVED, timedelta(hours=1), OPEN, Stage.SHORT),
        (CheckInState.UNDERWAY, timedelta(hours=-1), OPEN, Stage.SHORT),
        (CheckInState.APPROVED, timedelta(hours=1), FULL, Stage.STAFFED),
        (CheckInState.APPROVED, timedelta(days=9), FULL, Stage.STAFFED),
        (CheckInState.CLOSED, timedelta(days=-1), OPEN, None),
        (CheckInState.CANCELLED, timedelta(days=9), FULL, None),
    ],
)
def test_the_stage_follows_places_and_time(
    state: CheckInState, left: timedelta, is_full: bool, expected: Stage | None
) -> None:
    assert stage(state, NOW + left, NOW, is_full=is_full) is expected
