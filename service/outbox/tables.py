"""Texts to send, the tries to send them, and the gates that hold them back."""

from __future__ import annotations

from datetime import date, datetime
from enum import IntEnum, StrEnum
from uuid import UUID

from sqlalchemy import Index, SmallInteger
from sqlmodel import Field, text

from service.db import Table
from service.db.types import words
from service.privacy.keyring import KeyKind
from service.privacy.policy import Field as Personal
from service.privacy.read import SealedField


class Priority(IntEnum):
    """Who goes first, at every claim."""

    URGENT = 0
    NORMAL = 1
    BULK = 2


class State(StrEnum):
    """A delivery's life; see docs/architecture.md for the arrows."""

    PLANNED = "planned"
    SUBMITTING = "submitting"
    IN_DOUBT = "in_doubt"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"


WAITING = (State.PLANNED, State.SUBMITTING, State.IN_DOUBT)
UNDER_WAY = (State.SUBMITTING, State.IN_DOUBT, State.ACCEPTED, State.SENT)
REACHED_CARRIER = (State.ACCEPTED, State.SENT, State.DELIVERED, State.UNDELIVERED)


class GateState(StrEnum):
    """Whether what stands behind a gate may go."""

    PLANNING = "planning"
    OPEN = "open"
    PAUSED = "paused"
    STOPPED = "stopped"


class ConsentNeeded(StrEnum):
    """What the person must have agreed to for this text to leave."""

    ACTIVE = "active"  # calls, reminders: an active consent
    ANSWER = "answer"  # an answer to what they just texted: anything but an opt-out
    ALWAYS = "always"  # the one confirmation of an opt-out, and HELP


DRILL = "drill:"  # how the subject of every text of a drill begins


class DrillGuest(Table, table=True):
    """Somebody who agreed to take part in drills. The claim gives a drill's texts to nobody else."""

    __tablename__ = "drill_guest"
    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    chapter_id: UUID = Field(foreign_key="chapter.id", index=True)
    added_by: str
    agreed_at: datetime


class Gate(Table, table=True):
    """What a blast's deliveries wait behind. Blasts write it, the claim reads it."""

    __tablename__ = "gate"
    id: UUID = Field(primary_key=True)  # the blast's id
    state: GateState = Field(default=GateState.PLANNING, sa_type=words(GateState))
    reason: str = ""  # why it was stopped: a carrier's code or our own word


class Wording(Table, table=True):
    """A text that many get: one row a language, shared by a blast's deliveries. Holds nothing personal."""

    __tablename__ = "wording"
    __table_args__ = (Index("uq_wording_gate_id_language", "gate_id", "language", unique=True),)
    id: UUID = Field(primary_key=True)
    gate_id: UUID = Field(foreign_key="gate.id")
    language: str
    body: str
    segments: int


def sealed_body(
    delivery_id: UUID, person_id: UUID, chapter_id: UUID | None, blob: bytes | None
) -> SealedField:
    """Return a delivery's own text as its place in the tables says."""
    return SealedField(
        Personal.MESSAGE, KeyKind.PERSON, person_id, chapter_id,
        "delivery", delivery_id, "body", blob,
    )  # fmt: skip


class Delivery(Table, table=True):
    """One recipient's copy of one text.

    once_key: names the reason for the text; a second one with the same key is never written.
    The body is either a shared `wording_id` or sealed under the person's key.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index(
            "ix_delivery_claim",
            "sender_id",
            "priority",
            "gate_id",
            "not_before",
            "id",
            sqlite_where=text("state = 'planned'"),
            postgresql_where=text("state = 'planned'"),
        ),
        Index(
            "ix_delivery_late",
            "not_after",
            sqlite_where=text("state = 'planned'"),
            postgresql_where=text("state = 'planned'"),
        ),
        Index("ix_delivery_gate_id_state", "gate_id", "state"),
        Index("ix_delivery_person_id", "person_id"),
        Index("ix_delivery_subject", "subject"),
    )
    id: UUID = Field(primary_key=True)
    once_key: str = Field(unique=True)
    person_id: UUID = Field(foreign_key="person.id")
    to_key: bytes  # the person's phone_key, kept beside so that a claim joins nothing for it
    sender_id: UUID = Field(foreign_key="sender.id")
    subject: str  # "checkin:<id>", "rally:<id>", "person:<id>": what it is about, to withdraw it by
    template: str  # which text of messages/*.toml, or "blast"
    gate_id: UUID | None = Field(default=None, foreign_key="gate.id")
    wording_id: UUID | None = Field(default=None, foreign_key="wording.id")
    body_sealed: bytes | None = None
    language: str
    segments: int
    priority: Priority = Field(sa_type=SmallInteger)
    consent_needed: ConsentNeeded = Field(
        default=ConsentNeeded.ACTIVE, sa_type=words(ConsentNeeded)
    )
    quiet_exempt: bool = False
    not_before: datetime
    not_after: datetime
    state: State = Field(default=State.PLANNED, sa_type=words(State))
    reason: str = ""  # why it was suppressed, failed or put back; an error code or our own word
    tries: int = 0  # attempts so far
    retries: int = 0  # of these, those after an error that says "try again"
    resends: bool = False  # urgent, and rather twice than not at all
    withdrawn: str = ""  # why it was taken back while it was under way: it is not tried again
    sid: str | None = None  # the carrier's message id: that of the attempt which it took
    created_at: datetime
    changed_at: datetime

    def sealed_body(self, chapter_id: UUID | None) -> SealedField:
        """The text, for privacy/read.py (only where it is not a shared wording)."""
        return sealed_body(self.id, self.person_id, chapter_id, self.body_sealed)


class Attempt(Table, table=True):
    """One try to hand a delivery to the carrier. At most one open try a number and urgency."""

    __tablename__ = "attempt"
    __table_args__ = (
        Index(
            "uq_attempt_open_to_key_urgent",
            "to_key",
            "is_urgent",
            unique=True,
            sqlite_where=text("is_open = 1"),
            postgresql_where=text("is_open"),
        ),
        Index(  # one row a message; tries without one cost the index nothing
            "uq_attempt_sid",
            "sid",
            unique=True,
            sqlite_where=text("sid is not null"),
            postgresql_where=text("sid is not null"),
        ),
        Index(
            "ix_attempt_look_at",
            "look_at",
            sqlite_where=text("look_at is not null"),
            postgresql_where=text("look_at is not null"),
        ),
        Index("ix_attempt_delivery_id", "delivery_id"),
    )
    id: UUID = Field(primary_key=True)
    delivery_id: UUID = Field(foreign_key="delivery.id")
    to_key: bytes
    is_urgent: bool
    is_open: bool = True
    started_at: datetime
    sid: str | None = None
    outcome: str = ""
    look_at: datetime | None = None  # when to ask the carrier's list
    first_empty_at: datetime | None = None  # when that list first said nothing, late enough


class Pace(Table, table=True):
    """How far a sender has used up its allowance: one row a sender, shared by all workers.

    next_at: the moment at which the segments sent so far are paid for (GCRA's theoretical arrival
    time). slowed_to: a share of the rate, below 1 after the carrier said "too fast".
    """

    __tablename__ = "pace"
    sender_id: UUID = Field(foreign_key="sender.id", primary_key=True)
    next_at: datetime
    slowed_to: float = 1.0
    slowed_at: datetime | None = None
    window_at: datetime | None = None  # since when the next two are counted, in segments
    window_sent: int = 0
    window_refused: int = 0  # of these, those refused as too fast
    day: date | None = None  # UTC
    day_segments: int = 0
    capped_until: datetime | None = None


class Notice(Table, table=True):
    """Something that a person must look at. One a kind and subject; seen ones stay."""

    __tablename__ = "notice"
    id: UUID = Field(primary_key=True)
    key: str = Field(unique=True)
    code: int = 0
    subject: str
    at: datetime
    seen_by: str = ""
    seen_at: datetime | None = None
