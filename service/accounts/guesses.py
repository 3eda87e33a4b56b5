"""Slow guessing down, name by name, without locking anybody out for long.

Five wrong codes in a row, then a pause of one minute that doubles up to fifteen. A passkey and a
recovery code can't be guessed, so neither ever waits: the owner gets in whatever others try. A
name that nobody has is treated alike.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, col, delete

from service.accounts.secrets import hash_secret
from service.accounts.tables import Guess

FREE_TRIES = 5
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=15)
FORGET_AFTER = timedelta(days=1)


def plain_name(sign_in_name: str) -> str:
    """Return a sign-in name as it is stored, however it was typed."""
    return "-".join(sign_in_name.strip().casefold().split())


def pause_after(wrong: int) -> timedelta:
    """Return how long to wait after so many wrong codes in a row."""
    if wrong < FREE_TRIES:
        return timedelta(0)
    doublings = min(wrong - FREE_TRIES, 10)
    return min(FIRST_PAUSE * int(2**doublings), LONGEST_PAUSE)


def waits(session: Session, sign_in_name: str, *, now: datetime) -> timedelta:
    """Return how long nobody may try a code for this name: zero when they may."""
    row = session.get(Guess, hash_secret(plain_name(sign_in_name)))
    return max(row.wait_until - now, timedelta(0)) if row is not None else timedelta(0)


def note_wrong(session: Session, sign_in_name: str, *, now: datetime) -> None:
    """Count a wrong code. Forgets names that have been quiet for a day."""
    session.exec(delete(Guess).where(col(Guess.wrong_at) < now - FORGET_AFTER))
    key = hash_secret(plain_name(sign_in_name))
    row = session.get(Guess, key) or Guess(name_hash=key, wrong=0, wrong_at=now, wait_until=now)
    row.wrong += 1
    row.wrong_at = now
    row.wait_until = now + pause_after(row.wrong)
    session.add(row)


def forget(session: Session, sign_in_name: str) -> None:
    """Begin anew: the owner has signed in."""
    row = session.get(Guess, hash_secret(plain_name(sign_in_name)))
    if row is not None:
        session.delete(row)
