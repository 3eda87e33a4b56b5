"""Ids sort by the time they were made, as lists, claims and pages of the API take for granted."""

from __future__ import annotations

import threading

from service.db.ids import new_id, new_ids


def test_of_many_made_within_a_millisecond_each_sorts_behind_the_one_before() -> None:
    made = [new_id() for _ in range(20_000)]
    assert made == sorted(set(made))
    assert {one.version for one in made} == {7}


def test_threads_that_make_them_at_once_never_make_the_same() -> None:
    made: list[object] = []
    threads = [
        threading.Thread(target=lambda: made.extend([new_id() for _ in range(2_000)]))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8_000


def test_whoever_replays_gives_time_and_chance() -> None:
    assert new_id(1_772_463_600_000, 5) == new_id(1_772_463_600_000, 5)
    assert str(new_id(1_772_463_600_000, 5)) == "019caf10-3180-7000-8000-000000000005"


def test_a_batch_is_of_one_moment_and_no_two_are_the_same() -> None:
    made = new_ids(500)
    assert len(set(made)) == 500
    assert len({one.int >> 80 for one in made}) == 1
