"""How far the carrier's record has been read; the texts themselves are in the inbox."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from service.db import Table


class Recovered(Table, table=True):
    """How far the carrier's record of a number of ours has been read for texts that were missed."""

    __tablename__ = "recovered"
    sender_id: UUID = Field(foreign_key="sender.id", primary_key=True)
    through: datetime
