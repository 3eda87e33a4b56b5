"""A blast and how far it has come."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, Index, SmallInteger
from sqlmodel import Field

from service.db import Table
from service.db.types import words
from service.outbox.tables import Priority


class BlastState(StrEnum):
    """Where a blast stands. PLANNING: its deliveries are being written; nothing leaves yet."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PLANNING = "planning"
    SENDING = "sending"
    PAUSED = "paused"
    STOPPED = "stopped"
    SENT = "sent"


class BlastKind(StrEnum):
    """What a blast is for."""

    ASK = "ask"  # asks volunteers to come to a check-in
    CALL = "call"  # calls people to a rally
    CHANGE = "change"  # tells those who were asked that something moved or is off
    ACTION = "action"  # asks people to do something from where they are
    RESULT = "result"  # tells those who took part how far it has come, and how it ended
    NOTE = "note"  # says something and asks for no answer: an announcement, a word to those asked


class Blast(Table, table=True):
    """Its texts are the `wording` rows behind its gate, which has the same id."""

    __tablename__ = "blast"
    __table_args__ = (Index("ix_blast_state_scheduled_at", "state", "scheduled_at"),)  # what is due
    id: UUID = Field(primary_key=True)
    chapter_id: UUID = Field(foreign_key="chapter.id", index=True)
    sender_id: UUID = Field(foreign_key="sender.id")
    subject: str = Field(index=True)
    kind: BlastKind = Field(sa_type=words(BlastKind))
    state: BlastState = Field(default=BlastState.DRAFT, index=True, sa_type=words(BlastState))
    priority: Priority = Field(sa_type=SmallInteger)
    audience: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    asks: bool = False  # opens an ask for each recipient: their bare Y or N is about `subject`
    quiet_exempt: bool = False
    resends: bool = False  # urgent, and rather twice than not at all
    scheduled_at: datetime | None = Field(default=None, index=True)
    not_after: datetime
    planned_through: UUID | None = None  # high-water mark: people up to this id are written
    created_by: str
    created_at: datetime
    launched_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None  # who stopped it
    stop_reason: str = ""


class DraftState(StrEnum):
    """How far a message is that an organizer writes. It becomes a blast when it is launched."""

    DRAFT = "draft"
    AWAITING_SECOND = "awaiting_second"  # for a second person's yes
    LAUNCHED = "launched"  # the blast has the draft's id
    DROPPED = "dropped"


class MessageDraft(Table, table=True):
    """A message to many as it is written, looked at and approved. Holds nothing personal.

    typed: the rest of its form, as it was left. asked_about: a fingerprint of what a second person was
    asked to approve.
    """

    __tablename__ = "message_draft"
    __table_args__ = (
        Index("ix_message_draft_chapter_id_state", "chapter_id", "state"),
        Index("ix_message_draft_subject", "subject"),
    )
    id: UUID = Field(primary_key=True)
    chapter_id: UUID = Field(foreign_key="chapter.id")
    subject: str
    kind: BlastKind = Field(sa_type=words(BlastKind))
    state: DraftState = Field(default=DraftState.DRAFT, sa_type=words(DraftState))
    title: str = ""
    text_en: str = ""
    text_es: str = ""
    audience: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    typed: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    send_at: datetime | None = None  # None: as soon as it is launched
    made_by: str
    made_at: datetime
    changed_by_id: UUID | None = None  # an organizer
    changed_at: datetime
    asked_by: str = ""  # who wants to send it, and has asked for a second person
    asked_by_id: UUID | None = None
    asked_at: datetime | None = None
    asked_about: str = ""
    approved_by: str = ""
    approved_by_id: UUID | None = None
    approved_at: datetime | None = None
