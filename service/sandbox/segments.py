"""Count the parts that a carrier bills. Pure."""

from __future__ import annotations

import regex

# 3GPP TS 23.038, the default alphabet and its extension table (whose letters count twice).
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("^{}\\[~]|€\f")
GRAPHEME = regex.compile(r"\X")


def count_segments(body: str) -> int:
    """Return how many parts `body` takes: 1 or more.

    GSM-7: 160 units alone, 153 a part; anything outside it makes it UCS-2: 70, then 67. A grapheme
    (and an escaped letter) is never split across parts.
    """
    if BASIC.issuperset(body):
        return _parts([1] * len(body), alone=160, each=153) if len(body) > 160 else 1
    if all(letter in BASIC or letter in EXTENDED for letter in body):
        units = [2 if letter in EXTENDED else 1 for letter in body]
        return _parts(units, alone=160, each=153)
    units = [len(grapheme.encode("utf-16-le")) // 2 for grapheme in GRAPHEME.findall(body)]
    return _parts(units, alone=70, each=67)


def _parts(units: list[int], *, alone: int, each: int) -> int:
    if sum(units) <= alone:
        return 1
    parts, used = 1, 0
    for size in units:
        if used + size > each:
            parts, used = parts + 1, 0
        used += size
    return parts
