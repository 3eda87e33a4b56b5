"""The messages that the carrier knows, in Twilio's shape."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from functools import cached_property, lru_cache
from typing import Any, Literal

from service.sandbox.faults import Rule
from service.sandbox.segments import count_segments

API_VERSION = "2010-04-01"
FINAL = frozenset({"delivered", "undelivered", "failed", "canceled", "received", "read"})

Direction = Literal["outbound-api", "outbound-reply", "inbound"]

ERROR_WORDS = {
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Carrier violation",
    30008: "Unknown error",
    30034: "US A2P 10DLC - Message from an Unregistered Number",
    30036: "Validity Period Expired",
}


def new_sid(prefix: str = "SM") -> str:
    """Return a fresh identifier: two letters and 32 hex digits."""
    return prefix + secrets.token_hex(16)


@dataclass(kw_only=True)
class Message:
    """One text, in either direction. All moments are aware, in UTC.

    text: what was written; body: what the API still shows of it (blanked texts keep `text`, as
    the phone does). visible_at: from when the list shows it. answer: what our webhook said to an
    inbound one (an HTTP status, or the name of an error). order: grows with each message. The last
    three serve its status callbacks: faults of its own, forms held back, and their order.
    """

    sid: str
    direction: Direction
    to: str
    sender: str | None
    text: str
    status: str
    created_at: datetime
    updated_at: datetime
    visible_at: datetime
    messaging_service_sid: str | None = None
    status_callback: str | None = None
    validity_seconds: int = 36_000
    sent_at: datetime | None = None
    error_code: int | None = None
    is_blanked: bool = False
    answer: int | str | None = None
    opt_out_type: str | None = None
    order: int = 0
    own_faults: tuple[Rule, ...] = ()
    held_back: list[dict[str, str]] = field(default_factory=list)
    in_order: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def body(self) -> str:
        return "" if self.is_blanked else self.text

    @cached_property
    def segments(self) -> int:
        return count_segments(self.text)

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    def as_json(self, account_sid: str) -> dict[str, Any]:
        """Return the Message resource of Twilio's API."""
        uri = f"/{API_VERSION}/Accounts/{account_sid}/Messages/{self.sid}"
        return {
            "account_sid": account_sid,
            "api_version": API_VERSION,
            "body": self.body,
            "date_created": rfc2822(self.created_at),
            "date_sent": rfc2822(self.sent_at),
            "date_updated": rfc2822(self.updated_at),
            "direction": self.direction,
            "error_code": self.error_code,
            "error_message": ERROR_WORDS.get(self.error_code) if self.error_code else None,
            "from": self.sender,
            "messaging_service_sid": self.messaging_service_sid,
            "num_media": "0",
            # A service picks the sender later, and only then the parts are counted.
            "num_segments": "0" if self.status == "accepted" else str(self.segments),
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": self.to,
            "uri": f"{uri}.json",
        }


def rfc2822(moment: datetime | None) -> str | None:
    return _write_rfc2822(moment.replace(microsecond=0)) if moment else None


@lru_cache(maxsize=256)
def _write_rfc2822(moment: datetime) -> str:
    return format_datetime(moment)


class Messages:
    """All messages by identifier and by number, in the order they came."""

    def __init__(self) -> None:
        self._all: dict[str, Message] = {}
        self._by_number: dict[str, dict[str, Message]] = {}
        self._count = 0

    def add(self, message: Message) -> None:
        self._count += 1
        message.order = self._count
        self._all[message.sid] = message
        self._by_number.setdefault(message.to, {})[message.sid] = message

    def get(self, sid: str) -> Message | None:
        return self._all.get(sid)

    def remove(self, message: Message) -> None:
        self._all.pop(message.sid, None)
        self._by_number.get(message.to, {}).pop(message.sid, None)

    def newest_first(
        self, *, to: str | None = None, fits: Callable[[Message], bool] = lambda _: True
    ) -> Iterator[Message]:
        """Return messages, newest first; `to` narrows cheaply. Read it before anything is added."""
        found = self._by_number.get(to, {}) if to else self._all
        return (message for message in reversed(found.values()) if fits(message))

    def count_by_status(self) -> dict[str, int]:
        """Return how many messages of ours stand at each status."""
        counts: dict[str, int] = {}
        for message in self._all.values():
            if message.direction != "inbound":
                counts[message.status] = counts.get(message.status, 0) + 1
        return counts

    def clear(self) -> None:
        self._all.clear()
        self._by_number.clear()
