"""What a chapter is made of."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from service.db import Table
from service.db.types import since, words


def _with_default(number: int) -> Any:
    """Return a field that rows from before it was known have too."""
    return Field(default=number, sa_column_kwargs={"server_default": str(number)})


class OfficeKind(StrEnum):
    """Whose door it is."""

    ICE = "ice"  # ERO field office
    ISAP = "isap"  # the contractor that runs ankle monitors and apps
    COURT = "court"
    USCIS = "uscis"


NO_LIST = -1  # as a chapter's list_weekday


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
    safety_again_minutes: int = _with_default(
        15
    )  # until a family and their lead are asked a second time
    safety_rung_minutes: int = _with_default(5)  # until the next one on the ladder is told
    safety_call_minutes: int = _with_default(3)  # until the shift is called again
    # How volunteers are asked: in a weekly list, then in waves (service/checkins/waves.py).
    # list_weekday: Monday is 0, NO_LIST means none. list_minute: of the local day.
    # wave_minutes: from one wave to the next, days before; 0: no waves, whoever fits is asked at once.
    # people_per_place: asked in one wave for each open place.
    # most_asks: in two weeks; whoever was asked as often comes last.
    list_weekday: int = Field(default=3, sa_column_kwargs=since(3))
    list_minute: int = Field(default=18 * 60, sa_column_kwargs=since(18 * 60))
    wave_minutes: int = Field(default=4 * 60, sa_column_kwargs=since(4 * 60))
    people_per_place: int = Field(default=3, sa_column_kwargs=since(5))
    most_asks: int = Field(default=3, sa_column_kwargs=since(3))
    # A message to more people than this needs a second person's yes.
    second_over: int = Field(default=50, sa_column_kwargs=since(50))
    # What a part costs, in US cents: an estimate of the carrier's price with its fees.
    cents_per_part: float = Field(default=1.1, sa_column_kwargs=since("1.1"))
    # Days after somebody came home, until what is personal in their appointment is erased.
    keep_days: int = Field(default=14, sa_column_kwargs=since(14))
    texts_version: int = Field(default=0, sa_column_kwargs=since(0))  # of its own texts


class OwnText(Table, table=True):
    """A reply at hand, in a chapter's own words. Append only.

    The newest of a key and language counts; says "": it is gone.
    """

    __tablename__ = "own_text"
    __table_args__ = (
        Index("ix_own_text_chapter_id_key_language", "chapter_id", "key", "language"),
    )
    id: UUID = Field(primary_key=True)
    chapter_id: UUID = Field(foreign_key="chapter.id")
    key: str  # "canned.<name>": of [word.canned] in messages/*.toml, or a new one's id
    language: str
    says: str
    made_by: str
    made_at: datetime


class Office(Table, table=True):
    """Where people report. Its area is public; its meeting point goes to those who come along."""

    __tablename__ = "office"
    id: UUID = Field(primary_key=True)
    chapter_id: UUID = Field(foreign_key="chapter.id", index=True)
    name: str
    kind: OfficeKind = Field(sa_type=words(OfficeKind))
    area: str
    address: str
    zip_code: str | None = None  # None: distances are measured by the area's name
    meeting_point: str
    time_zone: str
    usual_wait_minutes: int = 240
    closes_minute: int = _with_default(17 * 60)  # local; who is not out by then is looked for
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
    is_paused: bool = False  # nothing leaves: put to rest after refusals, or stopped by the switch
    is_halted: bool = Field(default=False, sa_column_kwargs=since("0"))  # by the switch, that is


class Shift(Table, table=True):
    """Somebody who is called when a family goes silent, from one moment to another.

    Shifts may overlap: then all of them are called.
    """

    __tablename__ = "shift"
    __table_args__ = (Index("ix_shift_chapter_id_ends_at", "chapter_id", "ends_at"),)
    id: UUID = Field(primary_key=True)
    chapter_id: UUID = Field(foreign_key="chapter.id")
    person_id: UUID = Field(foreign_key="person.id")
    starts_at: datetime
    ends_at: datetime
    told_at: datetime | None = None  # when they were told that it begins
    ended_at: datetime | None = None  # when its end was noted, and who follows
    created_by: str
    created_at: datetime
