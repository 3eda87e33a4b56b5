"""Judge a list row by row: who can be invited, who can't and why, who is there twice. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from service.errors import InvalidValue
from service.people.import_.columns import Field, Layout, folded
from service.people.import_.read import Rows
from service.people.phone import read_phone
from service.people.register import LONGEST_ALIAS, Card
from service.privacy.scrub import scrub

LONGEST_AREA = 40
LONGEST_SOURCE = 40
PHONE_DIGITS = 10  # a number written with fewer before E has lost some

LANGUAGES = {
    "en": ("en", "eng", "english", "ingles"),
    "es": ("es", "esp", "spa", "spanish", "espanol", "castellano"),
}
ROLES = {
    "driver": ("driver", "drives", "drive", "driving", "car", "chofer", "conduce", "conductor", "maneja"),
    "interpreter": ("interpreter", "interprets", "interpret", "interprete", "interpreta", "traduce"),
    "legal_observer": ("legal observer", "observer", "observador", "observadora", "testigo", "testigo legal"),
    "outside_contact": ("outside contact", "contacto afuera", "contacto"),
}  # fmt: skip


@dataclass(frozen=True)
class Usual:
    """What holds where a row says nothing. `source`: where people gave their numbers."""

    language: str = "en"
    source: str = ""


@dataclass(frozen=True)
class Row:
    """One row, judged. `number` counts from 1, as a spreadsheet shows it.

    problem: a code of [error], or "" when the person can be invited. twin: the row with the same number.
    """

    number: int
    card: Card
    source: str = ""
    roles: tuple[str, ...] = ()
    problem: str = ""
    twin: int = 0
    notes: tuple[str, ...] = field(default=())

    @property
    def is_good(self) -> bool:
        """Whether this row stands for somebody who is not in an earlier one."""
        return not self.problem and not self.twin


def judge_rows(rows: Rows, layout: Layout, usual: Usual, countries: Collection[str]) -> list[Row]:
    """Return every row with something in it, in order."""
    judged: list[Row] = []
    first_with: dict[str, int] = {}
    for number, cells in _people(rows, layout):
        row = _judge(number, cells, usual, countries)
        if not row.problem:
            first = first_with.setdefault(row.card.phone, number)
            if first != number:
                row = Row(number, row.card, row.source, row.roles, twin=first, notes=row.notes)
        judged.append(row)
    return judged


def read_list_phone(cell: str, countries: Collection[str]) -> str:
    """Return a cell's phone number in E.164. Raises InvalidValue on `phone`.

    Spreadsheets turn numbers into 4135550142.0 and 4.135550142E+9, which can be undone, and into
    4.14E+09, which can't: its digits are gone.
    """
    if re.fullmatch(r"\d{10,15}[.,]0+", cell):
        cell = re.split("[.,]", cell)[0]
    elif re.fullmatch(r"\d(?:[.,]\d+)?[eE]\+?\d{1,2}", cell):
        cell = _undone(cell)
    elif cell.startswith(("=", "@", "-")):
        raise InvalidValue("phone", "cell_is_formula")
    return read_phone(cell, countries)


def _undone(cell: str) -> str:
    try:
        number = Decimal(cell.replace(",", ".").upper())
    except InvalidOperation:
        raise InvalidValue("phone", "bad_phone") from None
    if len(number.as_tuple().digits) < PHONE_DIGITS:
        raise InvalidValue("phone", "phone_rounded")
    return f"{number:f}".partition(".")[0]


def _people(rows: Rows, layout: Layout) -> Iterator[tuple[int, dict[Field, str]]]:
    for at, row in enumerate(rows[layout.first :], layout.first + 1):
        cells = {f: row[c] if c < len(row) else "" for f, c in layout.columns.items()}
        if any(cells.values()):
            yield at, cells


def _judge(number: int, cells: dict[Field, str], usual: Usual, countries: Collection[str]) -> Row:
    notes: list[str] = []
    language, is_known = _language(cells.get(Field.LANGUAGE, ""), usual.language)
    if not is_known:
        notes.append("language")
    roles, others = _roles(cells.get(Field.ROLES, ""))
    if others:
        notes.append("roles")
    name, area = cells.get(Field.NAME, ""), cells.get(Field.AREA, "")
    source = cells.get(Field.SOURCE, "") or usual.source
    card = Card("", alias=name, language=language, area=area)
    try:
        _check_words(name, area, source)
        if not cells.get(Field.PHONE):
            raise InvalidValue("phone", "missing")  # noqa: TRY301  (one place tells all problems)
        phone = read_list_phone(cells[Field.PHONE], countries)
    except InvalidValue as problem:
        return Row(number, card, source, roles, problem=problem.code, notes=tuple(notes))
    card = Card(phone, alias=name, language=language, area=area)
    return Row(number, card, source, roles, notes=tuple(notes))


def _check_words(name: str, area: str, source: str) -> None:
    for text, longest in ((name, LONGEST_ALIAS), (area, LONGEST_AREA), (source, LONGEST_SOURCE)):
        if "\ufffd" in text:
            raise InvalidValue("name", "cell_garbled")
        if text.startswith(("=", "@", "+", "-")):
            raise InvalidValue("name", "cell_is_formula")
        if len(text) > longest:
            raise InvalidValue("name", "cell_too_long")
        if scrub(text) != text:
            raise InvalidValue("name", "never_kept")
    if not source:
        raise InvalidValue("source", "source_missing")


def _language(cell: str, usual: str) -> tuple[str, bool]:
    said = folded(cell)
    if not said:
        return usual, True
    for language, names in LANGUAGES.items():
        if said.split()[0] in names:
            return language, True
    return usual, False


def _roles(cell: str) -> tuple[tuple[str, ...], bool]:
    """Return the roles that a cell names, and whether it names something else besides."""
    said = [folded(part) for part in re.split(r"[,;/|&\n]|\by\b|\band\b", cell)]
    said = [part for part in said if part and part not in ("no", "none", "ninguno")]
    found = {role for role, names in ROLES.items() for part in said if part in names}
    known = {name for names in ROLES.values() for name in names}
    return tuple(sorted(found)), any(part not in known for part in said)
