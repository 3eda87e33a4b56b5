"""What a carrier is to us: one request in, one honest outcome out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol


class OutgoingText(NamedTuple):
    """One request to the carrier. Numbers are E.164; `validity_seconds` 1..36000.

    sender_number is used where there is no messaging service.
    """

    to: str
    body: str
    sender_number: str
    messaging_service_sid: str
    status_callback: str
    validity_seconds: int


class OutgoingCall(NamedTuple):
    """One request to ring a phone. Numbers are E.164.

    url: what the carrier asks for what to say, once somebody has picked up.
    """

    to: str
    sender_number: str
    url: str
    status_callback: str
    ring_seconds: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """The carrier has it. Only a 201 with an id is this."""

    sid: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The carrier said no, for a reason it named: it does not have it."""

    code: int
    http_status: int


@dataclass(frozen=True, slots=True)
class TooFast:
    """429: it was never processed. Later, and slower."""

    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class NeverSent:
    """Not a byte of it left: no connection. Trying again is safe."""

    why: str


@dataclass(frozen=True, slots=True)
class InDoubt:
    """It left, and nobody said what became of it. Never sent again blindly."""

    why: str


@dataclass(frozen=True, slots=True)
class NotWritten:
    """It was too late to write the first byte, so none was written."""


Outcome = Accepted | Refused | TooFast | NeverSent | InDoubt | NotWritten


@dataclass(frozen=True, slots=True)
class Listed:
    """One message in the carrier's list. Times are aware; `sender` is "" while it has none yet."""

    sid: str
    to: str
    sender: str
    messaging_service_sid: str
    body: str
    direction: str
    created_at: datetime


class Carrier(Protocol):
    """Hands one text to the network, once."""

    async def send(self, text: OutgoingText, *, deadline: float) -> Outcome:
        """Make one request, never a second; classify what came back. Raises nothing.

        deadline: of the monotonic clock, looked at just before the first byte is written.
        """
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...


class Voice(Protocol):
    """Has the network ring one phone, once."""

    async def place(self, call: OutgoingCall, *, deadline: float) -> Outcome:
        """Make one request, never a second; classify what came back. Raises nothing.

        deadline: of the monotonic clock, looked at just before the first byte is written.
        """
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...


class Directory(Protocol):
    """The carrier's own record of messages: what became of an attempt, and what an outage missed."""

    def sent_to(self, to: str) -> Sequence[Listed]:
        """Return the messages to a number, newest first. Raises Unavailable."""
        ...


class Mailbox(Protocol):
    """The carrier's own record of what came in."""

    def received_by(self, number: str, *, since: datetime) -> Sequence[Listed]:
        """Return the texts to a number of ours since a moment, oldest first. Raises Unavailable."""
        ...
