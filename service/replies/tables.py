"""What came in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from service.db import Table
from service.privacy.keyring import KeyKind
from service.privacy.policy import Field as Personal
from service.privacy.read import SealedField


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
    intent: str = ""
    subject: str = ""  # what it was about, once that is known
    done_at: datetime | None = Field(default=None, index=True)  # its effects are committed
    tries: int = 0
    next_try_at: datetime | None = Field(default=None, index=True)
    needs_person: bool = Field(default=False, index=True)  # an organizer should read it
    handled_by: str = ""
    handled_at: datetime | None = None

    def sealed_text(self, chapter_id: UUID | None) -> SealedField:
        """The text, for privacy/read.py."""
        return SealedField(
            Personal.MESSAGE, KeyKind.PERSON, self.person_id, chapter_id,
            "inbound", self.id, "text", self.text_sealed,
        )  # fmt: skip


class Recovered(Table, table=True):
    """How far the carrier's record of a number of ours has been read for texts that were missed."""

    __tablename__ = "recovered"
    sender_id: UUID = Field(foreign_key="sender.id", primary_key=True)
    through: datetime
