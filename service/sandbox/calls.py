"""The calls that the carrier knows, in Twilio's shape, and the little of TwiML that they obey."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from service.sandbox.messages import API_VERSION, rfc2822

ENDED = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
GATHER_SECONDS = 5.0


@dataclass(frozen=True)
class Verb:
    """One thing to do in a call: Say, Gather (says, then waits for a key) or Hangup."""

    name: str
    says: str = ""
    action: str = ""
    seconds: float = GATHER_SECONDS


@dataclass(kw_only=True)
class Call:
    """One call to a phone. All moments are aware, in UTC.

    outcome: what happens instead of ringing on (busy, failed, no-answer, machine). said: what was
    read aloud so far. verbs: what is left to do. waits_for: the address that takes the next key.
    turn: grows with each key and each silence, so that an old timer means nothing.
    """

    sid: str
    to: str
    sender: str
    url: str
    status_callback: str | None
    events: frozenset[str]
    ring_seconds: int
    created_at: datetime
    updated_at: datetime
    outcome: str | None = None
    status: str = "queued"
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    said: list[str] = field(default_factory=list)
    pressed: list[str] = field(default_factory=list)
    verbs: list[Verb] = field(default_factory=list)
    waits_for: str = ""
    turn: int = 0
    callbacks: int = 0

    @property
    def is_over(self) -> bool:
        return self.status in ENDED

    @property
    def duration_seconds(self) -> int:
        if self.answered_at is None or self.ended_at is None:
            return 0
        return int((self.ended_at - self.answered_at).total_seconds())

    def as_json(self, account_sid: str) -> dict[str, Any]:
        """Return the Call resource of Twilio's API."""
        return {
            "account_sid": account_sid,
            "answered_by": None,
            "api_version": API_VERSION,
            "date_created": rfc2822(self.created_at),
            "date_updated": rfc2822(self.updated_at),
            "direction": "outbound-api",
            "duration": str(self.duration_seconds) if self.is_over else None,
            "end_time": rfc2822(self.ended_at),
            "from": self.sender,
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "start_time": rfc2822(self.answered_at),
            "status": self.status,
            "to": self.to,
            "uri": f"/{API_VERSION}/Accounts/{account_sid}/Calls/{self.sid}.json",
        }

    def as_shown(self) -> dict[str, Any]:
        """Return the call as tests and demos see it."""
        return {
            "sid": self.sid, "from": self.sender, "to": self.to, "status": self.status,
            "said": self.said, "pressed": self.pressed, "waits_for_key": bool(self.waits_for),
            "at": self.created_at.isoformat(),
        }  # fmt: skip


class Calls:
    """All calls by identifier, in the order they came."""

    def __init__(self) -> None:
        self._all: dict[str, Call] = {}

    def add(self, call: Call) -> None:
        self._all[call.sid] = call

    def get(self, sid: str) -> Call | None:
        return self._all.get(sid)

    def of(self, number: str) -> list[Call]:
        """Return the calls to a phone, oldest first."""
        return [call for call in self._all.values() if call.to == number]

    def newest_first(self, to: str | None = None) -> Iterator[Call]:
        return (call for call in reversed(self._all.values()) if to is None or call.to == to)

    def clear(self) -> None:
        self._all.clear()


def read_twiml(body: bytes, url: str) -> list[Verb]:
    """Return what a webhook's answer asks for; nothing where it can't be read, as in a broken call."""
    try:
        root = ET.fromstring(body)  # noqa: S314  (from the service under test, on this machine)
    except ET.ParseError:
        return []
    verbs = []
    for part in root:
        if part.tag == "Gather":
            says = " ".join((say.text or "").strip() for say in part.iter("Say"))
            seconds = float(part.get("timeout") or GATHER_SECONDS)
            verbs.append(Verb("Gather", says, urljoin(url, part.get("action") or url), seconds))
        elif part.tag == "Say":
            verbs.append(Verb("Say", (part.text or "").strip()))
        elif part.tag == "Hangup":
            verbs.append(Verb("Hangup"))
    return verbs
