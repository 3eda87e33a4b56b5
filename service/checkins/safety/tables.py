"""One safety check an appointment, and a row for each step of its ladder."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger
from sqlmodel import Field, text

from service.db import Table
from service.db.types import words
from service.outbox.tables import DRILL


class SafetyState(StrEnum):
    """A safety check's life; docs/safety.md draws the arrows."""

    ARMED = "armed"
    ASKED = "asked"
    WAITING = "waiting"  # they said that it takes longer: asked again later
    OK = "ok"  # out, as somebody says; nobody of ours has spoken with them yet
    ESCALATED = "escalated"
    TAKEN = "taken"  # somebody pressed 1: it is theirs for a while
    RESOLVED = "resolved"
    OFF = "off"  # the appointment was cancelled before anybody was asked


class Why(StrEnum):
    """Why the ladder is climbed."""

    SILENT = "silent"
    HELP = "help"  # a 3
    DISTRESS = "distress"
    NOT_OUT = "not_out"  # not seen out when the office closed
    NOT_SPOKEN = "not_spoken"  # out, as somebody says, and nobody of ours has spoken with them


class Rung(IntEnum):
    """Who is told, in this order."""

    LEAD = 1
    OUTSIDE_CONTACT = 2
    EMERGENCY_CONTACT = 3
    SHIFT = 4


class Reporter(StrEnum):
    """Whose word it is."""

    FAMILY = "family"
    LEAD = "lead"
    OUTSIDE_CONTACT = "outside_contact"
    COMPANION = "companion"
    EMERGENCY_CONTACT = "emergency_contact"
    ON_CALL = "on_call"
    ORGANIZER = "organizer"


OVER = (SafetyState.RESOLVED, SafetyState.OFF)


class SafetyCheck(Table, table=True):
    """How somebody is, until one of us has spoken with them.

    Without a check-in it is an alarm: somebody wrote that they are in danger, on any day.
    subject: what lower rooms know those who come along by ("checkin:<id>"), or "person:<id>".
    turn: grows with every step that tells or calls somebody; it names those steps.
    """

    __tablename__ = "safety_check"
    __table_args__ = (
        CheckConstraint(
            "state <> 'resolved' or (resolved_by <> '' and resolved_at is not null)",
            name="resolved_has_who_and_when",
        ),
        Index(
            "ix_safety_check_open",
            "state",
            "next_at",
            sqlite_where=text("state not in ('resolved', 'off')"),
            postgresql_where=text("state not in ('resolved', 'off')"),
        ),
        Index(  # one open alarm a person
            "uq_safety_check_alarm",
            "person_id",
            unique=True,
            sqlite_where=text("checkin_id is null and state not in ('resolved', 'off')"),
            postgresql_where=text("checkin_id is null and state not in ('resolved', 'off')"),
        ),
    )
    id: UUID = Field(primary_key=True)
    chapter_id: UUID = Field(foreign_key="chapter.id", index=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)  # whom it is about
    checkin_id: UUID | None = Field(default=None, foreign_key="checkin.id", unique=True)
    subject: str = Field(index=True)
    state: SafetyState = Field(default=SafetyState.ARMED, sa_type=words(SafetyState))
    why: Why | None = Field(default=None, sa_type=words(Why))
    rung: Rung | None = Field(default=None, sa_type=SmallInteger)
    tries: int = 0
    calls: int = 0
    turn: int = 0
    starts_at: datetime
    day_from: datetime  # the morning of that day: from here on HELP pages people
    due_at: datetime
    closes_at: datetime
    next_at: datetime  # when the clock must look
    silent_since: datetime | None = None  # since when we have had no word
    seen_out_at: datetime | None = None
    taken_by: str = ""  # as resolved_by: no name of a volunteer is kept unsealed
    taken_person_id: UUID | None = Field(default=None, foreign_key="person.id")
    taken_at: datetime | None = None
    resolved_by: str = ""  # an organizer's name, or in which role somebody's phone said it
    resolved_person_id: UUID | None = Field(default=None, foreign_key="person.id")
    resolved_at: datetime | None = None
    created_at: datetime

    @property
    def own_subject(self) -> str:
        """How texts and calls about it are named: they outlive the check-in's own."""
        return f"{DRILL if self.is_drill else ''}safety:{self.id.hex}"

    @property
    def is_drill(self) -> bool:
        """Whether it is only practised."""
        return self.subject.startswith(DRILL)


class SafetyStep(Table, table=True):
    """One step: somebody was asked, told or called, or said something. Written once, never changed."""

    __tablename__ = "safety_step"
    __table_args__ = (Index("ix_safety_step_safety_id_id", "safety_id", "id"),)
    id: UUID = Field(primary_key=True)
    safety_id: UUID = Field(foreign_key="safety_check.id")
    once_key: str = Field(unique=True)
    did: str  # asked, warned, called, alarmed, to_speak, over, said, took, nobody, which
    role: str = ""  # in which role, what was said, or by which letter they know whom it is about
    person_id: UUID | None = Field(default=None, foreign_key="person.id", index=True)
    who: str = ""  # an organizer, who has no phone here
    by_voice: bool = False
    at: datetime
