"""Accounts. Secrets are stored as hashes; a code app's is sealed, for we must count with it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field

from service.db import Table
from service.db.types import words
from service.privacy.policy import Role


class How(StrEnum):
    """How a browser came in. What is not strong gets no further than the page that sets a way up."""

    DEMO = "demo"  # by a link alone: only where the demo runs
    INVITATION = "invitation"  # by an invitation: to set up a passkey or a code app, nothing else
    PASSKEY = "passkey"
    CODE = "code"  # of a code app (TOTP)
    RECOVERY = "recovery"


class LinkKind(StrEnum):
    """What a link is good for."""

    DEMO = "demo"
    INVITATION = "invitation"


class Purpose(StrEnum):
    """What a passkey is asked to sign for."""

    SIGN_IN = "sign_in"
    SET_UP = "set_up"
    CONFIRM = "confirm"


def _usually(value: str) -> dict[str, Any]:
    return {"server_default": value}


class CodeFor(StrEnum):
    """What a code that came by text is good for."""

    PHONE = "phone"  # to show that a phone is theirs
    APPROVE = "approve"  # to approve somebody else's message to many
    UNDO = "undo"  # to take one's own back before it leaves


class Organizer(Table, table=True):
    """Somebody who works the console or the API."""

    __tablename__ = "organizer"
    id: UUID = Field(primary_key=True)
    chapter_id: UUID = Field(foreign_key="chapter.id", index=True)
    name: str
    sign_in_name: str | None = Field(
        default=None, unique=True
    )  # typed beside a code: marta, marta-2
    role: Role = Field(default=Role.ORGANIZER, sa_type=words(Role))
    language: str = "en"
    is_active: bool = True
    person_id: UUID | None = Field(default=None, foreign_key="person.id")  # their own phone
    created_at: datetime


class ApiToken(Table, table=True):
    """A bearer token for the JSON API."""

    __tablename__ = "api_token"
    id: UUID = Field(primary_key=True)
    organizer_id: UUID = Field(foreign_key="organizer.id", index=True)
    secret_hash: bytes = Field(unique=True)
    label: str
    created_at: datetime
    revoked_at: datetime | None = None


class SignInLink(Table, table=True):
    """A link that works once. `spoken_hash`: of digits that the inviter says aloud, where it was texted."""

    __tablename__ = "sign_in_link"
    id: UUID = Field(primary_key=True)
    organizer_id: UUID = Field(foreign_key="organizer.id", index=True)
    kind: LinkKind = Field(
        default=LinkKind.INVITATION,
        sa_type=words(LinkKind),
        sa_column_kwargs=_usually("invitation"),
    )
    secret_hash: bytes = Field(unique=True)
    spoken_hash: bytes | None = None
    wrong_tries: int = Field(default=0, sa_column_kwargs=_usually("0"))
    expires_at: datetime
    used_at: datetime | None = None


class SignedIn(Table, table=True):
    """One browser that is signed in, until idle for too long, too old, or signed out."""

    __tablename__ = "signed_in"
    id: UUID = Field(primary_key=True)
    organizer_id: UUID = Field(foreign_key="organizer.id", index=True)
    secret_hash: bytes = Field(unique=True)
    how: How = Field(
        default=How.INVITATION, sa_type=words(How), sa_column_kwargs=_usually("invitation")
    )
    device: str | None = None  # "Firefox, Android": no more
    created_at: datetime
    seen_at: datetime
    confirmed_at: datetime | None = None  # when a passkey or a code was last given
    ended_at: datetime | None = None


class Passkey(Table, table=True):
    """A passkey: the public half. The other half never leaves its owner's phone or key."""

    __tablename__ = "passkey"
    id: UUID = Field(primary_key=True)
    organizer_id: UUID = Field(foreign_key="organizer.id", index=True)
    credential: bytes = Field(unique=True)
    public_key: bytes
    sign_count: int
    transports: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    label: str
    created_at: datetime
    used_at: datetime | None = None


class CodeApp(Table, table=True):
    """An app that shows a new code every half minute. Counts once it has shown one (`confirmed_at`)."""

    __tablename__ = "code_app"
    organizer_id: UUID = Field(foreign_key="organizer.id", primary_key=True)
    secret_sealed: bytes
    last_step: int = 0  # of the code used last: none works twice
    created_at: datetime
    confirmed_at: datetime | None = None


class RecoveryCode(Table, table=True):
    """A code on paper that signs in once."""

    __tablename__ = "recovery_code"
    id: UUID = Field(primary_key=True)
    organizer_id: UUID = Field(foreign_key="organizer.id", index=True)
    secret_hash: bytes = Field(unique=True)
    created_at: datetime
    used_at: datetime | None = None


class Challenge(Table, table=True):
    """What a passkey is asked to sign: once, within minutes, for one purpose."""

    __tablename__ = "challenge"
    id: UUID = Field(primary_key=True)
    purpose: Purpose = Field(sa_type=words(Purpose))
    organizer_id: UUID | None = Field(default=None, foreign_key="organizer.id")
    nonce: bytes = Field(unique=True)
    expires_at: datetime = Field(index=True)


class Guess(Table, table=True):
    """Wrong codes in a row for one sign-in name, whether anybody has it or not."""

    __tablename__ = "guess"
    name_hash: bytes = Field(primary_key=True)
    wrong: int
    wrong_at: datetime = Field(index=True)
    wait_until: datetime


class LockCode(Table, table=True):
    """Six digits that stop everything, texted from the organizer's own phone. Work once."""

    __tablename__ = "lock_code"
    organizer_id: UUID = Field(foreign_key="organizer.id", primary_key=True)
    code_key: bytes  # under the blind index: the digits themselves are kept nowhere
    made_at: datetime


class TextCode(Table, table=True):
    """Four digits texted to an organizer's own phone. Works once, for a while, for a few tries.

    person_id: whose phone it went to. about: which draft or message it is for, as hex.
    """

    __tablename__ = "text_code"
    __table_args__ = (Index("ix_text_code_person_id", "person_id"),)
    id: UUID = Field(primary_key=True)
    organizer_id: UUID = Field(foreign_key="organizer.id", index=True)
    person_id: UUID = Field(foreign_key="person.id")
    purpose: CodeFor = Field(sa_type=words(CodeFor))
    about: str = Field(default="", index=True)
    code_hash: bytes
    made_at: datetime
    expires_at: datetime
    wrong_tries: int = 0
    used_at: datetime | None = None
