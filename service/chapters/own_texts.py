"""A chapter's own words: replies that its organizers have at hand, and texts that we send on our own.

Every change is a new row: what was said before, by whom and when, stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select, update

from service.chapters.tables import Chapter, OwnText
from service.db import new_id
from service.errors import NotFound
from service.privacy import audit
from service.privacy.policy import Viewer

CANNED = "canned."  # before the keys of replies at hand
TEXT = "text."  # before the keys of texts of messages/*.toml
CHANGED = "own texts changed"  # in a session's info: what others know is not yet what it wrote


@dataclass(frozen=True)
class Canned:
    """One reply at hand, language -> words. `key` without CANNED; is_own: not the product's."""

    key: str
    says: Mapping[str, str]
    is_own: bool


def newest(session: Session, chapter_id: UUID, prefix: str) -> dict[str, dict[str, OwnText]]:
    """Return what counts now of the keys that begin with CANNED or TEXT, without it.

    key -> language -> its newest row; `says` is "" where that was taken back.
    """
    return {
        key: {row.language: row for row in reversed(rows)}
        for key, rows in every_history(session, chapter_id, prefix).items()
    }


def every_history(session: Session, chapter_id: UUID, prefix: str) -> dict[str, list[OwnText]]:
    """Return every change of the keys that begin with CANNED or TEXT, without it: newest first."""
    found: dict[str, list[OwnText]] = {}
    query = select(OwnText).where(
        OwnText.chapter_id == chapter_id, col(OwnText.key).startswith(prefix, autoescape=True)
    )
    for row in session.exec(query.order_by(col(OwnText.id).desc())):
        found.setdefault(row.key.removeprefix(prefix), []).append(row)
    return found


def history_of(session: Session, chapter_id: UUID, key: str) -> Sequence[OwnText]:
    """Return every change of one text, newest first. `key` with CANNED or TEXT."""
    query = select(OwnText).where(OwnText.chapter_id == chapter_id, OwnText.key == key)
    return session.exec(query.order_by(col(OwnText.id).desc())).all()


def said_before(session: Session, chapter_id: UUID, key: str, row_id: UUID) -> OwnText:
    """Return one row of a text's history. Raises NotFound."""
    row = session.get(OwnText, row_id)
    if row is None or (row.chapter_id, row.key) != (chapter_id, key):
        raise NotFound(None, f"no earlier words {row_id} of {key}")
    return row


def say(
    session: Session, chapter: Chapter, key: str, says: Mapping[str, str], *, by: Viewer,
    now: datetime, all_looked_at: bool = False,
) -> bool:  # fmt: skip
    """Let the chapter say `key` in these words, language -> words; "" takes them back.

    Writes only what is new, on the record, and returns whether anything was; which words, the rows
    say. all_looked_at: once one language is new the others are written down too, for they were seen
    to be right as they are. The caller has checked the words.
    """
    known = {row.language: row.says for row in reversed(history_of(session, chapter.id, key))}
    new = {
        language: words
        for language, words in says.items()
        if words != known.get(language, "") or
        (key.startswith(CANNED) and language not in known)
    }  # fmt: skip
    if all_looked_at and new:
        new = dict(says)
    for language, words in new.items():
        session.add(
            OwnText(
                id=new_id(), chapter_id=chapter.id, key=key, language=language, says=words,
                made_by=by.name, made_at=now,
            )
        )  # fmt: skip
    if not new:
        return False
    session.exec(
        update(Chapter)
        .where(col(Chapter.id) == chapter.id)
        .values(texts_version=Chapter.texts_version + 1)
    )
    session.expire(chapter, ["texts_version"])
    session.info[CHANGED] = True
    audit.record(
        session, actor=by, action="settings.text", subject=f"chapter:{chapter.id.hex}", now=now,
        detail=f"{key} {', '.join(sorted(new))}",
    )  # fmt: skip
    return True


def canned_replies(
    session: Session, chapter_id: UUID, usual: Mapping[str, Mapping[str, str]]
) -> list[Canned]:
    """Return the replies at hand: the product's `usual` (key -> language -> words), then own ones."""
    own = {
        key: {language: row.says for language, row in rows.items()}
        for key, rows in newest(session, chapter_id, CANNED).items()
    }
    every = [(key, own.get(key, says), key in own) for key, says in usual.items()]
    every += [(key, says, True) for key, says in own.items() if key not in usual]
    return [Canned(key, says, is_own) for key, says, is_own in every if any(says.values())]
