"""Links that work once: the demo's, which signs in, and an invitation, which leads to setting up."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, delete, select, update

from service.accounts.secrets import (
    hash_secret,
    new_secret,
    new_short_secret,
    new_spoken_code,
)
from service.accounts.tables import LinkKind, Organizer, SignInLink
from service.db import new_id
from service.errors import InvalidValue, SignInNeeded
from service.privacy.policy import Viewer

LINK_LIFE = timedelta(hours=12)
INVITATION_LIFE = timedelta(hours=24)
MOST_WRONG_TRIES = 5


def make_link(session: Session, organizer: Organizer, *, now: datetime) -> str:
    """Return the secret of a link that signs in by itself. It works only where the demo runs."""
    return _make(session, organizer.id, LinkKind.DEMO, new_secret(), now + LINK_LIFE)


def make_invitation(session: Session, organizer_id: UUID, *, now: datetime) -> str:
    """Return the secret of an invitation to show once. Older ones of theirs stop working."""
    _void(session, organizer_id)
    return _make(session, organizer_id, LinkKind.INVITATION, new_secret(), now + INVITATION_LIFE)


def make_texted_invitation(
    session: Session, organizer_id: UUID, *, now: datetime
) -> tuple[str, str]:
    """Return the secret of an invitation to send by text, and the digits to say aloud beside it.

    A number never authenticates: who reads the text alone gets no further. Older invitations of
    theirs stop working.
    """
    _void(session, organizer_id)
    spoken = new_spoken_code()
    secret = _make(
        session, organizer_id, LinkKind.INVITATION, new_short_secret(), now + INVITATION_LIFE,
        spoken_hash=hash_secret(spoken),
    )  # fmt: skip
    return secret, spoken


def find_link(session: Session, secret: str, *, now: datetime) -> SignInLink | None:
    """Return a link that would still work, or None. Does not use it up."""
    link = session.exec(
        select(SignInLink).where(SignInLink.secret_hash == hash_secret(secret))
    ).first()
    if link is None or link.used_at is not None or link.expires_at <= now:
        return None
    organizer = session.get(Organizer, link.organizer_id)
    return link if organizer is not None and organizer.is_active else None


def check_spoken(session: Session, link: SignInLink, typed: str) -> None:
    """Check the digits that the inviter said. Raises InvalidValue on `spoken`.

    After MOST_WRONG_TRIES wrong ones the link is void. The caller commits in either case: a wrong
    try that was rolled back would not count.
    """
    if link.spoken_hash is None:
        return
    digits = "".join(letter for letter in typed if letter.isascii() and letter.isdigit())
    if hmac.compare_digest(hash_secret(digits), link.spoken_hash):
        return
    link.wrong_tries += 1
    if link.wrong_tries >= MOST_WRONG_TRIES:
        link.used_at = link.expires_at
    session.add(link)
    raise InvalidValue("spoken", "wrong_spoken_code")


def use_link(session: Session, secret: str, *, now: datetime) -> Organizer:
    """Use the link up; return whose it is. Raises SignInNeeded when somebody was quicker."""
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
    return session.get_one(Organizer, used[0])


def viewer_of(organizer: Organizer) -> Viewer:
    """Return the organizer as the privacy policy sees them."""
    return Viewer(organizer.role, organizer.name, organizer.id, organizer.chapter_id)


def _void(session: Session, organizer_id: UUID) -> None:
    session.exec(
        delete(SignInLink).where(
            col(SignInLink.organizer_id) == organizer_id,
            col(SignInLink.kind) == LinkKind.INVITATION,
            col(SignInLink.used_at).is_(None),
        )
    )


def _make(
    session: Session, organizer_id: UUID, kind: LinkKind, secret: str, expires_at: datetime,
    spoken_hash: bytes | None = None,
) -> str:  # fmt: skip
    session.add(
        SignInLink(
            id=new_id(), organizer_id=organizer_id, kind=kind, secret_hash=hash_secret(secret),
            spoken_hash=spoken_hash, expires_at=expires_at,
        )
    )  # fmt: skip
    return secret
