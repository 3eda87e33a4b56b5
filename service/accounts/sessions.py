"""Browsers that are signed in: begun, kept from going idle, confirmed again, listed, ended.

A session is a row. Its cookie is a secret that only the browser has; the row has its hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select, update

from service.accounts.secrets import hash_secret, new_secret
from service.accounts.sign_in import viewer_of
from service.accounts.tables import How, Organizer, SignedIn
from service.db import new_id
from service.errors import NotFound
from service.privacy import audit

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
LONGEST_SET_UP = timedelta(hours=1)  # by an invitation, until a way to sign in is set up
SEEN_EVERY = timedelta(minutes=1)
FRESH = timedelta(minutes=10)  # for how long a passkey or a code that was given counts
STRONG = (How.PASSKEY, How.CODE, How.RECOVERY)


def begin(
    session: Session, organizer: Organizer, how: How, *, now: datetime, device: str | None = None
) -> str:
    """Sign a browser in, on the record; return the secret for its cookie.

    device: kind of browser and system ("Firefox, Android"), so that its owner knows it again.
    """
    cookie = new_secret()
    session.add(
        SignedIn(
            id=new_id(), organizer_id=organizer.id, secret_hash=hash_secret(cookie), how=how,
            device=device, created_at=now, seen_at=now,
            confirmed_at=now if how in STRONG else None,
        )
    )  # fmt: skip
    audit.record(
        session, actor=viewer_of(organizer), action="sign_in", subject="organizer", now=now,
        detail=how,
    )  # fmt: skip
    return cookie


def find(session: Session, secret: str, *, now: datetime) -> tuple[SignedIn, Organizer] | None:
    """Return the session and who it is, or None when it is over: ended, idle for too long, too old."""
    row = _row_of(session, secret)
    if row is None or not is_open(row, now):
        return None
    organizer = session.get(Organizer, row.organizer_id)
    return (row, organizer) if organizer is not None and organizer.is_active else None


def is_open(row: SignedIn, now: datetime) -> bool:
    """Return whether the session has neither been ended nor run out."""
    longest = LONGEST_SET_UP if row.how is How.INVITATION else LONGEST
    is_in_time = now <= row.seen_at + IDLE and now <= row.created_at + longest
    return row.ended_at is None and is_in_time


def is_fresh(row: SignedIn, now: datetime) -> bool:
    """Return whether somebody has shown within FRESH that they are still who signed in."""
    if row.how is How.DEMO:
        return True
    return row.confirmed_at is not None and now <= row.confirmed_at + FRESH


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


def confirm(session: Session, session_id: UUID, *, now: datetime) -> None:
    """Note that a passkey or a code was given just now."""
    row = session.get_one(SignedIn, session_id)
    row.confirmed_at = now
    session.add(row)


def list_open(session: Session, organizer_id: UUID, *, now: datetime) -> Sequence[SignedIn]:
    """Return the organizer's open sessions, the one at work last first."""
    rows = session.exec(
        select(SignedIn)
        .where(SignedIn.organizer_id == organizer_id, col(SignedIn.ended_at).is_(None))
        .order_by(col(SignedIn.seen_at).desc())
    )
    return [row for row in rows if is_open(row, now)]


def end(session: Session, organizer: Organizer, session_id: UUID, *, now: datetime) -> None:
    """End one of the organizer's own sessions, on the record. Safe to run twice. Raises NotFound."""
    row = session.get(SignedIn, session_id)
    if row is None or row.organizer_id != organizer.id:
        raise NotFound(None, f"no session {session_id}")
    if row.ended_at is None:
        row.ended_at = now
        session.add(row)
        audit.record(
            session, actor=viewer_of(organizer), action="sign_out", subject="organizer", now=now
        )


def end_all(session: Session, organizer_id: UUID, *, now: datetime, but: UUID | None = None) -> int:
    """End every session of an organizer, except `but`; return how many were open."""
    query = update(SignedIn).where(
        col(SignedIn.organizer_id) == organizer_id, col(SignedIn.ended_at).is_(None)
    )
    if but is not None:
        query = query.where(col(SignedIn.id) != but)
    return session.exec(query.values(ended_at=now)).rowcount


def _row_of(session: Session, secret: str) -> SignedIn | None:
    return session.exec(select(SignedIn).where(SignedIn.secret_hash == hash_secret(secret))).first()
