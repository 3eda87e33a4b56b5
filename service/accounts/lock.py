"""A code that stops everything by text: shown once on the account page, kept as a keyed hash.

A number identifies and never authenticates: whoever forges the sender of a text lacks the code, and
whoever finds a phone does too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from service.accounts import guesses
from service.accounts.secrets import new_spoken_code
from service.accounts.sessions import end_all
from service.accounts.sign_in import viewer_of
from service.accounts.tables import LockCode, Organizer
from service.accounts.tokens import revoke_all
from service.privacy import audit
from service.privacy.keyring import Keyring
from service.privacy.policy import LADDER, Role, is_at_least


def make_lock_code(
    session: Session, keyring: Keyring, organizer: Organizer, *, now: datetime
) -> str:
    """Return a new code, shown this once; the one before stops working."""
    code = new_spoken_code()
    row = session.get(LockCode, organizer.id) or LockCode(
        organizer_id=organizer.id, code_key=b"", made_at=now
    )
    row.code_key, row.made_at = _key(keyring, organizer, code), now
    session.add(row)
    audit.record(
        session, actor=viewer_of(organizer), action="lock.code", subject="organizer", now=now
    )
    return code


def has_lock_code(session: Session, organizer_id: UUID) -> bool:
    """Return whether a code of theirs works."""
    return session.get(LockCode, organizer_id) is not None


def waits(session: Session, organizer: Organizer, *, now: datetime) -> timedelta:
    """Return for how long no code is looked at, after too many wrong ones."""
    return guesses.waits(session, _name(organizer), now=now)


def use_lock_code(
    session: Session, keyring: Keyring, organizer: Organizer, typed: str, *, now: datetime
) -> bool:
    """Return whether this is their code, and use it up. A wrong one is counted and on the record."""
    row = session.get(LockCode, organizer.id)
    digits = "".join(letter for letter in typed if letter.isascii() and letter.isdigit())
    if row is None or row.code_key != _key(keyring, organizer, digits):
        guesses.note_wrong(session, _name(organizer), now=now)
        audit.record(
            session, actor=viewer_of(organizer), action="lock.wrong_code", subject="organizer",
            now=now,
        )  # fmt: skip
        return False
    session.delete(row)
    guesses.forget(session, _name(organizer))
    return True


def end_every_session(session: Session, chapter_id: UUID, *, now: datetime) -> int:
    """Sign every organizer of the chapter out, everywhere; return how many sessions were open.

    Their tokens for the API end too: who holds a stolen one is out as well.
    """
    ids = session.exec(select(Organizer.id).where(Organizer.chapter_id == chapter_id)).all()
    for organizer_id in ids:
        revoke_all(session, organizer_id, now=now)
    return sum(end_all(session, organizer_id, now=now) for organizer_id in ids)


def organizer_at(session: Session, person_id: UUID, *, least: Role) -> Organizer | None:
    """Return the organizer whose own phone this person is, if they may do what `least` may."""
    rows = session.exec(
        select(Organizer).where(Organizer.person_id == person_id, col(Organizer.is_active))
    ).all()
    fitting = [row for row in rows if is_at_least(row.role, least)]
    return max(fitting, key=lambda row: LADDER.index(row.role), default=None)


def organizers_with_phones(session: Session, chapter_id: UUID) -> Sequence[Organizer]:
    """Return the chapter's organizers whose own phone we know."""
    return session.exec(
        select(Organizer).where(
            Organizer.chapter_id == chapter_id,
            col(Organizer.is_active),
            col(Organizer.person_id).is_not(None),
        )
    ).all()


def _name(organizer: Organizer) -> str:
    return f"lock {organizer.id.hex}"


def _key(keyring: Keyring, organizer: Organizer, digits: str) -> bytes:
    return keyring.word_key(f"lock {organizer.id.hex} {digits}")
