"""A chapter's own words: replies that its organizers have at hand.

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
from service.privacy import audit
from service.privacy.policy import Viewer

CANNED = "canned."  # before the keys of replies at hand


@dataclass(frozen=True)
class Canned:
    """One reply at hand, language -> words. `key` without CANNED; is_own: not the product's."""

    key: str
    says: Mapping[str, str]
    is_own: bool


def own_texts(session: Session, chapter_id: UUID) -> dict[str, dict[str, OwnText]]:
    """Return what counts now: key -> language -> its newest row, "" where that was taken back."""
    found: dict[str, dict[str, OwnText]] = {}
    query = select(OwnText).where(OwnText.chapter_id == chapter_id).order_by(col(OwnText.id))
    for row in session.exec(query):
        found.setdefault(row.key, {})[row.language] = row
    return found


def history_of(session: Session, chapter_id: UUID, key: str) -> Sequence[OwnText]:
    """Return every change of one text, newest first."""
    query = select(OwnText).where(OwnText.chapter_id == chapter_id, OwnText.key == key)
    return session.exec(query.order_by(col(OwnText.id).desc())).all()


def say(
    session: Session, chapter: Chapter, key: str, says: Mapping[str, str], *, by: Viewer,
    now: datetime,
) -> None:  # fmt: skip
    """Let the chapter say `key` in these words, language -> words; "" takes them back.

    Writes only what is new, on the record; which words, the rows say. The caller has checked them.
    """
    known = own_texts(session, chapter.id).get(key, {})
    new = {
        language: words
        for language, words in says.items()
        if words != (known[language].says if language in known else "") or
        (key.startswith(CANNED) and language not in known)
    }  # fmt: skip
    for language, words in new.items():
        session.add(
            OwnText(
                id=new_id(), chapter_id=chapter.id, key=key, language=language, says=words,
                made_by=by.name, made_at=now,
            )
        )  # fmt: skip
    if not new:
        return
    session.exec(
        update(Chapter)
        .where(col(Chapter.id) == chapter.id)
        .values(texts_version=Chapter.texts_version + 1)
    )
    session.expire(chapter, ["texts_version"])
    audit.record(
        session, actor=by, action="settings.text", subject=f"chapter:{chapter.id.hex}", now=now,
        detail=f"{key} {', '.join(sorted(new))}",
    )  # fmt: skip


def canned_replies(
    session: Session, chapter_id: UUID, usual: Mapping[str, Mapping[str, str]]
) -> list[Canned]:
    """Return the replies at hand: the product's `usual` (key -> language -> words), then own ones."""
    own = {
        key.removeprefix(CANNED): {language: row.says for language, row in rows.items()}
        for key, rows in own_texts(session, chapter_id).items()
        if key.startswith(CANNED)
    }
    every = [(key, own.get(key, says), key in own) for key, says in usual.items()]
    every += [(key, says, True) for key, says in own.items() if key not in usual]
    return [Canned(key, says, is_own) for key, says, is_own in every if any(says.values())]
