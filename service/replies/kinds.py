"""Words by their kind, a letter each, so that a rule over sentences is a pattern over letters. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise

import regex

from service.replies.lexicon import bare
from service.replies.reading import Words

UNKNOWN = "."
_STRONG, _WEAK = regex.compile(r"[.!;\n…]"), regex.compile(r"[,:()\-–—/\"“”]")


@dataclass(frozen=True, slots=True)
class Kinds:
    """Phrases and the letters of their kind, with the longest phrase that each first word begins."""

    letters: Mapping[str, str]
    longest: Mapping[str, int]

    def spell(self, words: Words) -> str:
        """Return the letters of a text: kinds, "." for other words, "," ";" and "?" for its marks.

        A phrase of several words is one kind, and the longest wins; none goes across a mark.
        """
        tokens, spelt, place = words.tokens, [], 0
        marks = _marks(words)
        while place < len(tokens):
            spelt.append(marks[place])
            length, most = 0, self.longest.get(tokens[place].bare, 0)
            while (
                length < most
                and place + length < len(tokens)
                and not (length and marks[place + length])
            ):
                length += 1
            while length and (kind := self.letters.get(_said(words, place, length))) is None:
                length -= 1
            spelt.append(kind if length and kind is not None else UNKNOWN)
            place += length or 1
        spelt.append(marks[-1])
        return "".join(spelt)


def load_kinds(name: str, letters: Mapping[str, str]) -> Kinds:
    """Return the kinds of lexicon/<name>.toml, spelt with the letters given for each table."""
    file = resources.files("service.replies.lexicon").joinpath(f"{name}.toml")
    spelt: dict[str, str] = {}
    longest: dict[str, int] = {}
    for kind, languages in tomllib.loads(file.read_text("utf-8")).items():
        for written in (phrase for phrases in languages.values() for phrase in phrases):
            words = [bare(word) for word in written.split()]
            spelt.setdefault(" ".join(words), letters[kind])
            longest[words[0]] = max(longest.get(words[0], 0), len(words))
    return Kinds(spelt, longest)


def _said(words: Words, place: int, length: int) -> str:
    tokens = words.tokens
    if length == 1:
        return tokens[place].bare
    return " ".join(token.bare for token in tokens[place : place + length])


def _marks(words: Words) -> list[str]:
    """Return the mark before each word, and what follows the last one: a question mark or nothing."""
    text, tokens = words.text, words.tokens
    gaps = (text[one.end : two.start] for one, two in pairwise(tokens))
    marks = ["", *("" if gap == " " else _mark(gap) for gap in gaps)]
    last = "?" if tokens and "?" in text[tokens[-1].end :] else ""
    return [*marks[: len(tokens)], last]


def _mark(between: str) -> str:
    if "?" in between:
        return "?"
    if _STRONG.search(between):
        return ";"
    return "," if _WEAK.search(between) else ""
