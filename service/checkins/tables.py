"""An appointment to report."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field

from service.db import Table
from service.db.types import since, words
from service.privacy.keyring import KeyKind
from service.privacy.policy import Field as Personal
from service.privacy.read import SealedField


class CheckInState(StrEnum):
    """Recruiting, staffed and short are derived from its seats, never stored."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    UNDERWAY = "underway"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class CheckIn(Table, table=True):
    """One appointment of one family at one office."""

    __tablename__ = "checkin"
    id: UUID = Field(primary_key=True)
    chapter_id: UUID = Field(foreign_key="chapter.id", index=True)
    family_id: UUID = Field(foreign_key="person.id", index=True)
    office_id: UUID = Field(foreign_key="office.id")
    starts_at: datetime = Field(index=True)
    state: CheckInState = Field(
        default=CheckInState.SUBMITTED, index=True, sa_type=words(CheckInState)
    )
    people: int = 1  # how many of the family go
    needs_ride: bool = False
    note_sealed: bytes | None = None  # what companions should know, in the family's words
    registered_how: str  # web, api, console, text
    registered_by: UUID | None = Field(default=None, foreign_key="person.id")  # a sponsor
    created_at: datetime
    approved_at: datetime | None = None
    asked_at: datetime | None = None  # when volunteers were first asked
    listed_at: datetime | None = None  # when it stood in a weekly list
    wave_at: datetime | None = Field(default=None, index=True)  # when to look for people again
    moves: int = Field(default=0, sa_column_kwargs=since(0))  # how often its time has changed
    moved_at: datetime | None = None  # who was asked before that may be asked again
    remind_at: datetime | None = Field(default=None, index=True)  # the next reminder is due
    ended_at: datetime | None = None

    @property
    def subject(self) -> str:
        """How lower rooms name this check-in."""
        return f"checkin:{self.id.hex}"

    def sealed_note(self) -> SealedField:
        """The family's note, for privacy/read.py."""
        return SealedField(
            Personal.NOTE, KeyKind.CHECKIN, self.id, self.chapter_id,
            "checkin", self.id, "note", self.note_sealed,
        )  # fmt: skip


class WeeklyList(Table, table=True):
    """One week's list of one chapter: how far its texts are written."""

    __tablename__ = "weekly_list"
    chapter_id: UUID = Field(foreign_key="chapter.id", primary_key=True)
    sent_on: date = Field(primary_key=True)
    started_at: datetime  # also the `asked_at` of everything on it
    through: UUID | None = None  # high-water mark: people up to this id have their text
    done_at: datetime | None = Field(default=None, index=True)


class AlarmContact(Table, table=True):
    """Somebody of the network who is texted when a check-in is near and lacks people."""

    __tablename__ = "alarm_contact"
    chapter_id: UUID = Field(foreign_key="chapter.id", primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    created_at: datetime
