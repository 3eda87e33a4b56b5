"""Write a chapter's volunteers as a spreadsheet reads them. Families are never exported."""

from __future__ import annotations

import csv
import io
from uuid import UUID

from sqlmodel import Session

from service.people.find import list_volunteers
from service.people.phone import as_printed
from service.people.tables import Person, Volunteer
from service.privacy.keyring import Keyring
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader

COLUMNS = ("name", "phone", "language", "area", "roles", "vetting", "consent")
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")  # a spreadsheet takes these for a formula
A_QUERY = 1_000


def volunteers_as_csv(session: Session, keyring: Keyring, chapter_id: UUID) -> tuple[bytes, int]:
    """Return CSV (UTF-8 with a mark, as spreadsheets want it) and how many people are in it.

    The caller has made sure that this may leave, and writes it down.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    reader, after, many = Reader(keyring, SYSTEM), None, 0
    while some := list_volunteers(session, chapter_id, after=after, limit=A_QUERY):
        reader.fetch_keys([person.sealed_phone() for person, _ in some])
        writer.writerows(_row(reader, person, volunteer) for person, volunteer in some)
        after, many = some[-1][0].id, many + len(some)
    return out.getvalue().encode("utf-8-sig"), many


def quoted(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(DANGEROUS) else cell


def _row(reader: Reader, person: Person, volunteer: Volunteer) -> list[str]:
    cells = (
        reader.show(person.sealed_alias()), as_printed(reader.show(person.sealed_phone())),
        person.language, person.area, ", ".join(volunteer.roles), str(volunteer.vetting),
        person.consent,
    )  # fmt: skip
    return [quoted(cell) for cell in cells]
