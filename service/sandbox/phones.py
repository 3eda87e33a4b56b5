"""The phones that people hold: names, threads, what is unread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

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


class Phones:
    """All phones by number, and whoever watches them change."""

    def __init__(self) -> None:
        self._phones: dict[str, Phone] = {}
        self._watchers: set[Watcher] = set()
        self._is_closed = False

    def register(self, number: str, name: str, language: str) -> Phone:
        """Name a phone; a thread that it has already is kept."""
        phone = self.at(number)
        phone.name, phone.language, phone.is_registered = name, language, True
        return phone

    def at(self, number: str) -> Phone:
        """Return the phone with this number; one not seen before appears."""
        phone = self._phones.get(number)
        if phone is None:
            phone = self._phones[number] = Phone(number, name=f"Phone {number[-4:]}")
            self.touch(number)
        return phone

    def get(self, number: str) -> Phone | None:
        return self._phones.get(number)

    def all(self) -> list[Phone]:
        """Return the registered ones in the order of their registration, then the others."""
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
        self.touch("*")

    def touch(self, what: str) -> None:
        """Tell the watchers that `what` changed: a number, "clock", or "*" for everything."""
        for watcher in self._watchers:
            watcher.changed.add(what)
            watcher.woken.set()

    def close(self) -> None:
        """End all watching."""
        self._is_closed = True
        self.touch("*")

    async def watch(self) -> AsyncIterator[list[str]]:
        """Yield what has changed, again and again; an empty list is only a sign of life."""
        with self._watching() as watcher:
            yield []
            while not self._is_closed:
                try:
                    await asyncio.wait_for(watcher.woken.wait(), HEARTBEAT_SECONDS)
                    await asyncio.sleep(0 if self._is_closed else BREATH_SECONDS)
                except TimeoutError:
                    pass
                changed, watcher.changed = sorted(watcher.changed), set()
                watcher.woken.clear()
                if not self._is_closed:
                    yield changed

    @contextmanager
    def _watching(self) -> Iterator[Watcher]:
        watcher = Watcher()
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)


class Watcher:
    """One open page."""

    def __init__(self) -> None:
        self.changed: set[str] = set()
        self.woken = asyncio.Event()
