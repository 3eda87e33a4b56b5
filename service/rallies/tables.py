"""A public event and the words that call people to it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field

from service.db import Table
from service.db.types import words


class RallyKind(StrEnum):
    """What people are called to."""

    RALLY = "rally"
    PRESS = "press_conference"
    VIGIL = "vigil"
    MARCH = "march"
    COURT = "court_support"
    MEETING = "community_meeting"
    TRAINING = "training"


class RallyState(StrEnum):
    """Where it stands."""

    DRAFT = "draft"
    ANNOUNCED = "announced"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Rally(Table, table=True):
    """A public event. `title` is for the console; people read the texts."""

    __tablename__ = "rally"
    id: UUID = Field(primary_key=True)
    chapter_id: UUID = Field(foreign_key="chapter.id", index=True)
    kind: RallyKind = Field(sa_type=words(RallyKind))
    title: str
    place: str
    starts_at: datetime = Field(index=True)
    ends_at: datetime
    state: RallyState = Field(default=RallyState.DRAFT, index=True, sa_type=words(RallyState))
    text_en: str
    text_es: str
    people_limit: int | None = None
    created_by: str
    created_at: datetime
    announced_at: datetime | None = None
    remind_at: datetime | None = Field(default=None, index=True)
    ended_at: datetime | None = None

    @property
    def subject(self) -> str:
        """How lower rooms name this rally."""
        return f"rally:{self.id.hex}"
