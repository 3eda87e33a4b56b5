"""Accounts. Secrets are stored as hashes only."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from service.db import Table
from service.db.types import words
from service.privacy.policy import Role


class Organizer(Table, table=True):
    """Somebody who works the console or the API."""

    __tablename__ = "organizer"
    id: UUID = Field(primary_key=True)
    chapter_id: UUID = Field(foreign_key="chapter.id", index=True)
    name: str
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
    """A link that signs in once."""

    __tablename__ = "sign_in_link"
    id: UUID = Field(primary_key=True)
    organizer_id: UUID = Field(foreign_key="organizer.id", index=True)
    secret_hash: bytes = Field(unique=True)
    expires_at: datetime
    used_at: datetime | None = None


class SignedIn(Table, table=True):
    """One browser that is signed in, until idle for too long, too old, or signed out."""

    __tablename__ = "signed_in"
    id: UUID = Field(primary_key=True)
    organizer_id: UUID = Field(foreign_key="organizer.id", index=True)
    secret_hash: bytes = Field(unique=True)
    created_at: datetime
    seen_at: datetime
    ended_at: datetime | None = None
