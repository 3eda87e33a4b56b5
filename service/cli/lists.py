"""`acompana import` and `acompana export`: a network's own list of volunteers in, and out again."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from service.chapters.find import chapter_called
from service.cli.accounts import COMMAND_LINE
from service.errors import InvalidValue
from service.outbox.import_list import apply_lists, begin_list
from service.people.export import volunteers_as_csv
from service.people.import_.columns import guess_layout
from service.people.import_.judge import Usual
from service.people.import_.keep import judge_list, keep_list, say_layout, standings
from service.people.import_.read import MOST_ROWS, read_rows
from service.privacy import audit
from service.privacy.age import encrypt_to, encrypt_with
from service.settings import Settings
from service.wiring import wire

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


@export_app.command("volunteers")
def export_volunteers(
    file: Annotated[Path, typer.Argument(help="Where to write; must not exist yet.")],
    to: Annotated[str, typer.Option(help="Public key: age1... or ssh-...")] = "",
    passphrase: Annotated[
        bool, typer.Option("--passphrase", help="Ask for a passphrase instead.")
    ] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Do not encrypt.")] = False,
    chapter: Annotated[str, typer.Option(help="Chapter (default: the first one).")] = "",
) -> None:
    """Write the chapter's volunteers as CSV, encrypted in the age format. Never families."""
    if [bool(to), passphrase, plain].count(True) != 1:
        raise InvalidValue("to", "missing", "say --to KEY, --passphrase or --plain")
    if file.exists():
        raise InvalidValue("file", "invalid", f"{file} is there already; it is never overwritten")
    secret = typer.prompt("Passphrase", hide_input=True) if passphrase else ""
    wiring = wire(Settings())
    with wiring.database.read() as session:
        where = chapter_called(session, chapter)
        data, many = volunteers_as_csv(session, wiring.keyring, where.id)
    if not plain:
        data = encrypt_to(data, to) if to else encrypt_with(data, secret)
    with wiring.database.write() as session:
        way = "key" if to else "passphrase" if passphrase else "plain"
        audit.record(
            session, actor=COMMAND_LINE, action="export.volunteers",
            subject=f"chapter:{where.id.hex}", now=wiring.clock.now(), detail=f"{many} people, {way}",
        )  # fmt: skip
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(data)
    print(f"{many} people in {file}")
