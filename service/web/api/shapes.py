"""What requests and answers are made of: strict fields, times with a zone, nothing unasked for."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from service.errors import InvalidValue
from service.people.phone import read_phone
from service.people.register import LONGEST_ALIAS
from service.privacy.scrub import scrub

LONGEST_AREA = 40
LONGEST_REASON = 200
MOST_LANGUAGES = 10
_WRITTEN = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d")


class Shape(BaseModel):
    """A body or an answer. What it does not name is refused, so that nobody sends what we never keep."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, from_attributes=True)


def _plain(text: str) -> str:
    if any(unicodedata.category(letter) == "Cc" for letter in text.replace("\n", "")):
        raise PydanticCustomError("not_text", "not_text")
    return text


def _one_line(text: str) -> str:
    if "\n" in text:
        raise PydanticCustomError("not_text", "not_text")
    return _plain(text)


def _never_kept(text: str) -> str:
    """Refuse what looks like an A-number or an SSN, rather than drop it without a word."""
    if scrub(text) != text:
        raise PydanticCustomError("never_kept", "never_kept")
    return text


def _phone(text: str) -> str:
    """Refuse what no country would call a phone number; which countries, the settings say."""
    try:
        read_phone(text, ("US",))
    except InvalidValue as error:
        if error.code == "bad_phone":
            raise PydanticCustomError("bad_phone", "bad_phone") from None
    return text


def _written(value: object) -> object:
    if not isinstance(value, str) or not _WRITTEN.match(value):
        raise PydanticCustomError("bad_time", "bad_time")
    return value


def _utc(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise PydanticCustomError("no_time_zone", "no_time_zone")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("bad_time", "bad_time") from None


# What a text goes through, after its length: as markers, so that each field names its own limit.
PLAIN = AfterValidator(_plain)
ONE_LINE = AfterValidator(_one_line)
NEVER_KEPT = AfterValidator(_never_kept)


def up_to(limit: int, *, least: int = 0) -> StringConstraints:
    """Return the limits of a text, spaces at its ends not counted."""
    return StringConstraints(strip_whitespace=True, min_length=least, max_length=limit)


Phone = Annotated[
    str,
    up_to(40, least=1),
    AfterValidator(_phone),
    Field(description="As people write it, or E.164.", examples=["413-555-0142"]),
]
Alias = Annotated[
    str,
    up_to(LONGEST_ALIAS),
    ONE_LINE,
    NEVER_KEPT,
    Field(description="What they want to be called. Never a legal surname.", examples=["Azucena"]),
]
Area = Annotated[
    str,
    up_to(LONGEST_AREA),
    ONE_LINE,
    NEVER_KEPT,
    Field(
        description="A town or the start of a ZIP code. Never an address.", examples=["Hartford"]
    ),
]
Reason = Annotated[
    str,
    up_to(LONGEST_REASON, least=1),
    ONE_LINE,
    NEVER_KEPT,
    Field(description="Why, for the record: no name and no number.", examples=["Calling back"]),
]
Moment = Annotated[
    datetime,
    BeforeValidator(_written),
    AfterValidator(_utc),
    Field(
        description="RFC 3339 with an offset. Answers are in UTC.",
        examples=["2026-03-10T09:00:00-04:00"],
    ),
]
Language = Literal["en", "es"]
Spoken = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]{2,3}$"),
    Field(description="A language's code of two or three letters.", examples=["es"]),
]


class OfferedRole(StrEnum):
    """What somebody signs up for. Who leads is decided by vetting."""

    DRIVER = "driver"
    INTERPRETER = "interpreter"
    LEGAL_OBSERVER = "legal_observer"
    OUTSIDE_CONTACT = "outside_contact"
