"""The words of days and times (lexicon/when.toml) as patterns, and a text made plain for them. Pure."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

import regex

from service.replies.lexicon import SHORTEST_SLIP, near, neighbors


class Words:
    """when.toml, as patterns."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.table = table
        self._numbers = {
            section: {word: int(n) for n, words in table[section].items() for word in words}
            for section in ("weekdays", "months", "numbers")
        }
        own = self._numbers["numbers"]
        self.known = frozenset(regex.findall(r"[a-z]{2,}", str(table)))
        days = [*self._numbers["weekdays"], *self._numbers["months"]]
        self.near = neighbors([word for word in days if len(word) >= SHORTEST_SLIP])
        self.counts = alternatives(own)
        self.days = rf"\d{{1,2}}|{alternatives(w for w in own if w not in _ARTICLES)}"
        self.later_days = alternatives(w for w, n in own.items() if n > 3 and w not in _ARTICLES)
        self.hours = alternatives(w for w, n in own.items() if n <= 12 and w not in _NOT_HOURS)
        self.spanish_months = alternatives(
            m for m in self._numbers["months"] if m.endswith("o") or m in _SPANISH
        )

    def alt(self, section: str, name: str = "") -> str:
        """Return the words of a section as one alternative, longest first."""
        return alternatives(self.table[section][name] if name else self._numbers[section])

    def alternatives_of(self, section: str) -> str:
        """Return the words of a section without names as one alternative."""
        return alternatives(self.table[section]["words"])

    def names(self, section: str) -> Collection[str]:
        """Return every word of a section of numbers."""
        return self._numbers[section].keys()

    def by_number(self, section: str) -> Iterator[tuple[int, str]]:
        """Yield each number with its words, the longest first of all: "pasado mañana"."""
        rows = [(int(n), words) for n, words in self.table[section].items()]
        for number, words in sorted(rows, key=lambda row: -max(len(w) for w in row[1])):
            yield number, alternatives(words)

    def number(self, section: str, word: str) -> int:
        return self._numbers[section][regex.sub(r"\s+", " ", word)]


LONGEST = 500  # letters; a longer text says at its beginning what it is about

_ARTICLES = ("a", "an", "un", "una", "couple of", "a couple of", "media")
_NOT_HOURS = (
    "a",
    "an",
    "un",
    "couple of",
    "a couple of",
    "first",
    "second",
    "third",
    "primero",
    "primer",
)
_SPANISH = (
    "ene", "febrer", "abril", "abr", "septiembre", "setiembre", "octubre", "octobre", "noviembre",
    "nobiembre", "diciembre", "disiembre", "dic",
)  # fmt: skip


@cache
def load_words() -> Words:
    file = resources.files("service.replies.lexicon").joinpath("when.toml")
    return Words(tomllib.loads(file.read_text("utf-8")))


@cache
def compiled(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern)


def alternatives(words: Iterable[str]) -> str:
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return "|".join(regex.escape(word).replace("\\ ", r"\s+") for word in longest_first)


def _spelt(match: regex.Match[str]) -> str:
    """Return the weekday or month that a word is a slip away from; any other word as it is."""
    words = load_words()
    return near(match[0], words.known, words.near)


def plain(text: str) -> str:
    """Return a text without capitals and accents, "a.m." and "o'clock" in one form."""
    letters = unicodedata.normalize("NFKD", regex.sub("[ºª°]", "", text.casefold()))
    said = regex.sub(r"([^\w\s])\1+", r"\1", regex.sub(r"\p{M}", "", letters))[:LONGEST]
    said = regex.sub(r"(?<=[a-z])-(?=[a-z])", " ", regex.sub(r"[–—−]", "-", said))
    said = regex.sub(r"(?<=\d)\s*([ap])\s?\.?\s?m\b\.?", r" \1m", said)
    said = regex.sub(r"(?<=\d)([ap])\b", r" \1m", said)  # 2:15p
    said = regex.sub(r"\b(\d{1,2}(?::\d\d)?)\s?-?ish\b", r"at \1", said)
    said = regex.sub(r"\bd\b", "de", said)
    said = regex.sub(r"[a-z]{6,}", _spelt, said)
    said = regex.sub(r"o['’]?\s?clock", "oclock", said)
    said = regex.sub(r"\bala(s?)\b(?=\s*\w)", r"a la\1", said)
    return regex.sub(r"['’](?!\d\d\b)", "", regex.sub(r"\s+", " ", said))
