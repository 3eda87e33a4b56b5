"""The ladder over many histories: never lost, never still, never ended by the family's phone alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.checkins.safety.rules import (
    ONE_OF_US,
    AlarmOrganizers,
    Ask,
    AskToSpeak,
    At,
    CalledOff,
    CallShift,
    Effect,
    Event,
    Ladder,
    Said,
    StandDown,
    Tick,
    Times,
    Took,
    Warn,
    Word,
    first_look,
    step,
)
from service.checkins.safety.tables import Reporter, Rung, SafetyState, Why

S = SafetyState
STARTS = datetime(2026, 3, 10, 13, 0, tzinfo=UTC)  # 9:00 in New York
WAIT = timedelta(hours=4)
CLOSES = STARTS + timedelta(hours=8)
DUE = first_look(STARTS, WAIT, CLOSES)
EVERYBODY = frozenset(Rung)
MINUTE = timedelta(minutes=1)


def armed() -> Ladder:
    return Ladder(S.ARMED, STARTS, DUE, CLOSES, next_at=DUE, wait=WAIT)


def run(
    ladder: Ladder, *events: tuple[float, Event], there: frozenset[Rung] = EVERYBODY
) -> tuple[Ladder, list[Effect]]:
    """Let events happen at minutes after it was due; return where it ends and what was done last."""
    effects: tuple[Effect, ...] = ()
    for minute, event in events:
        ladder, effects = step(ladder, event, At(DUE + minute * MINUTE, there))
    return ladder, list(effects)


def asked() -> Ladder:
    return run(armed(), (0, Tick()))[0]


# --- one by one -----------------------------------------------------------------------------------


def test_family_and_lead_are_asked_together_and_once_more() -> None:
    ladder, effects = run(armed(), (-1, Tick()))
    assert (ladder.state, effects) == (S.ARMED, [])
    ladder, effects = run(ladder, (0, Tick()))
    assert (ladder.state, effects) == (S.ASKED, [Ask()])
    ladder, effects = run(ladder, (14, Tick()))
    assert effects == []
    ladder, effects = run(ladder, (15, Tick()))
    assert (ladder.state, effects) == (S.ASKED, [Ask(again=True)])


def test_silence_climbs_rung_by_rung_and_then_calls_again_and_again() -> None:
    ladder = asked()
    done: list[Effect] = []
    for minute in range(15, 70):
        ladder, effects = run(ladder, (minute, Tick()))
        done += effects
    assert done[:4] == [Ask(again=True), Warn(Rung.LEAD), Warn(Rung.OUTSIDE_CONTACT),
                        Warn(Rung.EMERGENCY_CONTACT)]  # fmt: skip
    assert done[4:8] == [CallShift(), CallShift(), CallShift(), AlarmOrganizers(is_empty=False)]
    assert ladder.why is Why.SILENT


def test_a_rung_with_nobody_on_it_costs_no_time() -> None:
    there = frozenset({Rung.SHIFT})
    ladder, effects = run(asked(), (15, Tick()), (30, Tick()), there=there)
    assert (ladder.rung, effects) == (Rung.SHIFT, [CallShift()])


def test_nobody_on_shift_is_itself_an_alarm() -> None:
    ladder, effects = run(asked(), (15, Tick()), (30, Tick()), there=frozenset())
    assert effects == [AlarmOrganizers(is_empty=True)]
    ladder, effects = run(ladder, (33, Tick()), there=frozenset())
    assert effects == [AlarmOrganizers(is_empty=True)]


@pytest.mark.parametrize("word", [Word.HELP, Word.DISTRESS])
@pytest.mark.parametrize("reporter", Reporter)
def test_a_cry_reaches_everybody_in_one_breath(word: Word, reporter: Reporter) -> None:
    ladder, effects = run(asked(), (1, Said(reporter, word)))
    assert effects == [Warn(Rung.LEAD), Warn(Rung.OUTSIDE_CONTACT), Warn(Rung.EMERGENCY_CONTACT),
                       CallShift()]  # fmt: skip
    again, repeated = run(ladder, (2, Said(reporter, word)))
    assert (again, repeated) == (ladder, [])


@pytest.mark.parametrize("reporter", Reporter)
def test_only_one_of_us_can_end_it(reporter: Reporter) -> None:
    ladder, _ = run(asked(), (1, Said(reporter, Word.OUT_AND_OK)))
    assert (ladder.state is S.RESOLVED) is (reporter in ONE_OF_US)
    assert ladder.state in (S.RESOLVED, S.OK)


def test_a_one_from_the_family_asks_one_of_us_to_speak_with_them_and_then_climbs() -> None:
    ladder, effects = run(asked(), (1, Said(Reporter.FAMILY, Word.OUT_AND_OK)))
    assert (ladder.state, effects) == (S.OK, [AskToSpeak()])
    ladder, effects = run(ladder, (20, Said(Reporter.FAMILY, Word.OUT_AND_OK)), (31, Tick()))
    assert (ladder.why, effects) == (Why.NOT_SPOKEN, [Warn(Rung.LEAD)])
    held, effects = run(ladder, (32, Said(Reporter.FAMILY, Word.OUT_AND_OK)))
    assert (held, effects) == (ladder, [])


def test_after_a_cry_a_one_from_the_family_changes_nothing() -> None:
    crying, _ = run(asked(), (1, Said(Reporter.LEAD, Word.DISTRESS)))
    after, effects = run(crying, (2, Said(Reporter.FAMILY, Word.OUT_AND_OK)))
    assert (after, effects) == (crying, [])


def test_two_asks_again_later_and_closing_time_ends_the_waiting() -> None:
    ladder, _ = run(asked(), (1, Said(Reporter.FAMILY, Word.WAITING)))
    assert ladder.state is S.WAITING
    ladder, effects = run(ladder, (45, Tick()), (46, Tick()))
    assert (ladder.state, ladder.tries) == (S.ASKED, 1)
    ladder, _ = run(ladder, (47, Said(Reporter.LEAD, Word.WAITING)))
    at_closing = (CLOSES - DUE) / MINUTE
    ladder, effects = run(ladder, (at_closing, Tick()))
    assert (ladder.why, effects) == (Why.NOT_OUT, [Warn(Rung.LEAD)])
    still, _ = run(ladder, (at_closing + 1, Said(Reporter.LEAD, Word.WAITING)))
    assert still.state is S.ESCALATED


def test_still_inside_from_one_of_us_outweighs_an_out_from_the_familys_phone() -> None:
    ladder, _ = run(
        asked(),
        (1, Said(Reporter.FAMILY, Word.OUT_AND_OK)),
        (2, Said(Reporter.LEAD, Word.WAITING)),
    )
    assert ladder.state is S.WAITING


def test_going_in_later_asks_later_but_before_closing() -> None:
    ladder, _ = run(armed(), (-180, Said(Reporter.OUTSIDE_CONTACT, Word.IN)))
    assert ladder.next_at == DUE + 60 * MINUTE
    late, _ = run(armed(), (-1, Said(Reporter.LEAD, Word.IN)))
    assert late.next_at == CLOSES - timedelta(minutes=30)


def test_whoever_takes_it_has_a_while_and_then_it_rings_again() -> None:
    ladder, _ = run(asked(), (1, Said(Reporter.FAMILY, Word.HELP)), (2, Took()))
    assert ladder.state is S.TAKEN
    ladder, effects = run(ladder, (31, Tick()))
    assert effects == []
    ladder, effects = run(ladder, (32, Tick()))
    assert (ladder.state, effects) == (S.ESCALATED, [CallShift()])


def test_a_handover_rings_the_next_shift_at_once() -> None:
    ladder, _ = run(asked(), (1, Said(Reporter.FAMILY, Word.HELP)), (2, Took()))
    ladder, effects = run(ladder, (3, Tick(is_handed_over=True)))
    assert (ladder.state, effects) == (S.ESCALATED, [CallShift()])


def test_an_alarm_in_the_morning_does_not_use_up_the_question_of_the_afternoon() -> None:
    early = (STARTS - timedelta(hours=2) - DUE) / MINUTE
    ladder, _ = run(armed(), (early, Said(Reporter.FAMILY, Word.DISTRESS)))
    ladder, effects = run(ladder, (early + 5, Said(Reporter.ORGANIZER, Word.OUT_AND_OK)))
    assert (ladder.state, ladder.next_at) == (S.ARMED, DUE)
    assert effects == [StandDown(was_urgent=True)]


def test_a_cry_after_the_end_opens_it_again() -> None:
    ladder, _ = run(asked(), (1, Said(Reporter.LEAD, Word.OUT_AND_OK)))
    ladder, effects = run(ladder, (9, Said(Reporter.FAMILY, Word.DISTRESS)))
    assert (ladder.state, effects[-1]) == (S.ESCALATED, CallShift())


def test_called_off_only_while_nobody_was_asked() -> None:
    assert run(armed(), (-9, CalledOff()))[0].state is S.OFF
    assert run(asked(), (1, CalledOff()))[0].state is S.ASKED


def test_a_service_that_slept_through_the_day_asks_and_alarms_when_it_wakes() -> None:
    _, effects = run(armed(), ((CLOSES - DUE) / MINUTE + 90, Tick()))
    assert effects == [Ask(), Warn(Rung.LEAD)]


# --- over many histories --------------------------------------------------------------------------

RUNGS = st.frozensets(st.sampled_from(Rung))
EVENTS = st.one_of(
    st.just(Tick()),
    st.just(Tick()),
    st.just(Tick(is_handed_over=True)),
    st.just(Took()),
    st.builds(Said, st.sampled_from(Reporter), st.sampled_from(Word)),
)
BY_FAMILY = st.one_of(
    st.just(Tick()), st.builds(Said, st.just(Reporter.FAMILY), st.sampled_from(Word))
)
MOVES = st.sampled_from([0, 1, 5, 15, 40, 90, 300, -60, -1])  # minutes; clocks go back, too
SLOWEST = max(Times().longest_in(state) for state in S if state not in (S.ARMED, S.RESOLVED, S.OFF))


def is_open(ladder: Ladder) -> bool:
    return ladder.state not in (S.RESOLVED, S.OFF)


def until_called(ladder: Ladder, now: datetime, there: frozenset[Rung]) -> timedelta | None:
    """How long until the clock alone makes a phone ring, or alarms the organizers."""
    for passed in range(60 * 12):
        ladder, effects = step(ladder, Tick(), At(now + passed * MINUTE, there))
        if any(isinstance(effect, CallShift | AlarmOrganizers) for effect in effects):
            return passed * MINUTE
    return None


@settings(max_examples=600)
@given(st.lists(st.tuples(MOVES, EVENTS, RUNGS), max_size=40), RUNGS)
def test_no_history_loses_a_ladder(
    history: list[tuple[int, Event, frozenset[Rung]]], there: frozenset[Rung]
) -> None:
    ladder, now = armed(), STARTS
    for minutes, event, on_rungs in history:
        now += minutes * MINUTE
        before = ladder
        ladder, _ = step(ladder, event, At(now, on_rungs))
        if ladder.state is S.RESOLVED and before.state is not S.RESOLVED:
            assert isinstance(event, Said)
            assert event.reporter in ONE_OF_US
            assert event.word is Word.OUT_AND_OK
        assert ladder.state is not S.OFF
        if isinstance(event, Tick) and ladder.state not in (S.ARMED, S.RESOLVED):
            assert ladder.next_at <= now + SLOWEST
        again, effects = step(ladder, Tick(), At(now, on_rungs))
        if isinstance(event, Tick):
            assert (again, effects) == (ladder, ())  # a second tick at the same moment does nothing
    if is_open(ladder):
        until = until_called(ladder, max(now, ladder.closes_at), there)
        assert until is not None
        assert until <= timedelta(hours=2)


@settings(max_examples=600)
@given(st.lists(st.tuples(MOVES, BY_FAMILY), max_size=60))
def test_no_words_of_the_familys_phone_end_it_or_hold_it_past_closing(
    history: list[tuple[int, Event]],
) -> None:
    ladder, now = armed(), STARTS
    for minutes, event in history:
        now += minutes * MINUTE
        ladder, _ = step(ladder, event, At(now))
    assert is_open(ladder)
    called = False
    for passed in range(0, 130, 5):  # the phone goes on answering what it likes
        at = At(max(now, CLOSES) + passed * MINUTE)
        word = (Word.WAITING, Word.OUT_AND_OK)[passed % 2]
        ladder, effects = step(ladder, Said(Reporter.FAMILY, word), at)
        ladder, more = step(ladder, Tick(), at)
        called |= any(isinstance(effect, CallShift) for effect in (*effects, *more))
    assert called


@settings(max_examples=300)
@given(st.integers(1, 60 * 30), st.integers(0, 600))
def test_a_clock_that_leaps_and_comes_back_delays_nothing_by_more_than_one_wait(
    leap: int, minute: int
) -> None:
    ladder = asked()
    at = DUE + minute * MINUTE
    ladder, _ = step(ladder, Tick(), At(at + leap * MINUTE))
    ladder, _ = step(ladder, Tick(), At(at))
    assert ladder.next_at <= at + ladder.times.longest_in(ladder.state)


def test_a_second_tick_at_the_same_moment_does_nothing_even_on_another_machine() -> None:
    ladder, first = run(armed(), (0, Tick()))
    _, second = run(replace(ladder), (0, Tick()))
    assert (first, second) == ([Ask()], [])
