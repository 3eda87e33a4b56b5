"""An appointment to report."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from service.db import Table
from service.db.types import since, words
from service.outbox.tables import DRILL
from service.privacy.keyring import KeyKind
from service.privacy.policy import Field as Personal
from service.privacy.read import SealedField


class CheckInState(StrEnum):
    """Recruiting, staffed and short are derived from its seats, never stored."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    UNDERWAY = "underway"
    CLOSED = "closed"
    RESCHEDULED = "rescheduled"  # it did not take place; the next one follows it
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """How an appointment ended; the question numbers them in this order."""

    CAME_HOME = "came_home"
    NEW_DATE = "new_date"
    TICKET = "ticket"  # told to bring a ticket or passport
    REMOVAL_DATE = "removal_date"
    MONITOR = "monitor"
    DETAINED = "detained"
    STILL_INSIDE = "still_inside"  # no end: it leads back to the safety check
    RESCHEDULED = "rescheduled"
    UNKNOWN = "unknown"  # likewise


class Publicity(StrEnum):
    """What a family says to being told of in public."""

    NO = "no"
    ASK = "ask"
    YES = "yes"


class CheckIn(Table, table=True):
    """One appointment of one family at one office.

    outcome_by: an organizer's name, or in which role somebody's phone said it.
    """

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
    publicity: Publicity = Field(
        default=Publicity.NO, sa_type=words(Publicity), sa_column_kwargs=since("no")
    )
    outcome: Outcome | None = Field(default=None, sa_type=words(Outcome))
    outcome_by: str = ""
    outcome_person_id: UUID | None = Field(default=None, foreign_key="person.id")
    outcome_at: datetime | None = None
    outcome_asked_at: datetime | None = None  # when somebody of ours was asked how it ended
    deadline_on: date | None = None  # by when they are to leave, or to bring a ticket
    rally_id: UUID | None = Field(default=None, foreign_key="rally.id")  # the draft it led to
    legal_person_id: UUID | None = Field(default=None, foreign_key="person.id")  # who took it
    legal_at: datetime | None = None
    forgotten_at: datetime | None = None  # when what is personal in it was erased
    earlier_id: UUID | None = Field(default=None, foreign_key="checkin.id", index=True)
    repeats: str = ""  # "4w", "3m": as they said it
    proposed_at: datetime | None = None  # when the family was asked about the usual next date
    sign: str = ""  # how the lead is found this time
    companions_told: str = ""  # who, as a fingerprint
    relay_off_at: datetime | None = None  # since when nothing is passed on between family and lead
    relay_off_by: str = ""  # a name, or in which role
    is_drill: bool = Field(default=False, sa_column_kwargs=since("0"))
    # In a drill, who plays the shift on call, the organizers and the legal contact.
    stand_in_id: UUID | None = Field(default=None, foreign_key="person.id")

    @property
    def subject(self) -> str:
        """How lower rooms name this check-in."""
        return self.about("checkin")

    def about(self, what: str) -> str:
        """Return how lower rooms name a part of its life: its outcome, its ride. A drill's are a drill's."""
        return f"{DRILL if self.is_drill else ''}{what}:{self.id.hex}"

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


class LegalContact(Table, table=True):
    """Somebody who is texted and called when an appointment ends so that the law is needed."""

    __tablename__ = "legal_contact"
    chapter_id: UUID = Field(foreign_key="chapter.id", primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    created_at: datetime


class OutcomeAsk(Table, table=True):
    """Somebody who went along is asked how it ended; what they say is read back before it counts."""

    __tablename__ = "outcome_ask"
    __table_args__ = (
        Index("uq_outcome_ask_checkin_id_person_id", "checkin_id", "person_id", unique=True),
    )
    id: UUID = Field(primary_key=True)
    checkin_id: UUID = Field(foreign_key="checkin.id")
    person_id: UUID = Field(foreign_key="person.id", index=True)
    asked_at: datetime
    said: Outcome | None = Field(default=None, sa_type=words(Outcome))  # not yet confirmed
    said_at: datetime | None = None
    deadline_on: date | None = None
    unclear: int = 0  # answers that could not be read
    reminded_at: datetime | None = None
    alarmed_at: datetime | None = None
    closed_at: datetime | None = None


class Ride(Table, table=True):
    """A ride to one appointment, and perhaps back. The pick-up point is sealed, and gone in a day."""

    __tablename__ = "ride"
    checkin_id: UUID = Field(foreign_key="checkin.id", primary_key=True)
    pickup_sealed: bytes | None = None
    leaves_at: datetime
    seats: int = 1
    child_seats: int = 0
    returns: bool = False
    changes: int = 0  # names the texts about it
    erased_at: datetime | None = None

    def sealed_pickup(self, chapter_id: UUID | None) -> SealedField:
        """Where they are picked up, for privacy/read.py."""
        return SealedField(
            Personal.NOTE, KeyKind.CHECKIN, self.checkin_id, chapter_id,
            "ride", self.checkin_id, "pickup", self.pickup_sealed,
        )  # fmt: skip


class Relay(Table, table=True):
    """A text that was passed on between a family and whoever leads: whose, to whom; once each."""

    __tablename__ = "relay"
    __table_args__ = (
        Index("uq_relay_inbound_id_to_person_id", "inbound_id", "to_person_id", unique=True),
    )
    id: UUID = Field(primary_key=True)
    checkin_id: UUID = Field(foreign_key="checkin.id", index=True)
    inbound_id: UUID = Field(foreign_key="inbound.id")
    from_person_id: UUID = Field(foreign_key="person.id", index=True)
    to_person_id: UUID = Field(foreign_key="person.id", index=True)
    at: datetime

    @property
    def subject(self) -> str:
        """How lower rooms name the texts that carry it."""
        return f"relay:{self.id.hex}"


class SheetLink(Table, table=True):
    """A link to the run sheet of one appointment, on the phone of one lead. moves: those they knew of."""

    __tablename__ = "sheet_link"
    __table_args__ = (
        Index("uq_sheet_link_checkin_id_person_id", "checkin_id", "person_id", unique=True),
    )
    id: UUID = Field(primary_key=True)
    checkin_id: UUID = Field(foreign_key="checkin.id")
    person_id: UUID = Field(foreign_key="person.id", index=True)
    secret_hash: bytes = Field(unique=True)
    moves: int = 0
    expires_at: datetime

    @property
    def subject(self) -> str:
        """How lower rooms name the text that carries it."""
        return f"sheet:{self.id.hex}"
