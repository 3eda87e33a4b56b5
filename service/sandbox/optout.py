"""The carrier's own opt-out list: the words it reads, what it answers, whom it won't text."""

from __future__ import annotations

from typing import Literal

OptOutType = Literal["STOP", "START", "HELP"]

STOP_WORDS = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "opt out"}
)
START_WORDS = frozenset({"start", "unstop"})
YES = "yes"  # opts in, but only who is opted out: otherwise it is an answer to a question
HELP_WORDS = frozenset({"help", "info"})

REPLIES: dict[OptOutType, str] = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from "
    "this number. Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for "
    "help. Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}


class OptOuts:
    """Who has opted out of which sender. A pool (messaging service) counts as one sender."""

    def __init__(self) -> None:
        self._out: set[tuple[str, str]] = set()

    def has(self, sender: str, phone: str) -> bool:
        return (sender, phone) in self._out

    def read(self, sender: str, phone: str, body: str) -> OptOutType | None:
        """Act on a whole-body keyword from `phone` and return its kind; None for any other text."""
        word = body.strip().casefold()
        if word in STOP_WORDS:
            self._out.add((sender, phone))
            return "STOP"
        if word in START_WORDS or (word == YES and self.has(sender, phone)):
            self._out.discard((sender, phone))
            return "START"
        return "HELP" if word in HELP_WORDS else None

    def clear(self) -> None:
        self._out.clear()
