"""What came in, and one thread a person and chapter for what somebody should see to."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field
from typing_extensions import TypedDict

from service.db import Table
from service.db.types import words
from service.privacy.keyring import KeyKind
from service.privacy.policy import Field as Personal
from service.privacy.read import SealedField


class Effect(TypedDict):
    """What a text did to one RSVP: `before` and `party` are what was there (None: nothing)."""

    subject: str
    answer: str
    before: str | None
    party: int


class Inbound(Table, table=True):
    """One text from a person: written before the carrier hears 200, acted upon once."""

    __tablename__ = "inbound"
    id: UUID = Field(primary_key=True)
    message_sid: str = Field(unique=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    sender_id: UUID = Field(foreign_key="sender.id")
    text_sealed: bytes
    opt_out_type: str = ""  # STOP, START or HELP: the carrier has answered already
    received_at: datetime
    intent: str = ""  # as it was read
    certainty: str = ""  # "sure" or "doubtful"; "": the carrier, or a conversation, says what it is
    why: str = ""  # which of the reader's steps said so
    subject: str = ""  # what it was about, once that is known
    effects: list[Effect] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    meant: str = ""  # what an organizer said that it meant; "": it counts as it was read
    corrected_by: str = ""
    corrected_at: datetime | None = None
    done_at: datetime | None = Field(default=None, index=True)  # its effects are committed
    tries: int = 0
    next_try_at: datetime | None = Field(default=None, index=True)
    needs_person: bool = Field(default=False, index=True)  # an organizer should read it
    handled_by: str = ""
    handled_at: datetime | None = None

    @property
    def understood_as(self) -> str:
        """What it counts as now: what an organizer said, or else what was read."""
        return self.meant or self.intent

    def was_read_as(self, intent: str, certainty: str, why: str, *, needs_person: bool) -> None:
        """Keep what was read, how surely and why, and whether an organizer should read it."""
        self.intent, self.certainty, self.why = intent, certainty, why
        self.needs_person = needs_person

    def sealed_text(self, chapter_id: UUID | None) -> SealedField:
        """The text, for privacy/read.py."""
        return SealedField(
            Personal.MESSAGE, KeyKind.PERSON, self.person_id, chapter_id,
            "inbound", self.id, "text", self.text_sealed,
        )  # fmt: skip


class ThreadState(StrEnum):
    """Whether somebody should see to a person's texts, and whether somebody does."""

    OPEN = "open"
    ASSIGNED = "assigned"
    DONE = "done"


class Thread(Table, table=True):
    """One person's texts to one chapter that somebody should see to: one for both, from the first on."""

    __tablename__ = "thread"
    __table_args__ = (
        Index("uq_thread_person_id_chapter_id", "person_id", "chapter_id", unique=True),
        Index("ix_thread_chapter_id_state_id", "chapter_id", "state", "id"),
        Index("ix_thread_chapter_id_state_opened_at", "chapter_id", "state", "opened_at"),
        Index("ix_thread_chapter_id_opened_at", "chapter_id", "opened_at"),
    )
    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    chapter_id: UUID = Field(foreign_key="chapter.id")
    state: ThreadState = Field(default=ThreadState.OPEN, sa_type=words(ThreadState))
    assigned_to: UUID | None = Field(default=None, foreign_key="organizer.id")
    opened_at: datetime  # since when it waits: the text that opened it last
    done_by: str = ""
    done_at: datetime | None = None
    answered_by: str | None = None  # who wrote to them last
    answered_at: datetime | None = None
