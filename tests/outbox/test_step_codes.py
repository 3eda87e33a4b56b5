"""What follows from each of the carrier's codes, refused at once or reported afterwards."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import timedelta
from importlib import resources

import pytest

from service.outbox.events import (
    Alert,
    Answered,
    At,
    CapReached,
    Close,
    Effect,
    Left,
    MarkNumber,
    PauseSender,
    Reported,
    SlowSender,
    StopBlast,
)
from service.outbox.step import Life, step
from service.outbox.tables import State
from service.sms.carrier import Refused
from service.sms.codes import Does, look_up
from tests.outbox.test_step import LIVES, OURS, SID, STARTED, SUBMITTING, TIMING

TABLE = tomllib.loads(resources.files("service.sms").joinpath("codes.toml").read_text("utf-8"))
CODES = sorted(int(code) for code in TABLE)
AT = At(STARTED)
NOT_KNOWN = 99_999


def consequences(code: int) -> tuple[Effect, ...]:
    """What a failed text's code asks for."""
    follows: dict[Does, tuple[Effect, ...]] = {
        Does.MARK_NUMBER: (MarkNumber(code, at_once=True),),
        Does.MARK_SECOND: (MarkNumber(code, at_once=False),),
        Does.OPT_OUT: (Left(),),
        Does.STOP: (StopBlast(code, at_once=True), Alert(code)),
        Does.FILTERED: (StopBlast(code, at_once=False),),
        Does.PAUSE: (PauseSender(code),),
        Does.CAP: (CapReached(code, AT.now + TIMING.cap_wait),),
        Does.ALERT: (Alert(code),),
    }
    return follows.get(look_up(code).does, ())


def refused(code: int, life: Life = SUBMITTING) -> tuple[Life, tuple[Effect, ...]]:
    return step(life, Answered(OURS, Refused(code, 400)), AT)


def reported(code: int, state: State = State.FAILED) -> tuple[Life, tuple[Effect, ...]]:
    return step(LIVES["sent"], Reported(OURS, SID, state, code), AT)


def test_every_action_has_a_code() -> None:
    assert {look_up(code).does for code in CODES} == set(Does)


@pytest.mark.parametrize("code", [*CODES, NOT_KNOWN])
def test_refused_with_a_code(code: int) -> None:
    after, effects = refused(code)
    closed = Close(f"refused {code}", None)
    assert (after.is_open, after.sid, after.reason) == (False, None, str(code))
    match look_up(code).does:
        case Does.LATER:
            assert (after.state, after.not_before) == (State.PLANNED, AT.now + TIMING.backoff)
            assert effects == (closed, SlowSender())
        case Does.CAP:
            assert (after.state, after.not_before) == (State.PLANNED, AT.now + TIMING.cap_wait)
            assert effects == (closed, *consequences(code))
        case Does.PAUSE:  # nothing is wrong with the text: it goes when the sender may again
            assert (after.state, after.not_before) == (State.PLANNED, AT.now)
            assert effects == (closed, PauseSender(code))
        case Does.RETRY:
            assert (after.state, after.retries, effects) == (State.PLANNED, 1, (closed,))
            assert after.not_before == AT.now + look_up(code).after[0]
        case _:
            assert (after.state, effects) == (State.FAILED, (closed, *consequences(code)))


@pytest.mark.parametrize("state", [State.FAILED, State.UNDELIVERED])
@pytest.mark.parametrize("code", [0, *CODES, NOT_KNOWN])
def test_reported_with_a_code(code: int, state: State) -> None:
    after, effects = reported(code, state)
    assert after.sid == SID
    match look_up(code).does:
        case Does.LATER:
            assert (after.state, effects) == (State.PLANNED, (SlowSender(),))
        case Does.RETRY:
            assert (after.state, effects) == (State.PLANNED, ())
            assert after.not_before == AT.now + look_up(code).after[0]
        case _:
            assert (after.state, effects) == (state, consequences(code))
            assert after.reason == (str(code) if code else "")


@pytest.mark.parametrize("code", [code for code in CODES if look_up(code).does is Does.RETRY])
def test_a_code_that_may_be_retried_is_retried_as_often_as_the_table_says(code: int) -> None:
    waits = []
    life = SUBMITTING
    for _ in look_up(code).after:
        after, _effects = refused(code, life)
        waits.append(after.not_before - AT.now)
        life = replace(SUBMITTING, retries=after.retries)
    assert tuple(waits) == look_up(code).after
    assert refused(code, life)[0].state is State.FAILED


def test_a_retry_that_would_come_too_late_is_not_made() -> None:
    short = replace(SUBMITTING, not_after=STARTED + timedelta(minutes=5))
    after, effects = refused(30003, short)
    assert (after.state, effects) == (State.FAILED, (Close("refused 30003", None),))
