"""Codes texted to an organizer's own phone: a number never authenticates, a fresh code on it does."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, delete, select

from service.accounts.secrets import hash_secret
from service.accounts.tables import CodeFor, Organizer, TextCode
from service.db import new_id

DIGITS = 4
LIVES = {
    CodeFor.PHONE: timedelta(minutes=10),
    CodeFor.APPROVE: timedelta(hours=2),
    CodeFor.UNDO: timedelta(hours=2),
}
MOST_WRONG = 5  # of ten thousand; then it takes a new code


@dataclass(frozen=True)
class Used:
    """A code that was good: whose it was, and what it is about."""

    organizer_id: UUID
    person_id: UUID
    about: str


def make_code(
    session: Session, organizer: Organizer, person_id: UUID, purpose: CodeFor, *, about: str = "",
    now: datetime,
) -> str:  # fmt: skip
    """Return new digits to text to `person_id`; those sent before for the same thing stop working.

    Digits that already wait on this phone are never made again: each names one thing.
    """
    drop_codes(session, purpose, about, organizer_id=organizer.id)
    waiting = {code.code_hash for code in _waiting(session, person_id, now)}
    while True:
        digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        if _hash(person_id, digits) not in waiting:
            break
    session.add(
        TextCode(
            id=new_id(), organizer_id=organizer.id, person_id=person_id, purpose=purpose,
            about=about, code_hash=_hash(person_id, digits), made_at=now,
            expires_at=now + LIVES[purpose],
        )
    )  # fmt: skip
    session.flush()
    return digits


def use_code(
    session: Session, person_id: UUID, purpose: CodeFor, digits: str, *, now: datetime,
    organizer_id: UUID | None = None,
) -> Used | None:  # fmt: skip
    """Use a code up and return whose it was; None for a wrong, old or used one, which is counted.

    The caller commits either way: a wrong try that was rolled back would not count.
    """
    waiting = [
        code
        for code in _waiting(session, person_id, now)
        if code.purpose is purpose and organizer_id in (None, code.organizer_id)
    ]
    for code in waiting:
        if secrets.compare_digest(code.code_hash, _hash(person_id, digits)):
            code.used_at = now
            session.add(code)
            session.flush()
            return Used(code.organizer_id, code.person_id, code.about)
    for code in waiting:
        code.wrong_tries += 1
        session.add(code)
    session.flush()
    return None


def drop_codes(
    session: Session, purpose: CodeFor, about: str, *, organizer_id: UUID | None = None
) -> None:
    """Make the codes about this stop working. Safe to run twice."""
    which = delete(TextCode).where(col(TextCode.purpose) == purpose, col(TextCode.about) == about)
    if organizer_id is not None:
        which = which.where(col(TextCode.organizer_id) == organizer_id)
    session.exec(which)


def _waiting(session: Session, person_id: UUID, now: datetime) -> list[TextCode]:
    query = select(TextCode).where(
        TextCode.person_id == person_id,
        col(TextCode.used_at).is_(None),
        TextCode.expires_at > now,
        TextCode.wrong_tries < MOST_WRONG,
    )
    return list(session.exec(query.with_for_update()))


def _hash(person_id: UUID, digits: str) -> bytes:
    return hash_secret(f"{person_id.hex}:{digits}")
