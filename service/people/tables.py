"""A person, what they offer, and what they agreed to. Phone and alias are sealed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field
from typing_extensions import TypedDict

from service.db import Table
from service.db.types import since, words
from service.privacy.keyring import KeyKind
from service.privacy.policy import Field as Personal
from service.privacy.read import SealedField


class Consent(StrEnum):
    """Whether we may text them. Only ACTIVE gets calls; OPTED_OUT gets nothing more.

    HELD: they may have asked us to stop. What waits for them goes on waiting until that is clear.
    """

    NONE = "none"
    INVITED = "invited"
    ACTIVE = "active"
    HELD = "held"
    OPTED_OUT = "opted_out"
    ERASED = "erased"


class Vetting(StrEnum):
    """Names for levels 0..3, as the console shows them."""

    SIGNED_UP = "0"
    VOUCHED = "1"
    VETTED = "2"
    LEAD = "3"


VETTED_LEVEL = 2
LEAD_LEVEL = 3


def sealed_phone(
    person_id: UUID, chapter_id: UUID, blob: bytes, also_in: frozenset[UUID] = frozenset()
) -> SealedField:
    """Return a person's phone as its place in the tables says."""
    return SealedField(
        Personal.PHONE, KeyKind.PERSON, person_id, chapter_id, "person", person_id, "phone", blob,
        also_in,
    )  # fmt: skip


class Person(Table, table=True):
    """One phone. A number identifies; it never authenticates.

    chapter_id: their home, the chapter that knew them first. also_in: other chapters that know them,
    as hex; `people/members.py` alone writes it, beside the Membership.
    """

    __tablename__ = "person"
    __table_args__ = (Index("ix_person_chapter_id_id", "chapter_id", "id"),)  # chunk by chunk
    id: UUID = Field(primary_key=True)
    chapter_id: UUID = Field(foreign_key="chapter.id")
    also_in: list[str] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True), nullable=True)
    )
    phone_key: bytes = Field(unique=True)
    phone_sealed: bytes
    alias_sealed: bytes | None = None
    language: str = "en"
    time_zone: str
    area: str = ""  # ZIP3 or a named area, never an address
    consent: Consent = Field(default=Consent.NONE, sa_type=words(Consent))
    is_unreachable: bool = False
    unreachable_why: str = ""
    erase_at: datetime | None = Field(default=None, index=True)  # they asked to be forgotten
    unknown_handsets: int = 0  # how often the carrier said that nobody has this number
    created_at: datetime

    def is_known_to(self, chapter_id: UUID) -> bool:
        """Whether this chapter knows them: its own organizers may find them, masked."""
        return chapter_id in (self.chapter_id, *self._others)

    @property
    def _others(self) -> frozenset[UUID]:
        return frozenset(UUID(each) for each in self.also_in or ())

    def sealed_phone(self) -> SealedField:
        """The phone, for privacy/read.py."""
        return sealed_phone(self.id, self.chapter_id, self.phone_sealed, self._others)

    def sealed_alias(self) -> SealedField:
        """The alias, for privacy/read.py."""
        return self._sealed(Personal.ALIAS, "alias", self.alias_sealed)

    def _sealed(self, field: Personal, column: str, blob: bytes | None) -> SealedField:
        return SealedField(
            field, KeyKind.PERSON, self.id, self.chapter_id, "person", self.id, column, blob,
            self._others,
        )  # fmt: skip


class AliasWord(Table, table=True):
    """One whole word of an alias, under its own blind index, so that it can be found."""

    __tablename__ = "alias_word"
    person_id: UUID = Field(foreign_key="person.id", primary_key=True, ondelete="CASCADE")
    word_key: bytes = Field(primary_key=True, index=True)


class Training(TypedDict):
    """A training that somebody has been to. `until`: a day (2027-03-01), or "" where it lasts."""

    name: str
    until: str


class Volunteer(Table, table=True):
    """What somebody offers, and what their home chapter says of them.

    `vetting` 0 signed up, 1 vouched, 2 vetted, 3 lead: the home chapter's word and no other's, as are
    `vouched_by`, `paused_until` and `left_at` (since when they are none of its volunteers).
    """

    __tablename__ = "volunteer"
    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    vetting: int = 0
    roles: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    languages: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    car_seats: int = 0
    trainings: list[Training] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True), nullable=True)
    )
    vouched_by: UUID | None = Field(default=None, foreign_key="person.id")
    paused_until: datetime | None = None
    left_at: datetime | None = None
    created_at: datetime


class Membership(Table, table=True):
    """That a chapter which is not somebody's home knows them too, and what it says of them.

    how: how they came, which is also where their consent to its texts came from. is_volunteer: they
    joined it; is_family: it has an appointment of theirs; neither: they have texted its number.
    """

    __tablename__ = "membership"
    __table_args__ = (Index("ix_membership_chapter_id_person_id", "chapter_id", "person_id"),)
    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    chapter_id: UUID = Field(foreign_key="chapter.id", primary_key=True)
    joined_at: datetime
    how: str = ""
    is_volunteer: bool = False
    is_family: bool = False
    vetting: int = 0
    vouched_by: UUID | None = Field(default=None, foreign_key="person.id")
    paused_until: datetime | None = None
    left_at: datetime | None = None
    invited_at: datetime | None = None  # asked to join, once; not yet answered


class Family(Table, table=True):
    """Somebody who reports to an office. No status, no case, no surname: see docs/architecture.md."""

    __tablename__ = "family"
    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    has_lawyer: bool = False
    papers_are_held: bool = False  # somebody holds the papers; who, they know
    speaks: str = ""  # the language that they speak best, as an ISO code, or "other"
    is_home: bool = Field(default=True, sa_column_kwargs=since("1"))  # not only another chapter's
    created_at: datetime


class ConsentEvent(Table, table=True):
    """What somebody agreed to or refused, how, and in which words. Append only."""

    __tablename__ = "consent_event"
    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    consent: Consent = Field(sa_type=words(Consent))
    how: str  # text, web, api, organizer, carrier
    wording: str  # which version of which text they saw
    at: datetime


class VouchCode(Table, table=True):
    """Four digits that a member gives to somebody they know. Works once, for a week."""

    __tablename__ = "vouch_code"
    __table_args__ = (
        Index("uq_vouch_code_chapter_id_code_key", "chapter_id", "code_key", unique=True),
    )
    id: UUID = Field(primary_key=True)
    chapter_id: UUID = Field(foreign_key="chapter.id")
    code_key: bytes  # under the blind index: the digits themselves are kept nowhere
    made_by: UUID = Field(foreign_key="person.id", index=True)
    made_at: datetime
    expires_at: datetime
    used_by: UUID | None = Field(default=None, foreign_key="person.id")
    used_at: datetime | None = None


class EmergencyContact(Table, table=True):
    """Somebody whom a family named. Told of nothing until they have answered us themself."""

    __tablename__ = "emergency_contact"
    __table_args__ = (
        Index("uq_emergency_contact_family_id_person_id", "family_id", "person_id", unique=True),
    )
    id: UUID = Field(primary_key=True)
    family_id: UUID = Field(foreign_key="person.id")
    person_id: UUID = Field(foreign_key="person.id", index=True)
    asked_at: datetime
    answered_at: datetime | None = None
    agreed: bool = False


class ListState(StrEnum):
    """How far an uploaded list has come."""

    WAITING = "waiting"  # for an organizer to look at it and say yes
    APPLYING = "applying"
    DONE = "done"
    DROPPED = "dropped"


class UploadedList(Table, table=True):
    """A network's own list, sealed under a key of its own until it is applied or dropped; then gone."""

    __tablename__ = "uploaded_list"
    id: UUID = Field(primary_key=True)
    chapter_id: UUID = Field(foreign_key="chapter.id", index=True)
    by_id: UUID | None = None
    by_name: str
    made_at: datetime
    state: ListState = Field(default=ListState.WAITING, sa_type=words(ListState), index=True)
    table_sealed: bytes | None = None
    layout: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    language: str = "en"
    source: str = ""  # where they gave their numbers, as the invitation says it
    agreed: str = ""  # how they agreed to texts, if that is on paper; else they are invited
    next_row: int = 0  # of those judged: what is before it has been applied
    added: int = 0


class FormKind(StrEnum):
    """What somebody asked for on a public page, and has yet to confirm from their own phone."""

    CHECKIN = "checkin"  # by a code that was texted to them
    JOIN = "join"  # by a text of theirs


class PendingForm(Table, table=True):
    """A public form that counts only once its phone has answered. Sealed under that person's key."""

    __tablename__ = "pending_form"
    id: UUID = Field(primary_key=True)
    kind: FormKind = Field(sa_type=words(FormKind))
    person_id: UUID = Field(foreign_key="person.id", index=True)
    secret_hash: bytes = Field(unique=True)  # the browser that sent it has the secret
    form_sealed: bytes
    code_hash: bytes = b""
    code_until: datetime | None = None
    tries: int = 0  # wrong codes
    sends: int = 0
    is_new: bool = False  # nobody knew the phone before: it is forgotten unless it answers
    made_at: datetime
    expires_at: datetime = Field(index=True)
    subject: str = ""  # what came of it; the same form sent again is shown the same


class FormUse(Table, table=True):
    """How often something was asked for on a public page within one hour, day or month."""

    __tablename__ = "form_use"
    key: bytes = Field(primary_key=True)  # of what, for whom and when, under the blind index
    uses: int = 0
    until: datetime = Field(index=True)


class PhoneLink(Table, table=True):
    """A link to somebody's own page, sent to their phone. Opens once, and not for long."""

    __tablename__ = "phone_link"
    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    secret_hash: bytes = Field(unique=True)
    expires_at: datetime


class Visit(Table, table=True):
    """A browser that came by such a link: it is at that person's own page, until it is over."""

    __tablename__ = "visit"
    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    secret_hash: bytes = Field(unique=True)
    expires_at: datetime


class CalendarFeed(Table, table=True):
    """An address from which a calendar program reads what concerns its owner. One each, revocable."""

    __tablename__ = "calendar_feed"
    id: UUID = Field(primary_key=True)
    person_id: UUID | None = Field(default=None, foreign_key="person.id", unique=True)
    organizer_id: UUID | None = Field(default=None, foreign_key="organizer.id", unique=True)
    secret_hash: bytes = Field(unique=True)
    made_at: datetime


class Chosen(Table, table=True):
    """Who a message goes to: written down when it is launched, so that later changes move nobody."""

    __tablename__ = "chosen"
    list_id: UUID = Field(primary_key=True)  # the message's
    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
