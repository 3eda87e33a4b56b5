"""Words by their kind, a letter each, so that a rule over sentences is a pattern over letters. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise

import regex

from service.replies.lexicon import bare
from service.replies.lexicon.phrases import Phrases
from service.replies.reading import Words

UNKNOWN = "."
_STRONG, _WEAK = regex.compile(r"[.!;\n…]"), regex.compile(r"[,:()\-–—/\"“”]")


@dataclass(frozen=True, slots=True)
class Kinds:
    """Phrases and the letters of their kind."""

    letters: Mapping[str, str]
    phrases: Phrases

    def spell(self, words: Words) -> str:
        """Return the letters of a text: kinds, "." for other words, "," ";" and "?" for its marks.

        A phrase of several words is one kind, and the longest wins; none goes across a mark.
        """
        letters, phrases, bares, marks = self.letters, self.phrases, words.bares, _marks(words)
        spelt, place = [], 0
        while place < len(bares):
            length = words.length_at(place, phrases)
            while length > 1 and any(marks[place + 1 : place + length]):
                shorter = range(length - 1, 0, -1)
                length = next((n for n in shorter if words.bare(place, place + n) in letters), 0)
            said = bares[place] if length == 1 else words.bare(place, place + length)
            spelt.append(marks[place] + (letters[said] if length else UNKNOWN))
            place += length or 1
        spelt.append(marks[-1])
        return "".join(spelt)

    def of(self, letters: str) -> Phrases:
        """Return the phrases of some kinds."""
        return Phrases(phrase for phrase, letter in self.letters.items() if letter in letters)


def load_kinds(name: str, letters: Mapping[str, str]) -> Kinds:
    """Return the kinds of lexicon/<name>.toml, spelt with the letters given for each table."""
    file = resources.files("service.replies.lexicon").joinpath(f"{name}.toml")
    spelt: dict[str, str] = {}
    for kind, languages in tomllib.loads(file.read_text("utf-8")).items():
        for written in (phrase for phrases in languages.values() for phrase in phrases):
            words = [bare(word) for word in written.split()]
            spelt.setdefault(" ".join(words), letters[kind])
    return Kinds(spelt, Phrases(spelt))


def _marks(words: Words) -> list[str]:
    """Return the mark before each word, and what follows the last one: a question mark or nothing."""
    text, tokens = words.text, words.tokens
    gaps = [text[one.end : two.start] for one, two in pairwise(tokens)]
    marks = ["", *["" if gap == " " or not gap else _mark(gap) for gap in gaps]]
    last = "?" if tokens and "?" in text[tokens[-1].end :] else ""
    return [*marks[: len(tokens)], last]


def _mark(between: str) -> str:
    if "?" in between:
        return "?"
    if _STRONG.search(between):
        return ";"
    return "," if _WEAK.search(between) else ""
