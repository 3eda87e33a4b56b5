"""Conversations that take several texts, and how far the carrier's record has been read."""

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


class Recovered(Table, table=True):
    """How far the carrier's record of a number of ours has been read for texts that were missed."""

    __tablename__ = "recovered"
    sender_id: UUID = Field(foreign_key="sender.id", primary_key=True)
    through: datetime


class TalkKind(StrEnum):
    """What a conversation of several steps is about."""

    INTAKE = "intake"  # a family registers an appointment
    JOINING = "joining"  # a new volunteer says where and how they can help
    RECYCLED = "recycled"  # after a year of silence: is this still you?
    ERASING = "erasing"  # shall we forget you?
    SECOND = "second"  # they are with another chapter: this one too?
    NEXT = "next"  # when the next appointment is


class Talk(Table, table=True):
    """Where a conversation of several steps stands, one a person; what they told is sealed."""

    __tablename__ = "talk"
    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", unique=True)
    kind: TalkKind = Field(sa_type=words(TalkKind))
    step: str
    told_sealed: bytes
    asked_again: str = ""  # texts that have asked for this step's answer once more, by a space
    asked_at: datetime
    expires_at: datetime = Field(index=True)  # from then on a text is no answer to it
    seen_at: datetime | None = None  # when a person was told that it stopped half way

    def sealed_told(self, chapter_id: UUID | None) -> SealedField:
        """What they told so far, for privacy/read.py."""
        return SealedField(
            Personal.MESSAGE, KeyKind.PERSON, self.person_id, chapter_id,
            "talk", self.id, "told", self.told_sealed,
        )  # fmt: skip
