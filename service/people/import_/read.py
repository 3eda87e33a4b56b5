"""Read the bytes of a list into rows of text: CSV in any usual encoding and delimiter, or XLSX.

Pure: no clock, no database, no network. Whatever the bytes, the answer is a table or InvalidValue on
`file` that says what to do.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from itertools import islice

import openpyxl

from service.errors import InvalidValue

Rows = list[list[str]]

MOST_ROWS = 5_000
MOST_COLUMNS = 60
LONGEST_CELL = 500
LARGEST_BYTES = 5 * 1024 * 1024
LARGEST_UNPACKED_BYTES = 60 * 1024 * 1024
DELIMITERS = (",", ";", "\t", "|")
_SEEN_BY_SNIFFING = 50  # lines

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# Letters that names and places here are written with, beyond ASCII. A wrong guess brings others.
_OURS = frozenset("áéíóúüñÁÉÍÓÚÜÑàâãäåæçèêëìîïòôõöøùûÀÂÃÄÅÇÈÊËÌÎÏÒÔÕÖØÙÛ¿¡º°ª’‘“”–—… ")
# What UTF-8 looks like when it was read as Windows' letters: JosÃ©.
_MOJIBAKE = re.compile(r"[ÃÂâ][\u0080-\u00ff\u0152-\u0178\u0192\u02c6\u02dc\u2013-\u2122]")
_TEXT_FORMULA = re.compile(r'="([^"]*)"')  # how spreadsheets keep digits as text


def read_rows(data: bytes) -> Rows:
    """Return the rows of a list, empty ones at the end left out; cells are trimmed, NFC text.

    Row 1 of the file is the first row of the answer. Raises InvalidValue on `file`.
    """
    if not data.strip(b"\x00\r\n\t ,;"):
        raise InvalidValue("file", "file_empty")
    if len(data) > LARGEST_BYTES:
        raise InvalidValue("file", "file_too_big", megabytes=LARGEST_BYTES // 1024**2)
    if data.startswith(_OLE):
        raise InvalidValue("file", "file_old_or_locked")
    rows = _read_xlsx(data) if data.startswith(_ZIP) else _read_csv(data)
    rows = [[plain(cell) for cell in row[:MOST_COLUMNS]] for row in rows]
    while rows and not any(rows[-1]):
        rows.pop()
    if not rows:
        raise InvalidValue("file", "file_empty")
    if len(rows) > MOST_ROWS:
        raise InvalidValue("file", "file_too_long", limit=MOST_ROWS)
    return rows


def plain(cell: str) -> str:
    """Return a cell as a person would write it: mended, NFC, on one line, without invisible letters."""
    cell = _mend(cell[:LONGEST_CELL])
    if found := _TEXT_FORMULA.fullmatch(cell.strip()):
        cell = found[1]
    cell = unicodedata.normalize("NFC", cell)
    cell = "".join(" " if letter.isspace() else letter for letter in cell)
    cell = "".join(
        letter for letter in cell if unicodedata.category(letter) not in ("Cc", "Cf", "Cs")
    )
    cell = " ".join(cell.split())
    return cell.removeprefix("'") if len(cell) > 1 else cell


def decode(data: bytes) -> str:
    """Return the text of a CSV file, in the encoding that it is most likely written in."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, "replace").removeprefix("\ufeff")
    if wide := _utf16_without_bom(data):
        return data.decode(wide, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        tried = [data.decode(encoding, "replace") for encoding in ("cp1252", "mac_roman")]
        return max(tried, key=_likeness)


def _utf16_without_bom(data: bytes) -> str | None:
    """Return which half of the bytes is all zeros, as plain letters in UTF-16 have it."""
    seen = data[:2000]
    pairs = max(len(seen) // 2, 1)
    if seen[1::2].count(0) > pairs * 0.6:
        return "utf-16-le"
    return "utf-16-be" if seen[0::2].count(0) > pairs * 0.6 else None


def _likeness(text: str) -> int:
    return sum(1 if letter in _OURS else -1 for letter in text if ord(letter) > 127)


def _mend(cell: str) -> str:
    """Undo UTF-8 that was read as Windows' letters on its way here: JosÃ© is José."""
    if not _MOJIBAKE.search(cell):
        return cell
    try:
        return b"".join(map(_byte, cell)).decode("utf-8")
    except UnicodeError:
        return cell


def _byte(letter: str) -> bytes:
    """Return the byte that a letter was read from. Five bytes stand for nothing, and pass as they are."""
    try:
        return letter.encode("cp1252")
    except UnicodeEncodeError:
        return letter.encode("latin-1")


def _read_csv(data: bytes) -> Rows:
    text = decode(data).replace("\x00", "")
    first, _, rest = text.partition("\n")
    if told := re.fullmatch(r'"?sep=(.)"?\s*', first):  # a spreadsheet's own note to itself
        return _split(rest, told[1])
    return max((_split(text, delimiter) for delimiter in DELIMITERS), key=_evenness)


def _split(text: str, delimiter: str) -> Rows:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return list(islice(reader, MOST_ROWS + 500))
    except csv.Error:  # a cell without an end, and the like
        return [line.split(delimiter) for line in text.splitlines()[: MOST_ROWS + 500]]


def _evenness(rows: Rows) -> tuple[int, int]:
    """Return how many rows have the same number of cells, where that is more than one; and it."""
    widths = Counter(len(row) for row in rows[:_SEEN_BY_SNIFFING] if len(row) > 1)
    if not widths:
        return (0, 1)
    width, times = widths.most_common(1)[0]
    return (times, width)


def _read_xlsx(data: bytes) -> Rows:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            unpacked = sum(part.file_size for part in packed.infolist())
        if unpacked <= LARGEST_UNPACKED_BYTES:
            book = openpyxl.load_workbook(
                io.BytesIO(data), read_only=True, data_only=True, keep_links=False
            )
            sheets = [_sheet_rows(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]
            return max(sheets, key=len, default=[])
    except Exception as error:  # the library raises whatever its parsers raise
        raise InvalidValue("file", "file_unreadable", type(error).__name__) from error
    raise InvalidValue("file", "file_too_big", megabytes=LARGEST_BYTES // 1024**2)


def _sheet_rows(rows: Iterable[Sequence[object]]) -> Rows:
    made = [[_cell(value) for value in row[:MOST_COLUMNS]] for row in islice(rows, MOST_ROWS + 500)]
    while made and not any(made[-1]):
        made.pop()
    return made


def _cell(value: object) -> str:
    """Return what the cell shows: whole numbers without a point, days as 2026-03-10."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, datetime):
        is_day = value.time() == time(0)
        return value.date().isoformat() if is_day else value.isoformat(" ", "minutes")
    return value.isoformat() if isinstance(value, date | time) else str(value)
