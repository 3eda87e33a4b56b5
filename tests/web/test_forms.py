"""Dates, times and numbers, as their fields send them and as people type them where there are none."""

from __future__ import annotations

from datetime import date, time

import pytest

from service.web.forms import Answers, Sent, read_clock, read_day


@pytest.mark.parametrize("typed", ["2026-03-10", "2026-3-10", "3/10/2026", "03/10/2026"])
def test_reads_a_day(typed: str) -> None:
    assert read_day(typed) == date(2026, 3, 10)


@pytest.mark.parametrize(
    "typed", ["", "2026-02-30", "10.3.2026", "3/10", "3/10/26", "13/40/2026", "\u0661/1/2026", "x"]
)
def test_never_guesses_a_day(typed: str) -> None:
    assert read_day(typed) is None


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("08:30", time(8, 30)),
        ("8:30", time(8, 30)),
        ("08:30:00", time(8, 30)),
        ("8:30 am", time(8, 30)),
        ("8:30AM", time(8, 30)),
        ("8 a.m.", time(8)),
        ("8:00 p. m.", time(20)),
        ("12 am", time(0)),
        ("12:15 pm", time(12, 15)),
        ("17:00", time(17)),
    ],
)
def test_reads_a_time(typed: str, read: time) -> None:
    assert read_clock(typed) == read


@pytest.mark.parametrize("typed", ["", "8", "25:00", "8:60", "13 pm", "0 am", "noon", "8:5"])
def test_never_guesses_a_time(typed: str) -> None:
    assert read_clock(typed) is None


@pytest.mark.parametrize(
    ("typed", "read"),
    [("2880", 2880), ("2,880", 2880), ("", 7), ("2,88", 7), ("-1", 7), ("1.5", 7)],
)
def test_reads_a_number(typed: str, read: int) -> None:
    assert Answers(Sent({"n": typed})).number("n", 7) == read
