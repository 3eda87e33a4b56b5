"""The phones that people hold: names, threads, what is unread."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from service.sandbox.messages import Message

BREATH_SECONDS = 0.1  # changes within it reach a page together
HEARTBEAT_SECONDS = 10.0


@dataclass
class Phone:
    """One phone. language: "en", "es" or another code. thread: oldest first."""

    number: str
    name: str
    language: str = "en"
    is_registered: bool = False
    thread: list[Message] = field(default_factory=list)
    unread: int = 0
    version: int = 0

    @property
    def ending(self) -> str:
        return self.number[-4:]

    def as_json(self) -> dict[str, Any]:
        """Return the phone without its thread."""
        return {
            "number": self.number,
            "name": self.name,
            "language": self.language,
            "is_registered": self.is_registered,
            "unread": self.unread,
            "texts": len(self.thread),
        }


def bubble_as_json(message: Message) -> dict[str, Any]:
    """Return one text of a thread. by: "network", "phone" or "carrier"."""
    by = {"inbound": "phone", "outbound-reply": "carrier"}.get(message.direction, "network")
    return {
        "sid": message.sid,
        "by": by,
        "from": message.sender,
        "to": message.to,
        "body": message.text,
        "segments": message.segments,
        "status": message.status,
        "error_code": message.error_code,
        "at": message.created_at.isoformat(),
        "updated_at": message.updated_at.isoformat(),
        "answer": message.answer,
        "opt_out_type": message.opt_out_type,
    }


@dataclass(frozen=True)
class Changes:
    """What changed up to a version; is_all: everything, load anew."""

    version: int
    numbers: list[str] = field(default_factory=list)
    is_all: bool = False


class Phones:
    """All phones by number, and whoever watches them change."""

    def __init__(self) -> None:
        self._phones: dict[str, Phone] = {}
        self._watchers: set[asyncio.Event] = set()
        self._is_closed = False
        # Versions of an earlier run are smaller, so its pages load anew.
        self.version = time.time_ns() // 1_000
        self._cleared_at = self.version

    def register(self, number: str, name: str, language: str) -> Phone:
        """Name a phone; a thread that it has already is kept."""
        phone = self.at(number)
        phone.name, phone.language, phone.is_registered = name, language, True
        self.touch(number)
        return phone

    def at(self, number: str) -> Phone:
        """Return the phone with this number; one not seen before appears."""
        phone = self._phones.get(number)
        if phone is None:
            phone = self._phones[number] = Phone(number, name=f"Phone {number[-4:]}")
            phone.version = self._next_version()
        return phone

    def get(self, number: str) -> Phone | None:
        return self._phones.get(number)

    def all(self) -> list[Phone]:
        """Return the registered ones, then the others, each in the order they appeared."""
        return sorted(self._phones.values(), key=lambda phone: not phone.is_registered)

    def show(self, number: str, message: Message) -> None:
        """Put a text into the thread of `number`."""
        self.at(number).thread.append(message)
        self.touch(number)

    def arrived(self, number: str) -> None:
        """Count one more unread text."""
        self.at(number).unread += 1
        self.touch(number)

    def seen(self, number: str) -> None:
        """All of it has been read."""
        phone = self.get(number)
        if phone is not None and phone.unread:
            phone.unread = 0
            self.touch(number)

    def clear(self) -> None:
        """Forget all phones; pages load anew."""
        self._phones.clear()
        self._cleared_at = self._next_version()

    def touch(self, number: str) -> None:
        """Tell the watchers that this phone changed."""
        phone = self.get(number)
        if phone is not None:
            phone.version = self._next_version()

    def touch_clock(self) -> None:
        """Tell the watchers that time was moved."""
        self._next_version()

    def close(self) -> None:
        """End all watching."""
        self._is_closed = True
        self._wake()

    def changed_since(self, version: int) -> Changes:
        """Return what has changed after `version`."""
        if version < self._cleared_at:
            return Changes(self.version, is_all=True)
        numbers = sorted(n for n, phone in self._phones.items() if phone.version > version)
        return Changes(self.version, numbers)

    async def watch(self, version: int) -> AsyncIterator[Changes]:
        """Yield what has changed since `version`, again and again; perhaps only a sign of life."""
        woken = asyncio.Event()
        self._watchers.add(woken)
        try:
            while not self._is_closed:
                woken.clear()
                changes = self.changed_since(version)
                version = changes.version
                yield changes
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), HEARTBEAT_SECONDS)
                    await asyncio.sleep(0 if self._is_closed else BREATH_SECONDS)
        finally:
            self._watchers.discard(woken)

    def _next_version(self) -> int:
        self.version += 1
        self._wake()
        return self.version

    def _wake(self) -> None:
        for woken in self._watchers:
            woken.set()
