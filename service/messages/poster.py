"""A poster that opens a text: one layout on US Letter, drawn as SVG here and as PDF in poster_pdf.py. Pure.

Measures are points (72 an inch) from the top left. Widths of letters are Helvetica's, from its
Adobe font metrics; letters that are not in the table are measured as the plain letter under them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import segno

WIDTH, HEIGHT = 612.0, 792.0
MARGIN = 54.0
INK, TEAL, SOFT = "#20262b", "#0f5c5c", "#4a555d"
WHO = ("family", "volunteer")
# What a poster says, from top to bottom; each has its words in pages.*.toml.
LINES = ("title", "lead", "scan", "text", "phone", "mind", "small")

_WIDTHS = dict(
    zip(
        " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        (278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
         *[556] * 10, 278, 278, 584, 584, 584, 556, 1015,
         667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722,
         667, 611, 722, 667, 944, 667, 667, 611,
         556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333,
         500, 278, 556, 500, 722, 500, 500, 500),
        strict=True,
    )
)  # fmt: skip
_USUAL = 611
_BOLDER = 1.1  # bold letters are at most this much wider
_BOLD = 1.06  # and mostly this much


@dataclass(frozen=True)
class Words:
    """One line of text; `y` is its baseline."""

    x: float
    y: float
    size: float
    text: str
    is_bold: bool = False
    colour: str = INK


@dataclass(frozen=True)
class Box:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    colour: str


Piece = Words | Box


def sms_address(number_e164: str, body: str) -> str:
    """Return what a QR code holds so that a phone's camera offers to text `body` to a number."""
    return f"SMSTO:{number_e164}:{body}"


def lay_out(network: str, says: Mapping[str, str], address: str) -> list[Piece]:
    """Return a poster. says: the words by LINES. address: what the code opens."""
    pieces: list[Piece] = [Box(0, 0, WIDTH, 14, TEAL)]
    pieces.append(Words(MARGIN, 62, 20, network, is_bold=True, colour=TEAL))
    y = 92.0
    for name, size, is_bold, colour in (("title", 44.0, True, INK), ("lead", 21.0, False, INK)):
        for line in wrap(says[name], size, is_bold=is_bold):
            y += size * 1.18
            pieces.append(Words(MARGIN, y, size, line, is_bold, colour))
        y += 12
    side = 240.0
    pieces += _code(address, MARGIN, y + 16, side)
    beside, at = MARGIN + side + 28, y + 16
    for name, size, is_bold in (
        ("scan", 18.0, False),
        ("text", 27.0, True),
        ("phone", 18.0, False),
    ):
        for line in wrap(says[name], size, is_bold=is_bold, room=WIDTH - MARGIN - beside):
            at += size * 1.25
            pieces.append(Words(beside, at, size, line, is_bold, TEAL if is_bold else INK))
        at += 12
    y = max(y + side + 40, at + 12)
    for name, size, colour in (("mind", 17.0, INK), ("small", 11.5, SOFT)):
        for line in wrap(says[name], size):
            y += size * 1.35
            pieces.append(Words(MARGIN, y, size, line, colour=colour))
        y += 10
    return pieces


def wrap(
    text: str, size: float, *, is_bold: bool = False, room: float = WIDTH - 2 * MARGIN
) -> Sequence[str]:
    """Return text in lines that fit into `room`; a word longer than that stands alone."""
    lines: list[str] = []
    for word in text.split():
        if lines and measure(f"{lines[-1]} {word}", size, is_bold=is_bold) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def measure(text: str, size: float, *, is_bold: bool = False) -> float:
    """Return how wide a line is, at most."""
    plain = (unicodedata.normalize("NFD", letter)[0] for letter in text)
    width = sum(_WIDTHS.get(letter, _USUAL) for letter in plain) * size / 1000
    return width * _BOLDER if is_bold else width


def draw_svg(pieces: Sequence[Piece], *, title: str, language: str) -> str:
    """Return the poster as SVG, without a style of its own, in inches so that it prints on Letter."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="8.5in" height="11in" lang="{language}" '
        f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img"><title>{escape(title)}</title>'
        f'<rect width="{WIDTH:g}" height="{HEIGHT:g}" fill="#fff"/>'
    ]
    for piece in pieces:
        if isinstance(piece, Box):
            parts.append(
                f'<rect x="{piece.x:.2f}" y="{piece.y:.2f}" width="{piece.width:.2f}" '
                f'height="{piece.height:.2f}" fill="{piece.colour}" shape-rendering="crispEdges"/>'
            )
        else:
            weight = ' font-weight="bold"' if piece.is_bold else ""
            length = _length(piece)
            parts.append(
                f'<text x="{piece.x:.2f}" y="{piece.y:.2f}" font-size="{piece.size:g}"{weight} '
                f'textLength="{length:.1f}" lengthAdjust="spacingAndGlyphs" '
                f'font-family="Helvetica, Arial, sans-serif" fill="{piece.colour}">'
                f"{escape(piece.text)}</text>"
            )
    return "".join([*parts, "</svg>\n"])


def _length(words: Words) -> float:
    """Return how wide a line is drawn: a machine with wider letters than Helvetica's narrows them."""
    return measure(words.text, words.size) * (_BOLD if words.is_bold else 1)


def _code(address: str, x: float, y: float, side: float) -> Iterator[Box]:
    """Give the dark squares of a code, those beside each other as one."""
    rows = segno.make(address, error="m", micro=False).matrix
    size = side / len(rows)
    for down, row in enumerate(rows):
        across = 0
        while across < len(row):
            run = 1
            while across + run < len(row) and row[across + run] == row[across]:
                run += 1
            if row[across]:
                yield Box(x + across * size, y + down * size, run * size, size, "#000000")
            across += run
