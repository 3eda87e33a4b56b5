"""How many are coming: "Y 3", "yes both of us", "somos cuatro", "voy con 2 más". Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import regex

from service.replies.lexicon import Lexicon
from service.replies.lexicon.phrases import Phrases
from service.replies.reading import Words, number_of

MOST = 60  # a larger number is a house number or a year


def party_of(words: Words, after_yes: int, lexicon: Lexicon) -> tuple[int | None, set[int]]:
    """Return how many people come and the places of the words that say so; (None, {}) if unsaid.

    after_yes: how many words at the beginning mean yes; a bare number right behind counts people.
    """
    said = _with_digits(words, lexicon)
    ways = (("more", 1), ("number", 0)) if said else ()
    for way, base in ways:
        for pattern in _patterns(lexicon, way):
            if (found := pattern.search(said)) and not _is_amount(said, found, lexicon):
                number = base + int(found["number"])
                places = _places(said, found)
                extra, more_places = _kids(said, lexicon)
                return _within(number + extra, places | more_places)
    for way, number in (("two", 2), ("one", 1)):
        if place := words.find(lexicon.get("party", way)):
            return number, set(range(*place))
    return _bare_number(words, after_yes, lexicon)


def _bare_number(words: Words, place: int, lexicon: Lexicon) -> tuple[int | None, set[int]]:
    if place >= len(words):
        return None, set()
    token = words.tokens[place]
    number = number_of(token, lexicon) if token.is_number or place + 1 == len(words) else None
    if number is None:
        return None, set()
    after = words.tokens[place + 1] if place + 1 < len(words) else None
    if after and (after.is_number or after.bare in lexicon.get("choice", "units")):
        return None, set()
    return _within(number + token.bare.startswith("+"), {place})


def _kids(said: str, lexicon: Lexicon) -> tuple[int, set[int]]:
    """Return how many children are named besides the grown-ups."""
    for pattern in _patterns(lexicon, "kids"):
        if found := pattern.search(said):
            return int(found["number"]), _places(said, found)
    return 0, set()


def _within(number: int, places: set[int]) -> tuple[int | None, set[int]]:
    return (number, places) if 1 <= number <= MOST else (None, set())


def _with_digits(words: Words, lexicon: Lexicon) -> str:
    """Return the bare words with every number word as digits, still one word a place.

    Empty if none of them is a number.
    """
    numbers = [number_of(token, lexicon) for token in words.tokens]
    if all(number is None for number in numbers):
        return ""
    return " ".join(
        token.bare if number is None else str(number)
        for token, number in zip(words.tokens, numbers, strict=True)
    )


def _places(said: str, found: regex.Match[str]) -> set[int]:
    start = said.count(" ", 0, found.start())
    return set(range(start, start + found.group().count(" ") + 1))


def _is_amount(said: str, found: regex.Match[str], lexicon: Lexicon) -> bool:
    """Return whether the number counts hours or the like: "for 2 hours"."""
    following = said[found.end() :].split()
    return bool(following) and following[0] in lexicon.get("choice", "units")


@cache
def _compiled(phrases: Phrases) -> tuple[regex.Pattern[str], ...]:
    return tuple(_compile(sorted(phrases, key=len, reverse=True)))


def _compile(phrases: list[str]) -> Iterator[regex.Pattern[str]]:
    for phrase in phrases:
        body = regex.escape(phrase).replace("\\#", "#").replace("#", r"(?P<number>\d{1,2})")
        yield regex.compile(rf"(?<!\S){body}(?!\S)")


def _patterns(lexicon: Lexicon, way: str) -> tuple[regex.Pattern[str], ...]:
    return _compiled(lexicon.get("party", way))
