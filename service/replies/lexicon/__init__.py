"""The words that people answer with, as data (a file a language, signs.toml), and their loader."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import regex

from service.replies.lexicon.phrases import Phrases

LANGUAGES = ("en", "es")
KINDS = ("clauses", "leaving")  # words by their kind: see replies/kinds.py
SHORTEST_SLIP, LONGEST_SLIP = 6, 30  # letters of a word that may be misspelt
LONGEST_WORD = 200  # letters: of a longer one the rest says nothing
HEARD_TOO = ("pt", "ht")  # understood where it matters most, and answered in one of the above

# A number, a word with its apostrophes, or a picture; an underscore or a skin tone is nothing.
_TOKEN = regex.compile(
    r"\+?\d+|[\p{L}\p{M}]+(?:['’`´][\p{L}\p{M}]+)*|[\p{Extended_Pictographic}✓✗☑]"
)
_MARKS = regex.compile(r"[\p{M}'’`´]")
_STRETCHED = regex.compile(r"([a-z])\1{2,}")  # siiii, yesss, nooo
# Sections that hold something else than lists of phrases.
_TABLES = ("numbers", "spelling", "languages")


class Token(NamedTuple):
    """A word, number or picture; `bare` is what the lexicon knows, start and end its place."""

    bare: str
    start: int
    end: int

    @property
    def is_number(self) -> bool:
        return self.bare[-1:].isdecimal()

    @property
    def is_picture(self) -> bool:
        return not self.bare[:1].isalpha() and not self.is_number


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Everything the reader knows, all languages together: people mix them.

    phrases: (section, way) -> phrases in bare words, one space apart.
    numbers: number word -> value.   meant: word -> what is meant by it, itself if it is known and
    none of the misspelt ones.
    emoji: picture -> yes, no, maybe, thanks, doubtful_stop, distress.
    reactions: what phones write for a tapback.   only: words of one language alone -> it.
    languages: what people call a language -> its ISO code.
    known: every word of every list.   near: long words, and what is left of each without one letter,
    -> that word; "" where two words are as near.
    """

    phrases: Mapping[tuple[str, str], frozenset[str]]
    numbers: Mapping[str, int]
    meant: Mapping[str, tuple[str, ...]]
    emoji: Mapping[str, str]
    reactions: Mapping[str, tuple[str, ...]]
    only: Mapping[str, str]
    languages: Mapping[str, str]
    known: frozenset[str] = frozenset()
    near: Mapping[str, str] = field(default_factory=dict)
    together: dict[tuple[str | tuple[str, ...], tuple[str, ...]], Phrases] = field(
        default_factory=dict, repr=False, compare=False
    )

    def get(self, section: str, *ways: str) -> Phrases:
        """Return a section's phrases, `whole` unless other ways are named; none if it has none."""
        try:
            return self.together[section, ways]
        except KeyError:
            known = self.together[section, ways] = self.any_of(section, ways=ways or ("whole",))
            return known

    def any_of(self, *sections: str, ways: tuple[str, ...]) -> Phrases:
        """Return the phrases of several sections together; put together once, then kept."""
        known = self.together.get((sections, ways))
        if known is None:
            lists = (self.phrases.get((s, w), frozenset()) for s in sections for w in ways)
            known = self.together[sections, ways] = Phrases(frozenset().union(*lists))
        return known

    @property
    def courtesies(self) -> Phrases:
        """Greetings, please, sorry and thanks."""
        return self.any_of("polite", "thanks", ways=("whole",))

    @property
    def fillers(self) -> Phrases:
        """Courtesies, and whom they are said to: "hermana", "you guys"."""
        return self.any_of("polite", "thanks", ways=("whole", "address"))

    @property
    def plain(self) -> Phrases:
        """Y, N, S, yes, no, sí: answers without anything else."""
        return self.any_of("yes", "no", ways=("apart",))

    def tokens(self, text: str) -> list[Token]:
        """Return the words, numbers and pictures of a text, misspellings on the list put right."""
        found: list[Token] = []
        meant, known_as = self.meant, self.words_of
        for match in _TOKEN.finditer(text):
            start, end = match.span()
            written = match[0]
            for word in meant.get(written) or known_as(written):
                found.append(Token(word, start, end))
        return found

    def words_of(self, written: str) -> tuple[str, ...]:
        """Return the bare words of one written word: two of "cannot", none of a lone accent."""
        known = self.meant.get(written.casefold())
        if known is None:
            word = bare(written)
            known = self.meant.get(word) or tuple(near(word, self.known, self.near).split())
        return known


def bare(word: str) -> str:
    """Return a word without capitals, accents, apostrophes and stretched letters."""
    letters = word[:LONGEST_WORD].casefold()
    if letters.isascii() and letters.isalnum() and len(letters) < 3:
        return letters
    if not letters.isascii():
        letters = unicodedata.normalize("NFKD", letters)
    return _STRETCHED.sub(r"\1", _MARKS.sub("", letters))


def near(word: str, known: frozenset[str], around: Mapping[str, str]) -> str:
    """Return the one long word of the lists that is a single slip away; the word itself otherwise.

    A slip is a letter too many, too few, changed or swapped with the next; never the first or the last
    one ("pregunté", "pregunto"), never in a short word ("can't", "want"), nor in one that is known.
    """
    if not SHORTEST_SLIP <= len(word) <= LONGEST_SLIP or word in known or not word.isalpha():
        return word
    without_one = (word[:place] + word[place + 1 :] for place in range(len(word)))
    found = {around[w] for w in (word, *without_one) if w in around}
    meant = found.pop() if len(found) == 1 else ""
    is_slip = meant and meant[0] == word[0] and meant[-1] == word[-1] and _is_one(word, meant)
    return meant if is_slip else word


def _is_one(word: str, meant: str) -> bool:
    """Return whether words of one length differ in one letter, or in two neighbors swapped."""
    if len(word) != len(meant):
        return True
    places = [n for n, (a, b) in enumerate(zip(word, meant, strict=True)) if a != b]
    return len(places) == 1 or (
        len(places) == 2
        and places[1] - places[0] == 1
        and (word[places[0]], word[places[1]]) == (meant[places[1]], meant[places[0]])
    )


def neighbors(known: Collection[str]) -> dict[str, str]:
    """Return each word, and what is left of it without one letter, -> that word; "" for two."""
    found: dict[str, str] = {}
    for word in known:
        for place in range(len(word)):
            rest = word[:place] + word[place + 1 :]
            found[rest] = word if found.get(rest, word) == word else ""
    return found | {word: word for word in known}


@cache
def load_lexicon() -> Lexicon:
    """Return the lexicon that ships with the service, read once."""
    folder = resources.files("service.replies.lexicon")
    files = {
        name: tomllib.loads(folder.joinpath(f"{name}.toml").read_text("utf-8"))
        for name in (*LANGUAGES, *HEARD_TOO, "signs")
    }
    signs = files.pop("signs")
    phrases: dict[tuple[str, str], frozenset[str]] = {}
    for file in files.values():
        for section, way, written in _lists(file):
            known = phrases.get((section, way), frozenset())
            phrases[section, way] = known | {_phrase(one) for one in written}
    kinds = {
        word
        for name in KINDS
        for languages in tomllib.loads(folder.joinpath(f"{name}.toml").read_text("utf-8")).values()
        for word in _words(languages.values())
    }
    emoji = {
        picture[0]: meaning
        for meaning, pictures in signs["emoji"].items()
        for picture in pictures.split()
    }
    numbers = (words for file in files.values() for words in file.get("numbers", {}).values())
    known = frozenset(kinds).union(
        *(phrase.split() for lists in phrases.values() for phrase in lists), _words(numbers)
    )
    return Lexicon(
        known=known,
        near=neighbors([word for word in kinds if len(word) >= SHORTEST_SLIP]),
        phrases=phrases,
        numbers={
            _phrase(word): int(value)
            for file in files.values()
            for value, words in file.get("numbers", {}).items()
            for word in words
        },
        meant={word: (word,) for word in (*known, *emoji)}
        | {
            bare(word): tuple(right.split())
            for file in files.values()
            for word, right in file.get("spelling", {}).items()
        },
        emoji=emoji,
        reactions={kind: tuple(words) for kind, words in signs["reaction"].items()},
        only=_only({language: files[language] for language in LANGUAGES}),
        languages={
            _phrase(name): code
            for file in files.values()
            for code, names in file.get("languages", {}).items()
            for name in names
        },
    )


def _lists(file: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield (section, way, phrases); [language.es] becomes the section language.es."""
    for section, ways in file.items():
        if section in _TABLES:
            continue
        for way, content in ways.items():
            if isinstance(content, dict):
                for inner, written in content.items():
                    yield f"{section}.{way}", inner, written
            else:
                yield section, way, content


def _phrase(written: str) -> str:
    return " ".join("#" if word == "#" else bare(word) for word in written.split())


def _only(files: Mapping[str, Any]) -> dict[str, str]:
    """Return the words that stand in one language's lists and in no other's."""
    words: dict[str, set[str]] = {
        language: set(_words(written for _, _, written in _lists(file)))
        for language, file in files.items()
    }
    return {
        word: language
        for language, own in words.items()
        for word in own.difference(*(w for other, w in words.items() if other != language))
    }


def _words(lists: Iterable[list[str]]) -> Iterator[str]:
    return (word for written in lists for phrase in written for word in _phrase(phrase).split())
