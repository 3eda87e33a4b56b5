"""What the carrier's error codes mean and what to do about them: codes.toml, read once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from importlib import resources
from types import MappingProxyType


class Does(StrEnum):
    """What is done about a code; codes.toml explains each."""

    LATER = "later"
    RETRY = "retry"
    FAIL = "fail"
    MARK_NUMBER = "mark_number"
    MARK_SECOND = "mark_second"
    OPT_OUT = "opt_out"
    FILTERED = "filtered"
    STOP = "stop"
    PAUSE = "pause"
    CAP = "cap"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Code:
    """One code. `after`: the waits before each further try (RETRY only)."""

    does: Does
    en: str
    es: str
    after: tuple[timedelta, ...] = ()

    def says(self, language: str) -> str:
        """Return what it means, in plain words."""
        return self.es if language == "es" else self.en


UNKNOWN = Code(
    Does.FAIL,
    "The carrier refused it, for a reason that we don't know",
    "La compañía lo rechazó, por una razón que no conocemos",
)


def look_up(code: int | str) -> Code:
    """Return what a code means; one that nobody knows fails that text alone, visibly."""
    try:
        return _codes().get(int(code or 0), UNKNOWN)
    except ValueError:
        return UNKNOWN


@cache
def _codes() -> Mapping[int, Code]:
    source = resources.files("service.sms").joinpath("codes.toml").read_text("utf-8")
    return MappingProxyType(
        {
            int(code): Code(
                Does(entry["does"]),
                entry["en"],
                entry["es"],
                tuple(timedelta(minutes=minutes) for minutes in entry.get("after_minutes", ())),
            )
            for code, entry in tomllib.loads(source).items()
        }
    )
