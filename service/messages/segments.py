"""Count what a text costs. Pure: no clock, no database, no network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import regex

from service.errors import InvalidValue

Encoding = Literal["GSM-7", "UCS-2"]

# 3GPP TS 23.038, tables 6.2.1 (default alphabet) and 6.2.1.1 (extension: two septets each).
GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED = frozenset("\f^{}\\[~]|€")
GSM = GSM_BASIC | GSM_EXTENDED

# How many units fit in a text sent alone, and in each part of a longer one (TS 23.040).
ROOM: dict[Encoding, tuple[int, int]] = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
LONGEST_BODY = 1600  # characters the carrier accepts in one request


class EmptyText(InvalidValue):
    """A text without a single visible letter."""

    def __init__(self, field: str = "body") -> None:
        super().__init__(field, "empty_text", "the text is blank; write at least one letter")


@dataclass(frozen=True, slots=True)
class Segments:
    """What the carrier bills.

    parts: texts paid for, 1 or more.   units: septets (GSM-7) or UTF-16 units (UCS-2) in all.
    room: units that fit into that many parts.
    offending: the letters that force UCS-2, each once, in reading order; empty for GSM-7.
    """

    encoding: Encoding
    parts: int
    units: int
    room: int
    offending: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A cheaper letter. `changes_spelling`: a reader will see it, so a person must choose it."""

    letter: str
    instead: str
    changes_spelling: bool


def count_segments(body: str) -> Segments:
    """Return the encoding and the parts that the carrier bills: 1 or more.

    body: the final text, placeholders filled.
    GSM-7 fits 160 characters alone and 153 a part (^{}\\[~]|€ count twice); any other letter,
    Spanish á included, moves it all to UCS-2: 70, then 67. A grapheme cluster is never split.
    Raises EmptyText when blank.
    Source: 3GPP TS 23.038 (alphabet), TS 23.040 (concatenation).
    """
    if not regex.search(r"[^\s\p{Z}\p{Cc}\p{Cf}]", body):
        raise EmptyText
    return count_anything(body)


def count_anything(body: str) -> Segments:
    """Return the same for any text, a blank one too, which nobody can send."""
    clusters = list(_clusters(body))
    offending = tuple(dict.fromkeys(c for c in clusters if c not in GSM))
    encoding: Encoding = "UCS-2" if offending else "GSM-7"
    sizes = [_size(cluster, encoding) for cluster in clusters]
    alone, each = ROOM[encoding]
    units = sum(sizes)
    if units <= alone:
        return Segments(encoding, 1, units, alone, offending)
    parts = _fill(sizes, each)
    return Segments(encoding, parts, units, parts * each, offending)


def cheaper_letters(body: str) -> tuple[Suggestion, ...]:
    """Return, for each letter that forces UCS-2, what could stand in its place; each letter once.

    Punctuation and spaces look the same afterwards. Dropping an accent (á to a) does not: it is
    only ever a suggestion. Letters without a stand-in (emoji, other scripts) are left out.
    """
    found = dict.fromkeys(c for c in _clusters(body) if c not in GSM)
    return tuple(s for letter in found if (s := _suggest(letter)) is not None)


def plain(body: str) -> str:
    """Return the text with typographic punctuation and odd spaces made GSM-7.

    Curly quotes, dashes, ellipsis, no-break spaces and invisible marks; accents stay as they are.
    """
    return body.translate(_LOOKALIKES)


def without_accents(body: str) -> str:
    """Return the text in the cheaper alphabet as far as that goes: plain punctuation, no accents.

    ñ, é and ü stay: they cost nothing more.
    """
    return plain(body).translate(_ACCENTS)


def cheaper_table() -> dict[str, str]:
    """Return what `without_accents` puts in place of each letter, for the page that counts along."""
    accents = {chr(code): chr(instead) for code, instead in _ACCENTS.items()}
    return accents | {chr(code): instead for code, instead in _LOOKALIKES.items()}


def marked(body: str) -> list[tuple[str, bool]]:
    """Return the text in pieces, each with whether its letters move it to UCS-2."""
    pieces: list[tuple[str, bool]] = []
    for cluster in _clusters(body):
        is_costly = cluster not in GSM
        if pieces and pieces[-1][1] == is_costly:
            pieces[-1] = (pieces[-1][0] + cluster, is_costly)
        else:
            pieces.append((cluster, is_costly))
    return pieces


def parts_saved(body: str) -> int:
    """Return how many parts `without_accents` saves."""
    return count_anything(body).parts - count_anything(without_accents(body)).parts


def _clusters(body: str) -> Iterator[str]:
    """Yield what a reader sees as one letter; CR LF stays two, as the carrier counts it."""
    return (match.group() for match in regex.finditer(r"\r|\n|\X", body))


def _size(cluster: str, encoding: Encoding) -> int:
    if encoding == "UCS-2":
        return len(cluster.encode("utf-16-be", "surrogatepass")) // 2
    return 2 if cluster in GSM_EXTENDED else 1


def _fill(sizes: Iterable[int], each: int) -> int:
    """Lay clusters into parts of `each` units, never splitting one that fits into a part."""
    parts, used = 1, 0
    for size in sizes:
        if used + size > each and used:
            parts, used = parts + 1, 0
        used += size
        while used > each:  # a cluster longer than a whole part has to be split after all
            parts, used = parts + 1, used - each
    return parts


def _suggest(letter: str) -> Suggestion | None:
    same = letter.translate(_LOOKALIKES)
    if same != letter:
        return Suggestion(letter, same, changes_spelling=False)
    bare = letter.translate(_ACCENTS)
    if bare != letter:
        return Suggestion(letter, bare, changes_spelling=True)
    return None


_LOOKALIKES = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′´`ʼʹ", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2008\u2009\u200a\u202f\u3000\t", " "),
        **dict.fromkeys("\u200b\u2060\ufeff\u00ad\u200e\u200f", ""),
        "…": "...",
        "•": "-",
        "·": "-",
        "⁄": "/",
        "½": "1/2",
        "¼": "1/4",
        "¾": "3/4",
        "º": "o",
        "ª": "a",
    }
)
_ACCENTS = str.maketrans("áíóúÁÍÓÚçâêîôûëïãõ", "aiouAIOUcaeioueiao")
