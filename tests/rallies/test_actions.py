"""The people are dealt to days evenly, and stay there; round numbers are told once."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from service.rallies.actions.rules import TOLD_AT, deal, send_at, worth_telling
from tests.factories import ZONE

IDS = st.lists(st.uuids(), unique=True, max_size=200)


@given(action=st.uuids(), people=IDS, days=st.integers(1, 14), random=st.randoms())
def test_everybody_gets_one_day_evenly_and_again_the_same(
    action: UUID, people: list[UUID], days: int, random: object
) -> None:
    dealt = deal(action, people, days)
    assert set(dealt) == set(people)
    counts = Counter(dealt.values())
    sizes = [counts[day] for day in range(days)]
    assert max(sizes) - min(sizes) <= 1
    assert deal(action, list(reversed(people)), days) == dealt


def test_who_is_first_changes_from_action_to_action() -> None:
    people = [UUID(int=number) for number in range(100)]
    first, second = (deal(UUID(int=1000 + number), people, 4) for number in range(2))
    assert first != second


def test_a_day_keeps_its_local_time_across_the_change_of_the_clock() -> None:
    first = datetime(2026, 3, 7, 10, tzinfo=ZoneInfo(ZONE)).astimezone(ZoneInfo("UTC"))
    local = [send_at(first, day, ZONE).astimezone(ZoneInfo(ZONE)) for day in range(3)]
    assert [(at.day, at.hour) for at in local] == [(7, 10), (8, 10), (9, 10)]


@given(steps=st.lists(st.integers(0, 400), max_size=40))
def test_every_number_is_told_at_most_once_and_only_when_reached(steps: list[int]) -> None:
    done = told = 0
    said = []
    for step in steps:
        done += step
        number = worth_telling(done, told)
        if number is not None:
            assert told < number <= done
            said.append(number)
            told = number
    assert said == sorted(set(said))
    assert set(said) <= set(TOLD_AT)
