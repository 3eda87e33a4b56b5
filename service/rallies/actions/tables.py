"""An action, on which day each person is asked, and who has done it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from service.db import Table
from service.db.types import since, words
from service.outbox.tables import DRILL


class ActionKind(StrEnum):
    """What people are asked to do."""

    CALL = "call"  # an office, with a script
    SIGN = "sign"  # a petition, behind a link
    WRITE = "write"  # a letter of support


class ActionState(StrEnum):
    """Where it stands. Past its deadline it is over, and still waits for its result."""

    DRAFT = "draft"
    ANNOUNCED = "announced"
    CLOSED = "closed"


class Action(Table, table=True):
    """Something to do by a deadline. `title` is for the console; people read text and script."""

    __tablename__ = "action"
    id: UUID = Field(primary_key=True)
    chapter_id: UUID = Field(foreign_key="chapter.id", index=True)
    kind: ActionKind = Field(sa_type=words(ActionKind))
    state: ActionState = Field(default=ActionState.DRAFT, index=True, sa_type=words(ActionState))
    title: str
    target: str  # who is called or written to, in a few words
    target_phone: str = ""
    link: str = ""
    deadline: datetime
    days: int = 1  # everybody is asked on one of so many days
    text_en: str
    text_es: str
    script_en: str = ""
    script_es: str = ""
    created_by: str
    created_at: datetime
    announced_at: datetime | None = None
    next_send_at: datetime | None = Field(default=None, index=True)
    days_sent: int = 0
    people_told: int = 0  # the number of people that was last told as progress
    progress_at: datetime | None = None
    result_en: str = ""
    result_es: str = ""
    ended_at: datetime | None = None
    is_drill: bool = Field(default=False, sa_column_kwargs=since("0"))

    @property
    def subject(self) -> str:
        """How lower rooms name this action."""
        return f"{DRILL if self.is_drill else ''}action:{self.id.hex}"


class ActionTurn(Table, table=True):
    """On which day, from 0, somebody is asked. Dealt once, so that it stays."""

    __tablename__ = "action_turn"
    __table_args__ = (Index("ix_action_turn_action_id_day", "action_id", "day"),)
    action_id: UUID = Field(foreign_key="action.id", primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", primary_key=True, index=True)
    day: int


class ActionDone(Table, table=True):
    """Somebody has done it: one row a person, however often they say so."""

    __tablename__ = "action_done"
    action_id: UUID = Field(foreign_key="action.id", primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", primary_key=True, index=True)
    done_at: datetime
