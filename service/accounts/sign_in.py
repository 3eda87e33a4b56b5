"""Sign in by a link that works once; stay signed in until idle, old or signed out."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, col, select, update

from service.accounts.secrets import hash_secret, new_secret
from service.accounts.tables import Organizer, SignedIn, SignInLink
from service.db import new_id
from service.errors import SignInNeeded
from service.privacy import audit
from service.privacy.policy import Viewer

LINK_LIFE = timedelta(hours=12)
IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)


def make_link(session: Session, organizer: Organizer, *, now: datetime) -> str:
    """Return the secret of a new one-time link; only its hash is stored."""
    secret = new_secret()
    session.add(
        SignInLink(
            id=new_id(),
            organizer_id=organizer.id,
            secret_hash=hash_secret(secret),
            expires_at=now + LINK_LIFE,
        )
    )
    return secret


def is_link_good(session: Session, secret: str, *, now: datetime) -> bool:
    """Return whether the link would still sign in. Does not use it up."""
    link = session.exec(
        select(SignInLink).where(SignInLink.secret_hash == hash_secret(secret))
    ).first()
    return link is not None and link.used_at is None and link.expires_at > now


def use_link(session: Session, secret: str, *, now: datetime) -> str:
    """Use the link up; return the secret of the new session. Raises SignInNeeded."""
    used = session.exec(
        update(SignInLink)
        .where(
            col(SignInLink.secret_hash) == hash_secret(secret),
            col(SignInLink.used_at).is_(None),
            col(SignInLink.expires_at) > now,
        )
        .values(used_at=now)
        .returning(col(SignInLink.organizer_id))
    ).first()
    if used is None:
        raise SignInNeeded("link_used_or_old")
    organizer = session.get_one(Organizer, used[0])
    cookie = new_secret()
    session.add(
        SignedIn(
            id=new_id(), organizer_id=organizer.id, secret_hash=hash_secret(cookie),
            created_at=now, seen_at=now,
        )
    )  # fmt: skip
    viewer = viewer_of(organizer)
    audit.record(session, actor=viewer, action="sign_in", subject="organizer", now=now)
    return cookie


def signed_in(session: Session, secret: str, *, now: datetime) -> Organizer | None:
    """Return who this browser is, or None when it is signed out, idle for too long or too old."""
    row = _session_of(session, secret)
    if row is None or row.ended_at is not None:
        return None
    if now > row.seen_at + IDLE or now > row.created_at + LONGEST:
        return None
    organizer = session.get(Organizer, row.organizer_id)
    return organizer if organizer is not None and organizer.is_active else None


def seen_at(session: Session, secret: str) -> datetime | None:
    """Return when this browser was last noted to be at work."""
    row = _session_of(session, secret)
    return None if row is None else row.seen_at


def note_seen(session: Session, secret: str, *, now: datetime) -> None:
    """Keep the session from going idle; writes at most once a minute."""
    session.exec(
        update(SignedIn)
        .where(
            col(SignedIn.secret_hash) == hash_secret(secret),
            col(SignedIn.seen_at) < now - SEEN_EVERY,
        )
        .values(seen_at=now)
    )


def sign_out(session: Session, secret: str, *, now: datetime) -> None:
    """End this browser's session."""
    row = _session_of(session, secret)
    if row is not None:
        row.ended_at = now
        session.add(row)


def viewer_of(organizer: Organizer) -> Viewer:
    """Return the organizer as the privacy policy sees them."""
    return Viewer(organizer.role, organizer.name, organizer.id, organizer.chapter_id)


def _session_of(session: Session, secret: str) -> SignedIn | None:
    return session.exec(select(SignedIn).where(SignedIn.secret_hash == hash_secret(secret))).first()
