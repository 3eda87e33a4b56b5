"""Tapbacks and reactions, which phones without them receive as texts. Pure."""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from functools import cache

import regex

from service.replies.lexicon import Lexicon, load_lexicon

# Android hides marks of zero width around the emoji; Apple uses no-break spaces.
_INVISIBLE = regex.compile(r"[\p{Cf}\uFE0F]")


class Reaction(StrEnum):
    """What a reaction says about our text."""

    YES = "yes"
    NO = "no"
    NOTHING = "nothing"
    UNCLEAR = "unclear"


def read_reaction(text: str, lexicon: Lexicon) -> tuple[Reaction, str] | None:
    """Return (what it says, the text of ours it is about); None if the text is no reaction.

    A reaction to a picture says nothing, whatever it is.
    """
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    plain = " ".join(text.split())
    worded, with_emoji = _patterns()
    if found := worded.fullmatch(plain):
        kind = _kind_of(found["verb"], lexicon)
    elif found := with_emoji.fullmatch(plain):
        meaning = lexicon.emoji.get(found["emoji"][0], "thanks")
        kind = Reaction(meaning) if meaning in ("yes", "no") else Reaction.NOTHING
    else:
        return None
    if found["picture"]:
        return Reaction.NOTHING, ""
    return kind, (found["quoted"] or "").rstrip("…. ")


def _kind_of(verb: str, lexicon: Lexicon) -> Reaction:
    for kind in (Reaction.YES, Reaction.NO, Reaction.NOTHING):
        if verb.casefold() in (known.casefold() for known in lexicon.reactions[kind]):
            return kind
    return Reaction.UNCLEAR


def _patterns_of(
    verbs: tuple[str, ...], openers: tuple[str, ...], to: tuple[str, ...], pictures: tuple[str, ...]
) -> tuple[regex.Pattern[str], regex.Pattern[str]]:
    about = rf"(?:[:\s]*[“\"«„'‘](?P<quoted>.*?)[”\"»'’]?|\s+(?P<picture>{_any(pictures)}))[.\s]*"
    emoji = r"(?P<emoji>[\p{Extended_Pictographic}][\p{Emoji_Modifier}\p{So}]*+)"
    flags = regex.IGNORECASE | regex.DOTALL
    return (
        regex.compile(rf"(?P<verb>{_any(verbs)})\s*{about}", flags),
        regex.compile(rf"(?:(?:{_any(openers)})\s+)?{emoji}\s*(?:{_any(to)})\s*{about}", flags),
    )


@cache
def _patterns() -> tuple[regex.Pattern[str], regex.Pattern[str]]:
    words = load_lexicon().reactions
    verbs = tuple(verb for kind in ("yes", "no", "nothing", "unclear") for verb in words[kind])
    openers = tuple(opener for opener in words["with_emoji"] if opener)
    return _patterns_of(verbs, openers, words["to"], words["picture"])


def _any(words: tuple[str, ...]) -> str:
    return "|".join(
        regex.escape(_INVISIBLE.sub("", word)) for word in sorted(words, key=len, reverse=True)
    )
