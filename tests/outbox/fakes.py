"""A carrier in memory, and its list: both say what a test tells them to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from service.clock import monotonic_seconds
from service.errors import Unavailable
from service.sms.carrier import Accepted, Listed, NotWritten, Outcome, OutgoingText

SENDER = "+14135550100"


class FakeCarrier:
    """Accepts all, unless `answer` says otherwise. Keeps what was written to it, in order."""

    def __init__(self) -> None:
        self.got: list[OutgoingText] = []
        self.answer: Callable[[OutgoingText], Outcome | Exception | None] = lambda _text: None
        self.gate = asyncio.Event()
        self.gate.set()
        self.is_closed = False

    async def send(self, text: OutgoingText, *, deadline: float) -> Outcome:
        """Take the text, unless it comes too late."""
        if monotonic_seconds() > deadline:
            return NotWritten()
        self.got.append(text)
        sid = f"SM{len(self.got):032}"
        await self.gate.wait()
        said = self.answer(text)
        if isinstance(said, Exception):
            raise said
        return said or Accepted(sid)

    async def close(self) -> None:
        """Note it."""
        self.is_closed = True


class FakeDirectory:
    """A list of messages that a test fills; down while `is_down`."""

    def __init__(self) -> None:
        self.messages: list[Listed] = []
        self.is_down = False
        self.asked: list[str] = []

    def sent_to(self, to: str) -> Sequence[Listed]:
        """Return the messages to a number, newest first."""
        self.asked.append(to)
        if self.is_down:
            raise Unavailable("the carrier's list answers 503")
        found = [message for message in self.messages if message.to == to]
        return sorted(found, key=lambda message: message.created_at, reverse=True)

    def shows(self, to: str, body: str, *, at: datetime, sid: str = "SM1", **changes: str) -> None:
        """Add a message, created at a moment, in whole seconds as the carrier's are."""
        values = {
            "sid": sid, "to": to, "sender": SENDER, "messaging_service_sid": "", "body": body,
            "direction": "outbound-api",
        }  # fmt: skip
        created_at = at - timedelta(microseconds=at.microsecond)
        self.messages.append(Listed(**values | changes, created_at=created_at))
