"""Lists of phrases, and how a text is told at one look that it holds none of a list. Pure.

A reader asks a dozen lists about each text, and nearly always the answer is no. So every list has a
bit, every text knows which lists' bits its words set, and most questions end with that one look.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from threading import Lock

Lengths = tuple[bool, dict[str, list[int]]]


class _Known:
    """What all lists begin with, and how many lists there are."""

    def __init__(self) -> None:
        self.alone: dict[str, int] = {}  # word -> the bits of the lists that have it as a phrase
        self.begun: dict[
            tuple[str, ...], int
        ] = {}  # the same for two words, and for the first three
        self.lists = 0
        self._writing = Lock()

    def add(self, phrases: Iterable[str]) -> int:
        """Give a list its bit. It counts only when all that it begins with is known."""
        with self._writing:
            bit = 1 << self.lists
            for phrase in phrases:
                words = tuple(phrase.split()[:3])
                if len(words) == 1:
                    self.alone[phrase] = self.alone.get(phrase, 0) | bit
                else:
                    self.begun[words] = self.begun.get(words, 0) | bit
            self.lists += 1
        return bit


_KNOWN = _Known()


class Phrases(frozenset[str]):
    """Phrases in bare words, one space apart.

    firsts: first word -> (it is a phrase alone, second word -> lengths of phrases, longest first).
    lasts: the words that end one.   bit: which bit of `may_hold` is this list's.
    """

    __slots__ = ("bit", "firsts", "lasts")

    firsts: dict[str, Lengths]
    lasts: frozenset[str]
    bit: int

    def __new__(cls, phrases: Iterable[str] = ()) -> Phrases:
        made = super().__new__(cls, phrases)
        made.firsts = _by_first_words(made)
        made.lasts = frozenset(phrase.rsplit(" ", 1)[-1] for phrase in made)
        made.bit = _KNOWN.add(made)
        return made


def may_hold(bares: Sequence[str]) -> int:
    """Return the bits of all lists of which a phrase may stand in these words.

    A bit that is not set is certain: no phrase of that list is there. Three words rule out nearly every
    phrase. A list that is made later counts as one that may.
    """
    bits, alone, begun = -1 << _KNOWN.lists, _KNOWN.alone, _KNOWN.begun
    for bare in bares:
        bits |= alone.get(bare, 0)
    for two in pairwise(bares):
        bits |= begun.get(two, 0)
    for three in zip(bares, bares[1:], bares[2:], strict=False):
        bits |= begun.get(three, 0)
    return bits


def _by_first_words(phrases: Iterable[str]) -> dict[str, Lengths]:
    found: dict[str, Lengths] = {}
    for phrase in phrases:
        first, *others = phrase.split()
        is_alone, seconds = found.get(first, (False, {}))
        if others:
            lengths = {len(others) + 1, *seconds.get(others[0], ())}
            seconds[others[0]] = sorted(lengths, reverse=True)
        found[first] = (is_alone or not others, seconds)
    return found
