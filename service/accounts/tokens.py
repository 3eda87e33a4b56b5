"""Bearer tokens for the JSON API: each belongs to an organizer and can do what they can."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select, update

from service.accounts.secrets import hash_secret, new_secret
from service.accounts.tables import ApiToken, Organizer
from service.db import new_id
from service.errors import NotFound
from service.privacy import audit
from service.privacy.policy import Viewer

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


def list_tokens(session: Session, organizer_id: UUID) -> Sequence[ApiToken]:
    """Return the organizer's tokens that still work, oldest first."""
    return session.exec(
        select(ApiToken)
        .where(ApiToken.organizer_id == organizer_id, col(ApiToken.revoked_at).is_(None))
        .order_by(col(ApiToken.id))
    ).all()


def revoke(
    session: Session, organizer: Organizer, token_id: UUID, *, by: Viewer, now: datetime
) -> None:
    """Take one of the organizer's tokens back. Safe to run twice. Raises NotFound."""
    token = session.get(ApiToken, token_id)
    if token is None or token.organizer_id != organizer.id:
        raise NotFound(None, f"no token {token_id}")
    if token.revoked_at is not None:
        return
    token.revoked_at = now
    session.add(token)
    subject = f"organizer:{organizer.id.hex}"
    audit.record(session, actor=by, action="token.revoke", subject=subject, now=now)


def revoke_all(session: Session, organizer_id: UUID, *, now: datetime) -> int:
    """Take every token of an organizer back; return how many there were."""
    return session.exec(
        update(ApiToken)
        .where(col(ApiToken.organizer_id) == organizer_id, col(ApiToken.revoked_at).is_(None))
        .values(revoked_at=now)
    ).rowcount
