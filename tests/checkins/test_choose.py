"""Whom a wave asks: one table a rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from service.checkins.choose import (
    Candidate,
    Grade,
    choose,
    first_wave_at,
    grade,
    list_before,
    pause_after,
    wave_size,
)
from service.db import new_id
from service.people.area import distance_miles
from service.rsvps.rules import Responder
from service.rsvps.tables import Seat, SeatRole

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # a Monday, 10:00 in New York
ZONE = "America/New_York"


def seat(role: SeatRole = SeatRole.ACCOMPANIER, language: str | None = None) -> Seat:
    return Seat(
        id=new_id(), subject="checkin:0", role=role, language=language, capacity=1, starts_at=NOW,
        ends_at=NOW,
    )  # fmt: skip


def somebody(
    vetting: int = 2, roles: tuple[str, ...] = (), languages: tuple[str, ...] = ("es",),
    *, miles: float | None = 5.0, asks: int = 0, is_there_already: bool = False,
) -> Candidate:  # fmt: skip
    who = Responder(new_id(), vetting, roles, languages)
    return Candidate(who, miles=miles, asks=asks, is_there_already=is_there_already)


LEAD, COMPANION, DRIVER = seat(SeatRole.LEAD), seat(), seat(SeatRole.DRIVER)
INTERPRETER = seat(SeatRole.INTERPRETER, "es")


@pytest.mark.parametrize(
    ("who", "seats", "expected", "reason"),
    [
        (somebody(), [COMPANION], Grade.NEAR, "speaks:es near:5"),
        (somebody(miles=0.3), [COMPANION], Grade.NEAR, "speaks:es same_area"),
        (somebody(miles=40), [COMPANION], Grade.FARTHER, "speaks:es farther:40"),
        (somebody(miles=None), [COMPANION], Grade.FARTHER, "speaks:es area_unknown"),
        (somebody(languages=("en",)), [COMPANION], Grade.OTHER_LANGUAGE, "other_language near:5"),
        (somebody(), [DRIVER], Grade.OTHER_ROLE, "other_role:driver speaks:es near:5"),
        (somebody(roles=("driver",)), [DRIVER], Grade.NEAR, "role:driver speaks:es near:5"),
        (somebody(vetting=3), [LEAD], Grade.NEAR, "role:lead speaks:es near:5"),
        (somebody(asks=3), [COMPANION], Grade.OFTEN_ASKED, "speaks:es near:5 often:3"),
        (somebody(), [INTERPRETER], Grade.OTHER_ROLE, "other_role:interpreter speaks:es near:5"),
        (somebody(3, is_there_already=True), [LEAD], Grade.THERE_ALREADY, "role:lead there"),
    ],
)
def test_each_grade_says_why(
    who: Candidate, seats: list[Seat], expected: Grade, reason: str
) -> None:
    found = grade(who, seats, "es", most_asks=3)
    assert found is not None
    assert (found.grade, found.reason) == (expected, reason)


@pytest.mark.parametrize(
    ("who", "seats"),
    [
        (somebody(vetting=1), [COMPANION]),
        (somebody(vetting=0), [COMPANION, DRIVER]),
        (somebody(vetting=2), [LEAD]),  # to lead is never another role
        (somebody(languages=("en",)), [INTERPRETER]),
        (somebody(is_there_already=True), [COMPANION]),
    ],
)
def test_who_is_never_asked(who: Candidate, seats: list[Seat]) -> None:
    assert grade(who, seats, "es", most_asks=3) is None


def test_a_wave_is_of_one_grade_and_asks_first_who_was_asked_least() -> None:
    near, tired, far = somebody(), somebody(asks=2), somebody(miles=50)
    chosen = choose([far, tired, near], [COMPANION], "es", limit=9, most_asks=3)
    assert [one.candidate for one in chosen] == [near, tired]
    chosen = choose([far, tired, near], [COMPANION], "es", limit=2, most_asks=3, all_grades=True)
    assert [one.candidate for one in chosen] == [near, tired]
    assert [one.candidate for one in choose([far], [COMPANION], "es", limit=9, most_asks=3)] == [
        far
    ]


@pytest.mark.parametrize(
    ("left", "pause"),
    [
        (timedelta(days=9), timedelta(hours=4)),
        (timedelta(hours=24), timedelta(hours=3)),
        (timedelta(hours=2), timedelta(minutes=15)),
        (timedelta(minutes=20), timedelta(minutes=10)),
    ],
)
def test_waves_follow_faster_as_the_start_nears(left: timedelta, pause: timedelta) -> None:
    assert pause_after(240, left) == pause


def test_a_wave_grows_as_the_start_nears() -> None:
    assert [wave_size(2, 5, timedelta(hours=hours)) for hours in (48, 20, 5)] == [10, 20, 40]


@pytest.mark.parametrize(
    ("days", "waits"),
    [(3, False), (6, False), (8, True), (13, True), (15, True)],
)
def test_a_check_in_that_a_list_will_show_waits_for_it(days: int, waits: bool) -> None:
    """On Monday the list of this week is out; the next one goes on Thursday, for the week after."""
    starts_at = NOW + timedelta(days=days)
    at = first_wave_at(starts_at, NOW, list_weekday=3, list_minute=1080, zone=ZONE)
    assert at == (starts_at - timedelta(hours=72) if waits else NOW)
    assert first_wave_at(starts_at, NOW, list_weekday=-1, list_minute=0, zone=ZONE) == NOW


def test_the_list_goes_out_on_thursday_evening_across_the_change_of_the_clock() -> None:
    """8 March 2026 is the change to summer time: 18:00 is 23:00 UTC before and 22:00 after."""
    tuesday = datetime(2026, 3, 10, 13, 0, tzinfo=UTC)
    assert list_before(tuesday, 3, 1080, ZONE) == datetime(2026, 3, 5, 23, 0, tzinfo=UTC)
    later = datetime(2026, 3, 17, 13, 0, tzinfo=UTC)
    assert list_before(later, 3, 1080, ZONE) == datetime(2026, 3, 12, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ("06103", "061", 0, 0),
        ("06103", "Hartford", 0, 5),
        ("hartford, CT", "Hartford", 0, 0),
        ("Springfield", "06103", 15, 35),
        ("061", "902", 2000, 3000),
    ],
)
def test_distances_are_coarse(one: str, other: str, least: float, most: float) -> None:
    found = distance_miles(one, other)
    assert found is not None
    assert least <= found <= most
    assert distance_miles(other, one) == found


@pytest.mark.parametrize(("one", "other"), [("", "061"), ("Zzz", "061"), ("Hartford", "Agawam")])
def test_what_nobody_can_tell_is_not_guessed(one: str, other: str) -> None:
    assert distance_miles(one, other) is None
