"""Bearer tokens for the JSON API: each belongs to an organizer and can do what they can."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from service.accounts.secrets import hash_secret, new_secret
from service.accounts.tables import ApiToken, Organizer
from service.db import new_id

PREFIX = "acompana_"


def make_token(session: Session, organizer: Organizer, *, label: str, now: datetime) -> str:
    """Return a new token; it is shown once, only its hash is stored."""
    token = PREFIX + new_secret()
    session.add(
        ApiToken(
            id=new_id(), organizer_id=organizer.id, secret_hash=hash_secret(token), label=label,
            created_at=now,
        )
    )  # fmt: skip
    return token


def organizer_of(session: Session, token: str) -> Organizer | None:
    """Return whose token this is, or None when it is unknown or revoked."""
    return session.exec(
        select(Organizer)
        .join(ApiToken, col(ApiToken.organizer_id) == Organizer.id)
        .where(
            ApiToken.secret_hash == hash_secret(token),
            col(ApiToken.revoked_at).is_(None),
            Organizer.is_active,
        )
    ).first()
