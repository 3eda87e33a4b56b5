"""Understand a list's columns: where its header is, and which column holds what. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from service.people.import_.read import Rows

SEEN_FOR_HEADER = 10  # rows; titles and merged cells may stand above it


class Field(StrEnum):
    """What we take from a list. Nothing else is kept."""

    PHONE = "phone"
    NAME = "name"
    LANGUAGE = "language"
    AREA = "area"
    ROLES = "roles"
    SOURCE = "source"  # where they gave their number


# How people call these columns, folded. The first column that fits a word counts, word by word.
CALLED: dict[Field, tuple[str, ...]] = {
    Field.PHONE: (
        "phone", "mobile", "cell", "telefono", "celular", "movil", "tel", "numero de telefono",
        "phone number", "cell phone", "mobile phone", "whatsapp", "numero",
    ),
    Field.NAME: (
        "alias", "nickname", "apodo", "first name", "nombre", "preferred name", "first", "name",
        "full name", "nombre completo", "contact", "contacto", "volunteer", "voluntaria",
        "voluntario",
    ),
    Field.LANGUAGE: ("language", "idioma", "lengua", "preferred language", "lang"),
    Field.AREA: ("zip", "zip code", "codigo postal", "area", "town", "city", "ciudad", "zona", "pueblo"),
    Field.ROLES: ("roles", "role", "can do", "skills", "puede", "papel", "tareas", "how can you help"),
    Field.SOURCE: (
        "source", "met at", "event", "evento", "where we met", "signed up at", "origen", "donde",
        "como nos conocio",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """Where the header is (None: there is none) and which column holds which field, from 0."""

    header: int | None
    columns: Mapping[Field, int]

    @property
    def first(self) -> int:
        """The first row with a person in it, from 0."""
        return 0 if self.header is None else self.header + 1


def guess_layout(rows: Rows) -> Layout:
    """Return the likeliest layout; an organizer corrects it on the next page."""
    scored = [(_known(row), -at) for at, row in enumerate(rows[:SEEN_FOR_HEADER])]
    best, place = max(scored, default=(0, 0))
    if best == 0 or _phones_in(rows[-place]):
        at = _column_of_phones(rows)
        return Layout(None, {} if at is None else {Field.PHONE: at})
    header = rows[-place]
    columns = {field: found for field in Field if (found := _find(field, header)) is not None}
    if Field.PHONE not in columns and (at := _column_of_phones(rows)) is not None:
        columns[Field.PHONE] = at
    return Layout(-place, columns)


def titles(rows: Rows, layout: Layout) -> list[str]:
    """Return a name for each column: what the header says, "" where it says nothing."""
    width = max((len(row) for row in rows), default=0)
    at = layout.header
    header = rows[at] if at is not None and at < len(rows) else []
    return [header[place] if place < len(header) else "" for place in range(width)]


def folded(words: str) -> str:
    """Return words without case, accents and signs: "Teléfono (cel.)" is "telefono cel"."""
    letters = unicodedata.normalize("NFKD", words.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[a-z0-9]+", bare))


def _known(row: list[str]) -> int:
    return sum(_find(field, row) is not None for field in Field)


def _find(field: Field, header: list[str]) -> int | None:
    said = [folded(cell) for cell in header]
    for exact in (True, False):
        for word in CALLED[field]:
            for at, cell in enumerate(said):
                if cell == word or (not exact and f" {word} " in f" {cell} " and len(cell) < 40):
                    return at
    return None


def _phones_in(row: list[str]) -> int:
    return sum(bool(re.fullmatch(r"[+\d][\d\s().-]{8,18}(?:\.0)?", cell)) for cell in row)


def _column_of_phones(rows: Rows) -> int | None:
    """Return the column in which most cells look like phone numbers."""
    counts: dict[int, int] = {}
    for row in rows[:200]:
        for at, cell in enumerate(row):
            counts[at] = counts.get(at, 0) + _phones_in([cell])
    best = max(counts, key=lambda at: counts[at], default=None)
    return best if best is not None and counts[best] else None
