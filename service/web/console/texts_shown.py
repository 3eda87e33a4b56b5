"""A chapter's texts as their pages show them: what is its own, what fell behind, what was said before."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from sqlmodel import Session

from service.blasts.compose import fill
from service.chapters.examples import examples_of
from service.chapters.find import get_chapter
from service.chapters.own_texts import CANNED, TEXT, every_history, history_of, newest
from service.chapters.tables import OwnText
from service.messages.catalog import LANGUAGES, Catalog
from service.messages.rewording import load_rules, most_parts
from service.messages.segments import cheaper_table
from service.web.console.desk import Desk
from service.web.console.previews import bubbles
from service.web.console.writing import Texts


@dataclass(frozen=True)
class TextShown:
    """One text. says: what is sent now.   behind: the language that a newer change left as it was.

    no_longer_fits: languages whose own words are not sent, since the original has changed.
    """

    key: str
    to: str
    group: str
    fixed: str
    says: Mapping[str, str]
    original: Mapping[str, str]
    own: frozenset[str]
    behind: str
    no_longer_fits: tuple[str, ...]

    @property
    def is_own(self) -> bool:
        """Whether the chapter has words of its own for it."""
        return bool(self.own)


@dataclass(frozen=True)
class Change:
    """One line of a text's history. An empty `after` of a text is the original; of a reply, its end.

    is_the_same: somebody only saw that it is right as it is.
    """

    id: UUID
    language: str
    before: str
    after: str
    made_by: str
    made_at: datetime
    is_now: bool
    is_the_same: bool


def texts_shown(session: Session, desk: Desk) -> list[TextShown]:
    """Return every text, group by group, as this chapter sends it."""
    own = newest(session, desk.chapter_id, TEXT)
    catalog, groups = desk.wiring.catalog, load_rules().groups
    return [_shown(catalog, key, own.get(key, {})) for group in groups.values() for key in group]


def text_shown(session: Session, desk: Desk, key: str) -> TextShown:
    """Return one text."""
    return _shown(desk.wiring.catalog, key, newest(session, desk.chapter_id, TEXT).get(key, {}))


def find_texts(every: Iterable[TextShown], *, group: str, words: str) -> list[TextShown]:
    """Return the texts of a group, or those in which all these words are, in either language."""
    if not words:
        return [one for one in every if one.group == group]
    wanted = _bare(words).split()
    return [
        one for one in every
        if any(all(each in _bare(says) for each in wanted) for says in one.says.values())
    ]  # fmt: skip


def counter_of(session: Session, desk: Desk, key: str, typed: Mapping[str, str]) -> Texts:
    """Return both texts as they are typed: an example as it arrives, and the parts at their longest."""
    catalog = desk.wiring.catalog
    chapter = get_chapter(session, desk.chapter_id)
    examples = examples_of(session, chapter, catalog, now=desk.now)
    counted, frames, most = {}, {}, {}
    for language in LANGUAGES:
        usual, longest = examples[language].usual, examples[language].longest
        body = fill(typed.get(f"text_{language}", ""), usual).strip()
        if body:
            at_most = fill(typed[f"text_{language}"], longest).strip()
            counted[language] = bubbles({language: body}, longest={language: at_most})[0]
        most[language] = most_parts(catalog, key, language, longest)
        needed = catalog.template(key).placeholders
        frame = {
            "values": {name: usual[name] for name in needed},
            "longest": {name: longest[name] for name in needed},
            "most": most[language],
            "cheaper": cheaper_table(),
        }
        frames[language] = json.dumps(frame, ensure_ascii=False)
    places = tuple(sorted(catalog.template(key).placeholders))
    needed = load_rules().needed(catalog, key)
    return Texts(tuple(LANGUAGES), places, counted, frames, needed=needed, most=most)


def changes_of(session: Session, desk: Desk, key: str) -> list[Change]:
    """Return the history of a text, newest first; `after` and `before` are what was really said."""
    original = desk.wiring.catalog.template(key).says
    return changes(history_of(session, desk.chapter_id, TEXT + key), original, blank=original)


def reply_changes(session: Session, desk: Desk, key: str, usual: Mapping[str, str]) -> list[Change]:
    """Return the history of a reply at hand, newest first; "" after it was taken off the list."""
    return changes(history_of(session, desk.chapter_id, CANNED + key), usual)


def every_reply_change(
    session: Session, desk: Desk, usual: Mapping[str, Mapping[str, str]]
) -> list[tuple[str, list[Change]]]:
    """Return (key, history) of every reply that was ever changed, the newest change first."""
    found = [
        (key, changes(rows, usual.get(key, {})))
        for key, rows in every_history(session, desk.chapter_id, CANNED).items()
    ]
    return sorted(found, key=lambda one: one[1][0].made_at, reverse=True)


def changes(
    rows: Iterable[OwnText], usual: Mapping[str, str], *, blank: Mapping[str, str] | None = None
) -> list[Change]:
    """Return rows, newest first, each with what was said before it: `usual` before the first.

    blank: what is said where a row says nothing.
    """
    before, found = dict(usual), []
    ordered = list(rows)[::-1]
    last = {row.language: row.id for row in ordered}

    def said(words: str, language: str) -> str:
        return words or (blank or {}).get(language, "")

    for row in ordered:
        is_the_same = said(before.get(row.language, ""), row.language) == said(
            row.says, row.language
        )
        found.append(
            Change(
                row.id, row.language, before.get(row.language, ""), row.says, row.made_by,
                row.made_at, is_now=last[row.language] == row.id,
                is_the_same=is_the_same,
            )
        )  # fmt: skip
        before[row.language] = row.says
    return found[::-1]


def _shown(catalog: Catalog, key: str, rows: Mapping[str, OwnText]) -> TextShown:
    template, rules = catalog.template(key), load_rules()
    own = {language: row.says for language, row in rows.items() if row.says}
    fits = {
        language: says for language, says in own.items()
        if key not in rules.fixed and catalog.takes(key, says)
    }  # fmt: skip
    return TextShown(
        key=key, to=template.to, group=rules.group_of(key), fixed=rules.fixed.get(key, ""),
        says={**template.says, **fits}, original=template.says, own=frozenset(fits),
        behind=_behind(rows), no_longer_fits=tuple(sorted(own.keys() - fits.keys())),
    )  # fmt: skip


def _behind(rows: Mapping[str, OwnText]) -> str:
    """Return the language that was not looked at when the other one was changed last, or ""."""
    if not any(row.says for row in rows.values()):
        return ""
    made = [(rows[each].made_at if each in rows else None, each) for each in LANGUAGES]
    newest_at = max(at for at, _ in made if at is not None)
    return next((language for at, language in made if at != newest_at), "")


@lru_cache(maxsize=2_000)
def _bare(words: str) -> str:
    """Return words without accents and capitals: who looks for "manana" finds it."""
    return "".join(
        letter for letter in unicodedata.normalize("NFKD", words.casefold())
        if not unicodedata.combining(letter)
    )  # fmt: skip
