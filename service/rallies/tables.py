"""A public event and the words that call people to it; who came to it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field

from service.db import Table
from service.db.types import since, words
from service.outbox.tables import DRILL


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
    """Where it stands. That its call is approved is a state of the call; that it moved, a number."""

    DRAFT = "draft"
    ANNOUNCED = "announced"
    UNDERWAY = "underway"  # it has begun, and is not over
    CLOSED = "closed"
    CANCELLED = "cancelled"
    ALL_CLEAR = "all_clear"  # nobody is needed any more: stand down


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
    moves: int = Field(default=0, sa_column_kwargs=since(0))  # how often time or place changed
    moved_at: datetime | None = None
    ended_at: datetime | None = None
    people_came: int | None = None  # as counted there; None: nobody has said
    texted_by: UUID | None = None  # the organizer who texted it in: somebody else has to send it
    is_drill: bool = Field(default=False, sa_column_kwargs=since("0"))
    opened_at: datetime | None = None  # other chapters may join it

    @property
    def subject(self) -> str:
        """How lower rooms name this rally. A drill's texts go by another name, which the claim knows."""
        return f"{DRILL if self.is_drill else 'rally:'}{self.id.hex}"


class RallyChapter(Table, table=True):
    """Another chapter that calls its own people to a rally, from its own number."""

    __tablename__ = "rally_chapter"
    rally_id: UUID = Field(foreign_key="rally.id", primary_key=True)
    chapter_id: UUID = Field(foreign_key="chapter.id", primary_key=True, index=True)
    joined_by: str
    joined_at: datetime


class Attendance(Table, table=True):
    """Somebody who was seen there, whether they had answered or not."""

    __tablename__ = "attendance"
    rally_id: UUID = Field(foreign_key="rally.id", primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", primary_key=True, index=True)
    noted_by: str
    noted_at: datetime


class TextedDraft(Table, table=True):
    """A rally that an organizer texted in, until they have texted the code back. One a person."""

    __tablename__ = "texted_draft"
    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    organizer_id: UUID = Field(foreign_key="organizer.id")
    kind: RallyKind = Field(sa_type=words(RallyKind))
    place: str
    starts_at: datetime
    code_key: bytes  # under the blind index: the digits themselves are kept nowhere
    wrong: int = 0
    expires_at: datetime
