"""Posters fit their page in both drawings, and the code opens the text that they name."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
import segno

from service.messages.catalog import LANGUAGES
from service.messages.pages import load_pages
from service.messages.poster import (
    HEIGHT,
    LINES,
    MARGIN,
    WHO,
    WIDTH,
    Box,
    Piece,
    Words,
    draw_svg,
    lay_out,
    measure,
    sms_address,
    wrap,
)
from service.messages.poster_pdf import draw_pdf
from service.replies.intents import Intent
from service.replies.parse import parse
from service.web.console.posters import KEYWORDS

ADDRESS = sms_address("+14135550100", "CITA")


def made(who: str, language: str) -> list[Piece]:
    values = {
        "word": "BIENVENIDOS", "number": "413-555-0100", "phone": "413-555-0142", "count": 4,
        "address": "text.a-rather-long-name.example.org/terms",
    }  # fmt: skip
    words = load_pages()
    says = {line: words.say(f"poster_{who}.{line}", language, **values) for line in LINES}
    return lay_out("Acompañamiento del Valle y la Costa", says, ADDRESS)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_stays_on_the_page_and_nothing_covers_anything(who: str, language: str) -> None:
    pieces = made(who, language)
    lines = [piece for piece in pieces if isinstance(piece, Words)]
    code = [piece for piece in pieces if isinstance(piece, Box)][1:]
    for line in lines:
        end = line.x + measure(line.text, line.size, is_bold=line.is_bold)
        assert end <= WIDTH - MARGIN + 0.1, line
        assert line.y <= HEIGHT - 36, line
    bottom = max(box.y + box.height for box in code)
    right = max(box.x + box.width for box in code)
    top = min(box.y for box in code)
    for line in lines:
        is_beside = line.x > right
        assert is_beside or line.y < top or line.y - line.size > bottom, line


def test_the_code_holds_the_number_and_the_word() -> None:
    assert ADDRESS == "SMSTO:+14135550100:CITA"
    rows = segno.make(ADDRESS, error="m", micro=False).matrix
    dark = sum(sum(1 for square in row if square) for row in rows)
    side = 240 / len(rows)
    boxes = [piece for piece in made("family", "es") if isinstance(piece, Box)][1:]
    assert sum(round(box.width / side) for box in boxes) == dark


def test_every_word_on_a_poster_is_understood() -> None:
    for (who, _), word in KEYWORDS.items():
        assert parse(word).intent is (Intent.CHECKIN if who == "family" else Intent.JOIN)


def test_the_svg_is_well_formed_and_escapes_what_it_says() -> None:
    pieces = [*made("family", "es"), Words(0, 0, 10, "<script>&")]
    drawn = draw_svg(pieces, title="A & B", language="es")
    root = ElementTree.fromstring(drawn)  # noqa: S314  (our own)
    assert root.get("width") == "8.5in"
    said = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "<script>&" in said
    assert not root.findall(".//{http://www.w3.org/2000/svg}script")


def test_the_pdf_says_where_its_objects_are_and_keeps_its_letters() -> None:
    pieces = [*made("family", "es"), Words(0, 0, 10, "¿(así)? \\ ñ")]
    drawn = draw_pdf(pieces, title="Cita", language="es")
    assert drawn.startswith(b"%PDF-1.4")
    table = int(re.findall(rb"startxref\n(\d+)\n%%EOF", drawn)[0])
    assert drawn[table : table + 4] == b"xref"
    places = [int(place) for place in re.findall(rb"(\d{10}) 00000 n ", drawn)]
    assert len(places) == 7
    for number, place in enumerate(places, start=1):
        assert drawn[place:].startswith(b"%d 0 obj" % number)
    length = int(re.findall(rb"/Length (\d+)", drawn)[0])
    begins = drawn.index(b"stream\n") + len(b"stream\n")
    stream = drawn[begins : begins + length]
    assert drawn[begins + length :].startswith(b"\nendstream")
    assert "(¿\\(así\\)? \\\\ ñ) Tj".encode("cp1252") in stream


def test_lines_break_between_words_only() -> None:
    assert list(wrap("one two three", 20, room=measure("one two", 20))) == ["one two", "three"]
