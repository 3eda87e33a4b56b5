"""Seats, asks and answers. Check-ins and rallies write seats; nothing here knows what they are for."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from service.db import Table
from service.db.types import since, words
from service.privacy.keyring import KeyKind
from service.privacy.policy import Field as Personal
from service.privacy.read import SealedField


class SeatRole(StrEnum):
    """A place on an accompaniment, in the order in which a yes fills them; or a rally's crowd."""

    LEAD = "lead"
    OUTSIDE_CONTACT = "outside_contact"
    INTERPRETER = "interpreter"
    DRIVER = "driver"
    LEGAL_OBSERVER = "legal_observer"
    ACCOMPANIER = "accompanier"
    CROWD = "crowd"


class RsvpState(StrEnum):
    """One person's answer, and what came of it."""

    OFFERED = "offered"  # a row without an answer yet: exists only within a transaction
    YES = "yes"
    NO = "no"
    MAYBE = "maybe"
    STANDBY = "standby"  # a yes that found no place: waits in line
    HELD = "held"  # from the line: a place is kept for them until `held_until`
    LAPSED = "lapsed"  # a place was kept for them, and they did not answer
    CONFIRMED = "confirmed"
    EN_ROUTE = "en_route"
    ARRIVED = "arrived"
    LEFT = "left"
    WITHDRAWN = "withdrawn"  # a no of somebody who was counted on
    NO_SHOW = "no_show"


COMING = (RsvpState.YES, RsvpState.CONFIRMED, RsvpState.EN_ROUTE, RsvpState.ARRIVED)
IN_LINE = (RsvpState.STANDBY, RsvpState.HELD)
SEATED = (*COMING, RsvpState.HELD, RsvpState.LEFT)  # their places count as taken
CONCERNED = (*COMING, *IN_LINE, RsvpState.LAPSED, RsvpState.MAYBE)  # who hears that it is off


class Seat(Table, table=True):
    """Places of one kind at one event. `capacity` None: no limit (a rally). One person, one seat."""

    __tablename__ = "seat"
    __table_args__ = (
        CheckConstraint(
            "taken >= 0 and (capacity is null or taken <= capacity)", name="taken_fits"
        ),
    )
    id: UUID = Field(primary_key=True)
    subject: str = Field(index=True)
    chapter_id: UUID | None = Field(default=None, foreign_key="chapter.id")  # whose event it is
    role: SeatRole = Field(sa_type=words(SeatRole))
    language: str | None = None
    capacity: int | None = None
    taken: int = 0
    is_open: bool = True
    car_seats: int = Field(default=0, sa_column_kwargs=since(0))  # a driver must have as many
    starts_at: datetime
    ends_at: datetime


class Ask(Table, table=True):
    """A question that somebody was asked: their bare Y or N is about it while it is open."""

    __tablename__ = "ask"
    __table_args__ = (
        Index("uq_ask_person_id_subject_kind", "person_id", "subject", "kind", unique=True),
    )
    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    subject: str = Field(index=True)
    kind: str  # "come": will you come?  "confirm": are you still coming?  "list": the weekly list
    wave: int | None = None  # which asking about this subject it was
    number: int | None = None  # its number on the weekly list
    # Why this person: words that pages spell out ("speaks:es near:12"), nothing personal.
    reason: str | None = None
    # Whose number asked; None: that of the event's own chapter.
    chapter_id: UUID | None = Field(default=None, foreign_key="chapter.id")
    asked_at: datetime
    expires_at: datetime
    answered_at: datetime | None = None
    closed_at: datetime | None = None  # withdrawn, cancelled or over


class Rsvp(Table, table=True):
    """One person's answer about one event: the newest counts."""

    __tablename__ = "rsvp"
    __table_args__ = (
        Index("uq_rsvp_person_id_subject", "person_id", "subject", unique=True),
        Index("ix_rsvp_subject_state", "subject", "state"),
    )
    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    subject: str
    seat_id: UUID | None = Field(default=None, foreign_key="seat.id")
    role: SeatRole | None = Field(default=None, sa_type=words(SeatRole))
    state: RsvpState = Field(sa_type=words(RsvpState))
    party_size: int = 1
    held_until: datetime | None = Field(default=None, index=True)  # a place is kept until then
    remainder_sealed: bytes | None = None
    answered_at: datetime
    created_at: datetime

    def sealed_remainder(self, chapter_id: UUID | None) -> SealedField:
        """What they wrote besides yes or no, for privacy/read.py."""
        return SealedField(
            Personal.MESSAGE, KeyKind.PERSON, self.person_id, chapter_id,
            "rsvp", self.id, "remainder", self.remainder_sealed,
        )  # fmt: skip
