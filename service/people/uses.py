"""How often something may be asked for on pages that are open to everybody.

Counted in the database, so that several web processes count together, under keys that only we can
make: no number and no address is written down.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlmodel import Session, col, delete

from service.db.insert import insert_or_add
from service.errors import TooMany
from service.people.tables import FormUse
from service.privacy.keyring import Keyring


@dataclass(frozen=True)
class Limit:
    """At most `most` within each `window`, counted from fixed starts. code: tells it to people."""

    most: int
    window: timedelta
    code: str = "too_many_tries"

    def starts_at(self, now: datetime) -> datetime:
        """Return when the window that holds `now` began."""
        epoch = datetime(2020, 1, 1, tzinfo=UTC)
        return epoch + (now - epoch) // self.window * self.window


HOUR, DAY, MONTH = timedelta(hours=1), timedelta(days=1), timedelta(days=30)
# Texts that a form makes us send, to one phone: nobody can use us to pester somebody.
A_PHONE = (Limit(3, HOUR, "too_many_texts"), Limit(6, DAY, "too_many_texts_today"))
# Whether they signed up is asked of a phone this often, whoever fills the form in.
ASKED_TO_JOIN = (Limit(2, DAY, "asked_to_join"), Limit(3, MONTH, "asked_to_join"))
# And in all, for each kind of text: nobody can use us to pester many.
A_CHAPTER = (Limit(60, HOUR, "too_busy"), Limit(300, DAY, "too_busy"))


def count_use(
    session: Session, keyring: Keyring, what: str, limits: tuple[Limit, ...], *, now: datetime
) -> None:
    """Count one use of `what`. Raises TooMany with the first limit's code that it would break.

    The caller's transaction holds the count: what is rolled back was not used.
    """
    for limit in limits:
        starts_at = limit.starts_at(now)
        key = keyring.word_key(f"use {what} {limit.window} {starts_at.isoformat()}")
        row = {"key": key, "uses": 1, "until": starts_at + limit.window}
        uses = session.execute(insert_or_add(session, FormUse, row, "key", "uses")).scalar_one()
        if uses > limit.most:
            raise TooMany(limit.code)


def forget_uses(session: Session, *, now: datetime) -> int:
    """Forget the counts of windows that are over; return how many. Safe to run twice."""
    return session.exec(delete(FormUse).where(col(FormUse.until) <= now)).rowcount
