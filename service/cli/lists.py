"""`acompana import` and `acompana export`: a network's own list in and out; what was misread, out."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from service.chapters.find import chapter_called
from service.cli.accounts import COMMAND_LINE
from service.cli.explain import IN_WORDS
from service.errors import InvalidValue
from service.outbox.import_list import apply_lists, begin_list
from service.people.export import volunteers_as_csv
from service.people.import_.columns import guess_layout
from service.people.import_.judge import Usual
from service.people.import_.keep import judge_list, keep_list, say_layout, standings
from service.people.import_.read import MOST_ROWS, read_rows
from service.privacy import audit
from service.privacy.age import encrypt_to, encrypt_with
from service.replies.learn import corrections_of
from service.settings import Settings
from service.wiring import Wiring, wire

import_app = typer.Typer(help="Take a network's own list in.", no_args_is_help=True)
export_app = typer.Typer(help="Take people out, encrypted.", no_args_is_help=True)


@import_app.command("volunteers")
def volunteers(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX.", exists=True, dir_okay=False)],
    source: Annotated[str, typer.Option(help="Where they gave their numbers.")] = "",
    agreed: Annotated[
        str, typer.Option(help="How they agreed to texts in writing; without it: invited once.")
    ] = "",
    language: Annotated[str, typer.Option(help="Where the list doesn't say: en or es.")] = "en",
    chapter: Annotated[str, typer.Option(help="Chapter (default: the first one).")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen, only.")
    ] = False,
) -> None:
    """Add everybody new on the list, each with one text. Columns are known by their titles."""
    wiring = wire(Settings())
    now, countries = wiring.clock.now(), wiring.settings.countries
    rows = read_rows(file.read_bytes())
    with wiring.database.write() as session:
        where = chapter_called(session, chapter)
        kept = keep_list(session, wiring.keyring, where.id, rows, by=COMMAND_LINE, now=now)
        say_layout(kept, guess_layout(rows), Usual(language, source), agreed=agreed)
        judged = judge_list(wiring.keyring, kept, countries)
        good = [row.card.phone for row in judged if row.is_good]
        known = standings(session, wiring.keyring, where.id, good)
        told = Counter(known.get(phone, "new") for phone in good)
        for row in judged:
            if row.problem:
                problem = InvalidValue("row", row.problem)
                print(f"row {row.number}: {wiring.catalog.error(problem.code, 'en')}")
        told["twice in the list"] = sum(1 for row in judged if row.twin)
        told["can't be read"] = sum(1 for row in judged if row.problem)
        print(", ".join(f"{many} {what.replace('_', ' ')}" for what, many in told.items() if many))
        if dry_run:
            session.rollback()
            return
        begin_list(session, kept, by=COMMAND_LINE, now=now)
    added = apply_lists(wiring.database, wiring.outbox, countries, now=now, most=MOST_ROWS)
    print(f"{added} added")


File = Annotated[Path, typer.Argument(help="Where to write; must not exist yet.")]
To = Annotated[str, typer.Option(help="Public key: age1... or ssh-...")]
Passphrase = Annotated[bool, typer.Option("--passphrase", help="Ask for a passphrase instead.")]
Plain = Annotated[bool, typer.Option("--plain", help="Do not encrypt.")]
OfChapter = Annotated[str, typer.Option(help="Chapter (default: the first one).")]


@export_app.command("volunteers")
def export_volunteers(
    file: File, to: To = "", passphrase: Passphrase = False, plain: Plain = False,
    chapter: OfChapter = "",
) -> None:  # fmt: skip
    """Write the chapter's volunteers as CSV, encrypted in the age format. Never families."""
    way = _way_out(file, to, passphrase, plain)
    wiring = wire(Settings())
    with wiring.database.read() as session:
        where = chapter_called(session, chapter)
        data, many = volunteers_as_csv(session, wiring.keyring, where.id)
    _write_out(wiring, file, data, way, Export("volunteers", where.id, f"{many} people"))


@export_app.command("corrections")
def export_corrections(
    file: File, to: To = "", passphrase: Passphrase = False, plain: Plain = False,
    chapter: OfChapter = "",
) -> None:  # fmt: skip
    """Write what organizers put right as JSON lines, for those who keep the lexicon. Never families'.

    Read every line before it leaves: docs/runbook.md says what to look for.
    """
    way = _way_out(file, to, passphrase, plain)
    wiring = wire(Settings())
    with wiring.database.read() as session:
        where = chapter_called(session, chapter)
        found = corrections_of(session, wiring.keyring, where.id)
    words = {intent.value: word for intent, word in IN_WORDS.items()}
    rows = [asdict(one) | {"read": words.get(one.read, one.read)} for one in found]
    data = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()
    _write_out(wiring, file, data, way, Export("corrections", where.id, f"{len(rows)} texts"))


@dataclass(frozen=True)
class Way:
    """How a file leaves: encrypted to a key, with a passphrase, or plain."""

    name: str
    key: str = ""
    secret: str = ""

    def sealed(self, data: bytes) -> bytes:
        """Return the data as it is written."""
        if self.name == "plain":
            return data
        return encrypt_to(data, self.key) if self.key else encrypt_with(data, self.secret)


@dataclass(frozen=True)
class Export:
    """What leaves, whose, and how much of it."""

    what: str
    chapter_id: UUID
    amount: str


def _way_out(file: Path, to: str, passphrase: bool, plain: bool) -> Way:
    """Return how the file is written: one way has to be named. Asks for the passphrase."""
    if [bool(to), passphrase, plain].count(True) != 1:
        raise InvalidValue("to", "missing", "say --to KEY, --passphrase or --plain")
    if file.exists():
        raise InvalidValue("file", "invalid", f"{file} is there already; it is never overwritten")
    if passphrase:
        return Way("passphrase", secret=typer.prompt("Passphrase", hide_input=True))
    return Way("key", key=to) if to else Way("plain")


def _write_out(wiring: Wiring, file: Path, data: bytes, way: Way, export: Export) -> None:
    """Encrypt it, put it on record, write it for its owner alone."""
    sealed = way.sealed(data)
    with wiring.database.write() as session:
        audit.record(
            session, actor=COMMAND_LINE, action=f"export.{export.what}",
            subject=f"chapter:{export.chapter_id.hex}", now=wiring.clock.now(),
            detail=f"{export.amount}, {way.name}",
        )  # fmt: skip
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(sealed)
    print(f"{export.amount} in {file}")
