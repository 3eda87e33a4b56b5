"""A member vouches for somebody: four digits, handed over in person, that work once."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, delete, func, select, update

from service.db import new_id
from service.db.insert import insert_new
from service.errors import WrongState
from service.people.members import standing_of, trust_in
from service.people.tables import VETTED_LEVEL, Person, VouchCode
from service.privacy.keyring import Keyring

LASTS = timedelta(days=7)
MOST_OPEN = 5  # codes of one member that nobody has used yet
VOUCHED_LEVEL = 1


def make_vouch_code(
    session: Session, keyring: Keyring, chapter_id: UUID, person: Person, *, now: datetime
) -> str | None:
    """Return a new code of four digits for one chapter; None if this person may not vouch there.

    Nor may who has enough open ones.

    Raises WrongState when no free code was found, which takes thousands of open ones.
    """
    if trust_in(session, person.id, chapter_id) < VETTED_LEVEL:
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
            "id": new_id(), "chapter_id": chapter_id, "code_key": _key(keyring, code),
            "made_by": person.id, "made_at": now, "expires_at": now + LASTS,
        }  # fmt: skip
        new = insert_new(session, VouchCode).values(**row).returning(col(VouchCode.id))
        if session.execute(new).first() is not None:
            return code
    raise WrongState("wrong_state", "no vouching code is free")


def use_vouch_code(
    session: Session, keyring: Keyring, chapter_id: UUID, person: Person, code: str, *,
    now: datetime,
) -> bool:  # fmt: skip
    """Raise somebody to vouched in a chapter by its open code; return whether it was. Works once."""
    used = session.execute(
        update(VouchCode)
        .where(
            col(VouchCode.chapter_id) == chapter_id,
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
    standing = standing_of(session, person.id, chapter_id)
    if standing is not None:
        standing.vetting = max(standing.vetting, VOUCHED_LEVEL)
        standing.vouched_by = used[0]
        session.add(standing)
    session.flush()
    return True


def _key(keyring: Keyring, code: str) -> bytes:
    return keyring.word_key(f"vouch {code}")
