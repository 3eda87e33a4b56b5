"""What a chapter is made of."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field

from service.db import Table
from service.db.types import words


class OfficeKind(StrEnum):
    """Whose door it is."""

    ICE = "ice"  # ERO field office
    ISAP = "isap"  # the contractor that runs ankle monitors and apps
    COURT = "court"
    USCIS = "uscis"


class Chapter(Table, table=True):
    """A local group. `network_name` opens every call; a person answers `contact_phone`."""

    __tablename__ = "chapter"
    id: UUID = Field(primary_key=True)
    name: str = Field(unique=True)
    network_name: str
    contact_phone: str  # as printed in texts: 413-555-0142
    caller_name: str  # who calls families first
    hotline: str  # where sightings are verified in this region
    keyword: str = ""  # a word of its posters; who texts it joins
    lead_sign_en: str = "purple scarf"  # how people find the lead at the door
    lead_sign_es: str = "bufanda morada"
    time_zone: str
    quiet_from_minute: int = 20 * 60  # of the local day; from == until: no quiet hours
    quiet_until_minute: int = 9 * 60


class Office(Table, table=True):
    """Where people report. Its area is public; its meeting point goes to those who come along."""

    __tablename__ = "office"
    id: UUID = Field(primary_key=True)
    chapter_id: UUID = Field(foreign_key="chapter.id", index=True)
    name: str
    kind: OfficeKind = Field(sa_type=words(OfficeKind))
    area: str
    address: str
    meeting_point: str
    time_zone: str
    usual_wait_minutes: int = 240
    verified_on: date | None = None


class Sender(Table, table=True):
    """The number (or messaging service) that a chapter texts from, and how fast it may."""

    __tablename__ = "sender"
    id: UUID = Field(primary_key=True)
    chapter_id: UUID = Field(foreign_key="chapter.id", index=True)
    number: str = Field(unique=True)  # E.164
    messaging_service_sid: str = ""
    segments_per_second: float = 3.0
    daily_cap_segments: int | None = None
    is_paused: bool = False
