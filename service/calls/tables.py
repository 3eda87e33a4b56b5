"""Calls to place, and what became of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, text

from service.db import Table
from service.db.types import words
from service.privacy.keyring import KeyKind
from service.privacy.policy import Field as Personal
from service.privacy.read import SealedField


class CallState(StrEnum):
    """A call's life; see docs/safety.md for the arrows."""

    PLANNED = "planned"
    PLACING = "placing"  # claimed: a request is on its way, or was cut off
    IN_DOUBT = "in_doubt"  # nobody said whether it was placed: never placed again
    PLACED = "placed"
    ANSWERED = "answered"
    PRESSED = "pressed"  # they pressed a key that was offered
    ENDED = "ended"  # answered, and no key pressed: perhaps a machine
    MISSED = "missed"  # busy, or nobody picked up
    FAILED = "failed"
    EXPIRED = "expired"  # it could not be placed while it was of use


class VoiceCall(Table, table=True):
    """One call to one person for one reason. What it says is sealed under the person's key.

    once_key: names the reason; a second call with the same key is never written, and what was
    handed to the carrier, or may have been, is never handed over again.
    """

    __tablename__ = "voice_call"
    __table_args__ = (
        Index(
            "ix_voice_call_planned",
            "not_before",
            sqlite_where=text("state = 'planned'"),
            postgresql_where=text("state = 'planned'"),
        ),
        Index(
            "ix_voice_call_placing",
            "placing_at",
            sqlite_where=text("state = 'placing'"),
            postgresql_where=text("state = 'placing'"),
        ),
        Index("ix_voice_call_subject", "subject"),
    )
    id: UUID = Field(primary_key=True)
    once_key: str = Field(unique=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    sender_id: UUID = Field(foreign_key="sender.id")
    subject: str
    template: str  # which of [spoken.*]
    language: str
    says_sealed: bytes
    keys: str  # the digits that it offers: "1" or "123"
    state: CallState = Field(default=CallState.PLANNED, sa_type=words(CallState))
    reason: str = ""
    pressed: str = ""
    sid: str | None = Field(default=None, unique=True)
    not_before: datetime
    not_after: datetime
    placing_at: datetime | None = None
    answered_at: datetime | None = None
    created_at: datetime
    changed_at: datetime

    def sealed_says(self, chapter_id: UUID | None) -> SealedField:
        """What it says, for privacy/read.py."""
        return SealedField(
            Personal.MESSAGE, KeyKind.PERSON, self.person_id, chapter_id,
            "voice_call", self.id, "says", self.says_sealed,
        )  # fmt: skip
