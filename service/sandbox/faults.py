"""What goes wrong, on request: for one request by a header, or for a share of all by standing rules."""

from __future__ import annotations

import random
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

AnswerFault = Literal[
    "429",
    "refuse-then-500",
    "refuse-then-reset",
    "refuse-then-hang",
    "refuse-then-slow",
    "slow-then-accept",
    "accept-then-500",
    "accept-then-reset",
    "accept-then-hang",
    "accept-then-slow",
]
CallbackFault = Literal["callback-lost", "callback-doubled"]
Fault = (
    AnswerFault
    | CallbackFault
    | Literal[
        "callback-reordered",
        "list-lag",
        "list-503",
        "outcome",
        "call-outcome",
        "inbound-lost",
        "inbound-doubled",
    ]
)

ANSWER: frozenset[str] = frozenset(AnswerFault.__args__)  # type: ignore[attr-defined]
CALLBACK: frozenset[str] = frozenset(CallbackFault.__args__)  # type: ignore[attr-defined]
INBOUND: frozenset[str] = frozenset({"inbound-lost", "inbound-doubled"})


class Rule(BaseModel):
    """One fault and when it strikes.

    share: of what it could strike; count: how many times at most; to: only this phone. seconds
    (up to seconds_to, if given) is for slow answers and the list's lag, by the sandbox's clock;
    copies for what is doubled; status and error_code for an outcome.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fault: Fault
    share: Annotated[float, Field(ge=0, le=1)] = 1.0
    count: Annotated[int, Field(ge=1)] | None = None
    to: str | None = None
    seconds: Annotated[float, Field(ge=0)] = 30.0
    seconds_to: Annotated[float, Field(ge=0)] | None = None
    copies: Annotated[int, Field(ge=2, le=100)] = 2
    status: Literal[
        "queued", "sent", "delivered", "undelivered", "failed", "busy", "no-answer", "machine"
    ] = "undelivered"
    error_code: int | None = None


class RuleSet(BaseModel):
    """What POST /_sandbox/faults takes."""

    model_config = ConfigDict(extra="forbid")

    rules: list[Rule]
    seed: int | None = None


class UnreadableFault(ValueError):
    """The header names a fault that doesn't exist, or a wrong value."""


def read_header(header: str | None) -> tuple[Rule, ...]:
    """Return the rules of `X-Sandbox-Fault`: "name; seconds=30, other-name". Raises UnreadableFault."""
    if not header:
        return ()
    rules = []
    for part in header.split(","):
        name, *pairs = (piece.strip() for piece in part.split(";"))
        values = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        try:
            rules.append(Rule.model_validate({"fault": name, **values}))
        except ValidationError as error:
            raise UnreadableFault(f"X-Sandbox-Fault {part.strip()!r}: {error}") from error
    return tuple(rules)


class Faults:
    """The standing rules, their dice and their counts. The same seed and order of requests
    strike the same ones.
    """

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._dice = random.Random(seed)  # noqa: S311 - chance, not secrecy
        self._rules: list[Rule] = []
        self._struck: list[int] = []

    def add(self, rules: RuleSet) -> None:
        """Put rules after those that stand; a seed starts the dice anew."""
        if rules.seed is not None:
            self._seed = rules.seed
            self._dice.seed(rules.seed)
        self._rules.extend(rules.rules)
        self._struck.extend(0 for _ in rules.rules)

    def clear(self) -> None:
        """Drop all rules and start the dice anew."""
        self._rules.clear()
        self._struck.clear()
        self._dice.seed(self._seed)

    def standing(self) -> list[dict[str, object]]:
        """Return the rules with how often each has struck."""
        return [
            {**rule.model_dump(exclude_none=True), "struck": struck}
            for rule, struck in zip(self._rules, self._struck, strict=True)
        ]

    def draw(
        self, names: frozenset[str], *, to: str | None = None, own: tuple[Rule, ...] = ()
    ) -> Rule | None:
        """Return the first rule among `names` that strikes now, or None.

        own: rules of this one request or message; they strike always.
        """
        for rule in own:
            if rule.fault in names:
                return rule
        for place, rule in enumerate(self._rules):
            if rule.fault in names and self._strikes(place, rule, to):
                self._struck[place] += 1
                return rule
        return None

    def seconds(self, rule: Rule) -> float:
        """Return how long this rule's delay is this time."""
        if rule.seconds_to is None:
            return rule.seconds
        return self._dice.uniform(rule.seconds, rule.seconds_to)

    def _strikes(self, place: int, rule: Rule, to: str | None) -> bool:
        if rule.to is not None and rule.to != to:
            return False
        if rule.count is not None and self._struck[place] >= rule.count:
            return False
        return rule.share >= 1 or self._dice.random() < rule.share
