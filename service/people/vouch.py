"""A member vouches for somebody: four digits, handed over in person, that work once."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, func, select, update

from service.db import new_id
from service.db.insert import insert_new
from service.errors import WrongState
from service.people.tables import VETTED_LEVEL, Person, Volunteer, VouchCode
from service.privacy.keyring import Keyring

LASTS = timedelta(days=7)
MOST_OPEN = 5  # codes of one member that nobody has used yet
VOUCHED_LEVEL = 1


def make_vouch_code(
    session: Session, keyring: Keyring, person: Person, *, now: datetime
) -> str | None:
    """Return a new code of four digits; None if this person may not vouch, or has enough open ones.

    Raises WrongState when no free code was found, which takes thousands of open ones.
    """
    volunteer = session.get(Volunteer, person.id)
    if volunteer is None or volunteer.vetting < VETTED_LEVEL:
        return None
    mine = select(func.count()).where(
        col(VouchCode.made_by) == person.id,
        col(VouchCode.used_at).is_(None),
        col(VouchCode.expires_at) > now,
    )
    if session.exec(mine).one() >= MOST_OPEN:
        return None
    session.exec(delete(VouchCode).where(col(VouchCode.expires_at) <= now))
    for _ in range(20):
        code = f"{secrets.randbelow(10_000):04}"
        row = {
            "id": new_id(), "chapter_id": person.chapter_id, "code_key": _key(keyring, code),
            "made_by": person.id, "made_at": now, "expires_at": now + LASTS,
        }  # fmt: skip
        new = insert_new(session, VouchCode).values(**row).returning(col(VouchCode.id))
        if session.execute(new).first() is not None:
            return code
    raise WrongState("wrong_state", "no vouching code is free")


def use_vouch_code(
    session: Session, keyring: Keyring, volunteer: Volunteer, person: Person, code: str, *,
    now: datetime,
) -> bool:  # fmt: skip
    """Raise somebody to vouched by a code that is open; return whether it was. Each works once."""
    used = session.execute(
        update(VouchCode)
        .where(
            col(VouchCode.chapter_id) == person.chapter_id,
            col(VouchCode.code_key) == _key(keyring, code),
            col(VouchCode.used_at).is_(None),
            col(VouchCode.expires_at) > now,
            col(VouchCode.made_by) != person.id,
        )
        .values(used_by=person.id, used_at=now)
        .returning(col(VouchCode.made_by))
    ).first()
    if used is None:
        return False
    volunteer.vetting = max(volunteer.vetting, VOUCHED_LEVEL)
    volunteer.vouched_by = used[0]
    session.add(volunteer)
    session.flush()
    return True


def _key(keyring: Keyring, code: str) -> bytes:
    return keyring.word_key(f"vouch {code}")
