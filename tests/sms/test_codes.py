"""Every code has a meaning in both languages and something that is done about it."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from service.sms.codes import UNKNOWN, Does, look_up

TABLE = tomllib.loads(resources.files("service.sms").joinpath("codes.toml").read_text("utf-8"))


@pytest.mark.parametrize("code", sorted(TABLE), ids=str)
def test_a_code_says_what_it_means_and_what_is_done(code: str) -> None:
    found = look_up(code)
    assert found.en
    assert found.es
    assert found.en != found.es
    assert bool(found.after) is (found.does is Does.RETRY)


@pytest.mark.parametrize("code", [0, "", "x", 99999])
def test_an_unknown_code_fails_that_text_alone(code: int | str) -> None:
    assert look_up(code) is UNKNOWN
    assert UNKNOWN.does is Does.FAIL
