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
    stop_reason: str = ""
