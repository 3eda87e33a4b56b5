"""What can happen to a delivery after its claim, and what follows from it. Plain values, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from service.outbox.tables import State
from service.sms.carrier import Outcome


@dataclass(frozen=True, slots=True)
class Timing:
    """The protocol's delays. Fault runs scale all of them together with the carrier's own.

    post_within: from the claim to the first byte. lease: until the answer must be written down.
    list_margin: the time within which the carrier's list shows what it accepted.
    """

    post_within: timedelta = timedelta(seconds=2)
    carrier_timeout: timedelta = timedelta(seconds=10)
    lease_margin: timedelta = timedelta(seconds=3)
    list_margin: timedelta = timedelta(seconds=180)
    empty_gap: timedelta = timedelta(seconds=60)
    look_every: timedelta = timedelta(seconds=20)
    resend_after: timedelta = timedelta(seconds=60)
    backoff: timedelta = timedelta(seconds=15)
    cap_wait: timedelta = timedelta(hours=1)

    @property
    def lease(self) -> timedelta:
        """How long after a claim its attempt can still be on its way."""
        return self.post_within + self.carrier_timeout + self.lease_margin

    def scaled(self, factor: float) -> Timing:
        """Return the same protocol, faster or slower."""
        names = self.__dataclass_fields__
        return Timing(**{name: getattr(self, name) * factor for name in names})


@dataclass(frozen=True, slots=True)
class At:
    """When a step is taken, with the dice for it: 0 <= dice < 1, from whoever must replay."""

    now: datetime
    dice: float = 0.0
    timing: Timing = Timing()

    def jittered(self, wait: timedelta) -> timedelta:
        """Return the wait, up to half as long again, so that retries don't come together."""
        return wait * (1 + self.dice / 2)


# --- what happens; each names the attempt that it is about -----------------------------------------


@dataclass(frozen=True, slots=True)
class Answered:
    """The carrier answered our request, or the connection did."""

    attempt_id: UUID
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class LeaseOver:
    """Whoever claimed it has not written down an answer in time."""

    attempt_id: UUID


@dataclass(frozen=True, slots=True)
class Reported:
    """A receipt. The caller has proved that the attempt is ours."""

    attempt_id: UUID
    sid: str
    state: State
    code: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """The carrier's list shows a message that can only be this attempt."""

    attempt_id: UUID
    sid: str


@dataclass(frozen=True, slots=True)
class NothingFound:
    """The carrier's list shows no such message."""

    attempt_id: UUID


@dataclass(frozen=True, slots=True)
class NoList:
    """The carrier's list could not be had."""

    attempt_id: UUID


@dataclass(frozen=True, slots=True)
class Decided:
    """A person has decided about a text that was left to them: `again`, or never."""

    attempt_id: UUID
    again: bool


Event = Answered | LeaseOver | Reported | Found | NothingFound | NoList | Decided


# --- what follows ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Close:
    """The attempt is resolved: accepted under a message id, or known not to be."""

    outcome: str
    sid: str | None


@dataclass(frozen=True, slots=True)
class Left:
    """They opted out at the carrier: record it, withdraw all that waits for them."""


@dataclass(frozen=True, slots=True)
class MarkNumber:
    """The number takes no texts; `at_once`, or after it happened twice."""

    code: int
    at_once: bool


@dataclass(frozen=True, slots=True)
class StopBlast:
    """Stop the message `at_once`, or when too large a share of it ends this way."""

    code: int
    at_once: bool


@dataclass(frozen=True, slots=True)
class PauseSender:
    """Nothing more leaves from this sender until a person has looked."""

    code: int


@dataclass(frozen=True, slots=True)
class SlowSender:
    """The carrier finds this sender too fast."""


@dataclass(frozen=True, slots=True)
class CapReached:
    """Today's limit is used up: only urgent texts go on, `until` it is worth trying again."""

    code: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Alert:
    """A person must look. code 0: a text that stays in doubt."""

    code: int


Effect = Close | Left | MarkNumber | StopBlast | PauseSender | SlowSender | CapReached | Alert
