"""`acompana`: one command, a sub-command a file."""

from __future__ import annotations

import sys

import typer
from pydantic import ValidationError

from service.cli import (
    accounts,
    chapters,
    demo,
    explain,
    lists,
    migrate,
    processes,
    shifts,
    trouble,
)
from service.errors import AcompanaError

app = typer.Typer(
    name="acompana",
    help="Rapid-response SMS: check-ins accompanied, rallies called, replies read.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.demo)
app.command("run")(processes.run)
app.command("web")(processes.web)
app.command("worker")(processes.worker)
app.command("clock")(processes.clock)
app.command("migrate")(migrate.migrate)
app.add_typer(accounts.app, name="organizer")
app.add_typer(lists.import_app, name="import")
app.add_typer(lists.export_app, name="export")
app.add_typer(chapters.chapter_app, name="chapter")
app.add_typer(chapters.office_app, name="office")
app.add_typer(shifts.app, name="shift")
app.add_typer(trouble.app, name="trouble")
app.add_typer(explain.app, name="explain")


def main() -> None:
    """Run the command; whatever a person can put right is one line on stderr, exit status 1."""
    try:
        app()
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False):
            name = "_".join(str(part) for part in problem["loc"]).upper()
            print(f"acompana: ACOMPANA_{name}: {problem['msg']}", file=sys.stderr)
        sys.exit(1)
    except AcompanaError as error:
        print(f"acompana: {error}", file=sys.stderr)
        sys.exit(1)
