"""An appointment to report."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field

from service.db import Table
from service.db.types import words
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
