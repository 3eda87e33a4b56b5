"""What a step of a conversation takes and gives back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from service.messages.catalog import Catalog, Value

ToldT = TypeVar("ToldT")


class Did(StrEnum):
    """How a turn ended."""

    ASKED = "asked"  # understood: on to the next question
    UNCLEAR = "unclear"  # the same question, in other words
    DONE = "done"  # all is told
    FOR_PERSON = "for_person"  # somebody of ours goes on from here


@dataclass(frozen=True)
class Say:
    """One text of the catalog and what fills it."""

    template: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Turn(Generic[ToldT]):
    """What is known now, which question comes next ("" for none), and the text that asks it."""

    did: Did
    told: ToldT
    step: str = ""
    say: Say | None = None


@dataclass(frozen=True)
class Place:
    """An office to choose from. `label` says where it is and not what it is for."""

    id: UUID
    label: str
    time_zone: str


@dataclass(frozen=True)
class Around:
    """What a step may look at. `now` is in the chapter's `time_zone`, `country` an ISO code."""

    now: datetime
    time_zone: str
    language: str
    country: str
    countries: tuple[str, ...]
    catalog: Catalog
    places: tuple[Place, ...] = ()


class Script(Protocol[ToldT]):
    """The questions of one kind of conversation."""

    def load(self, written: str) -> ToldT:
        """Return what was told, from how it is kept."""
        ...

    def dump(self, told: ToldT) -> str:
        """Return what was told, to be kept."""
        ...

    def begin(self, text: str, around: Around) -> Turn[ToldT]:
        """Open the conversation; `text` may answer some of it already."""
        ...

    def ask(self, step: str, told: ToldT, around: Around) -> Say:
        """Return the question of a step, for the first time or once more."""
        ...

    def answer(self, step: str, told: ToldT, text: str, around: Around) -> Turn[ToldT]:
        """Read the answer to a step's question."""
        ...
