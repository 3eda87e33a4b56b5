"""A carrier that keeps honest books and tells lies about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from service.sms.carrier import Accepted, InDoubt, Listed, NeverSent, Outcome, Refused, TooFast

TIMEOUT_MS = 10_000
MOST_LAG_MS = 180_000  # the promise holds as long as the list shows a message within this time
SENDER = "+14135550100"

# What it may answer, with and without having accepted, and how often in a storm.
LOST = (InDoubt("HTTP 500"), InDoubt("ServerDisconnectedError"), InDoubt("no answer in time"))
CODES = (21211, 21408, 21610, 30003, 30022, 20003, 30023, 21606, 30005, 99999)
BAD_ENDS = (
    ("undelivered", 30003), ("undelivered", 30005), ("undelivered", 30006), ("failed", 30008),
    ("failed", 30001), ("undelivered", 30007), ("failed", 0), ("failed", 21610),
)  # fmt: skip


@dataclass(slots=True)
class Message:
    """A message that was accepted: what the judge goes by. Times are milliseconds of the history.

    callbacks: when each of its statuses is posted to us, in the order of posting.
    """

    sid: str
    delivery: int
    attempt: int
    to: str
    body: str
    accepted_ms: int
    shown_ms: int
    ends: str
    code: int
    callbacks: list[tuple[int, str, int]]
    listed: Listed


class Carrier:
    """Decides, from one source of chance, what becomes of each request."""

    def __init__(self, dice: Random, start: datetime, storm: float) -> None:
        self._dice, self._start, self.storm = dice, start, storm
        self.ledger: list[Message] = []

    def receive(
        self, delivery: int, attempt: int, to: str, body: str, now_ms: int
    ) -> tuple[Outcome, int]:
        """Take a request in; return what its sender hears of it, and after how many milliseconds."""
        chance = self._dice.random
        took = 20 + int(chance() * 900)
        if chance() >= self.storm:
            return Accepted(self._accept(delivery, attempt, to, body, now_ms + took // 2)), took
        kind = chance()
        if kind < 0.1:
            return Accepted(self._accept(delivery, attempt, to, body, now_ms + 9_000)), 9_500
        if kind < 0.45:  # accepted, and says something else
            outcome = LOST[int(chance() * 3)]
            waits = TIMEOUT_MS if outcome is LOST[2] else took
            self._accept(delivery, attempt, to, body, now_ms + int(chance() * waits))
            return outcome, waits
        if kind < 0.7:  # not accepted, and does not say so
            outcome = LOST[int(chance() * 3)]
            return outcome, TIMEOUT_MS if outcome is LOST[2] else took
        if kind < 0.8:
            return TooFast(3.0 if chance() < 0.5 else None), took
        if kind < 0.88:
            return NeverSent("ClientConnectorError"), took
        return Refused(CODES[int(chance() * len(CODES))], 400), took

    def shown(self, to: str, now_ms: int) -> list[Listed]:
        """Return its list of messages to a number, as far as it shows them yet."""
        return [
            message.listed
            for message in self.ledger
            if message.to == to and message.shown_ms <= now_ms
        ]

    def _accept(self, delivery: int, attempt: int, to: str, body: str, at_ms: int) -> str:
        chance = self._dice.random
        sid = f"SM{len(self.ledger):04}"
        lag = int(chance() * MOST_LAG_MS) if chance() < self.storm else 0
        ends, code = "delivered", 0
        if chance() < self.storm:
            choice = int(chance() * (len(BAD_ENDS) + 2))
            ends, code = BAD_ENDS[choice] if choice < len(BAD_ENDS) else ("sent", 0)
        skew = int(chance() * 4) - 2 if lag else 0  # its clock is not ours, and tells whole seconds
        created_at = self._start + timedelta(seconds=at_ms // 1000 + skew)
        listed = Listed(sid, to, SENDER, "", body, "outbound-api", created_at)
        message = Message(
            sid, delivery, attempt, to, body, at_ms, at_ms + lag, ends, code,
            self._callbacks(at_ms, ends, code), listed,
        )  # fmt: skip
        self.ledger.append(message)
        return sid

    def _callbacks(self, at_ms: int, ends: str, code: int) -> list[tuple[int, str, int]]:
        chance = self._dice.random
        said = [("sent", 0), (ends, code)] if ends != "sent" else [("sent", 0)]
        moment = at_ms
        calls = []
        for status, its_code in said:
            moment += 20 + int(chance() * 4_000)
            if chance() < self.storm:
                fate = chance()
                if fate < 0.4:
                    continue  # lost
                if fate < 0.7:  # twice, and the second long after
                    calls.append((moment + int(chance() * 400_000), status, its_code))
                else:  # late, so that it may come after what followed it
                    calls.append((moment + int(chance() * 60_000), status, its_code))
                    continue
            calls.append((moment, status, its_code))
        return calls
