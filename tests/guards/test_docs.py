"""What the documents name exists, and what exists is named: paths, functions, settings, commands, SQL."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main
from pydantic import SecretStr
from sqlmodel import text

from service.cli.app import app
from service.db import Database
from service.settings import Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])
RECORDS = sorted((DOCS / "decisions").glob("*.md"))
RUNBOOK = (DOCS / "runbook.md").read_text("utf-8")

ROOTS = ("service/", "schedules/", "alembic/", "tests/", "docs/", ".ci/")
SPAN = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def prose(page: Path) -> str:
    """Return a page without its code blocks."""
    return FENCE.sub("", page.read_text("utf-8"))


# --- paths and functions --------------------------------------------------------------------------


def named_paths(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield (path, names in it) for every `folder/file.py` and `folder/file.py: name, name`."""
    for span in SPAN.findall(prose(page)):
        path, _, names = span.partition(": ")
        if path.startswith(ROOTS) and re.fullmatch(r"[\w./-]+", path):
            yield path, [name.strip() for name in names.split(",") if name.strip()]


@each_page
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    missing = [path for path, _ in named_paths(page) if not (ROOT / path).exists()]
    assert missing == []


@each_page
def test_every_function_that_a_page_names_exists(page: Path) -> None:
    missing = [
        f"{path}: {name}"
        for path, names in named_paths(page)
        for name in names
        if (ROOT / path).exists() and name not in _defined(ROOT / path)
    ]
    assert missing == []


def test_the_architecture_names_paths_and_functions() -> None:
    named = list(named_paths(DOCS / "architecture.md"))
    assert len(named) > 60, "the patterns above no longer find them"
    assert sum(len(names) for _, names in named) > 60


def test_the_readme_tells_of_every_room() -> None:
    tree = next(block for _, block in FENCE.findall((ROOT / "README.md").read_text("utf-8"))
                if "service/outbox/" in block)  # fmt: skip
    told = {line.split()[0] for line in tree.splitlines() if line.strip()}
    rooms = {f"service/{path.parent.name}/" for path in ROOT.glob("service/*/__init__.py")}
    assert rooms <= told
    assert [path for path in told if not (ROOT / path).exists()] == []


@cache
def _defined(path: Path) -> frozenset[str]:
    """Return the names that a module defines: functions, classes, `Class.member`, constants."""
    found: set[str] = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        for name in _names(node):
            found.add(name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{name}" for part in node.body for name in _names(part)}
    return frozenset(found)


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AnnAssign):
        targets = [node.target]
    parts = [part for t in targets for part in (t.elts if isinstance(t, ast.Tuple) else [t])]
    return [part.id for part in parts if isinstance(part, ast.Name)]


# --- links ----------------------------------------------------------------------------------------


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target in LINK.findall(prose(page)):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in _anchors(file)):
            broken.append(target)
    assert broken == []


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


# --- settings -------------------------------------------------------------------------------------


def row_of(name: str) -> str:
    """Return the line of the runbook's table that tells of a setting."""
    field = Settings.model_fields[name]
    return f"| `ACOMPANA_{name.upper()}` | {_written(field.default)} | {field.description} |"


def _written(default: object) -> str:
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if default in (None, ""):
        return "none"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return ",".join(default)
    return f"{default:g}" if isinstance(default, float) else str(default)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_runbook_tells_of_every_setting_as_the_code_does(name: str) -> None:
    assert row_of(name) in RUNBOOK.splitlines()


def test_no_document_tells_of_a_setting_that_is_not_there() -> None:
    known = {f"ACOMPANA_{name.upper()}" for name in Settings.model_fields}
    others = [ROOT / name for name in ("Dockerfile", "compose.yaml", "Makefile")]
    for page in (*PAGES, *others):
        named = set(re.findall(r"\bACOMPANA_[A-Z_]*[A-Z]", page.read_text("utf-8")))
        assert named <= known, page


# --- commands -------------------------------------------------------------------------------------


def commands() -> dict[str, list[str]]:
    """Return every command, as it is typed, with its options."""
    found: dict[str, list[str]] = {}

    def walk(command: Any, typed: str) -> None:
        if hasattr(command, "commands"):
            for name, child in command.commands.items():
                walk(child, f"{typed} {name}")
        else:
            options = [option for parameter in command.params for option in parameter.opts]
            found[typed] = [option for option in options if option.startswith("--")]

    walk(typer.main.get_command(app), "acompana")
    return found


@pytest.mark.parametrize("command", commands())
def test_the_runbook_tells_of_every_command_and_its_options(command: str) -> None:
    rows = [line for line in RUNBOOK.splitlines() if line.startswith(f"| `{command}` |")]
    assert len(rows) == 1
    missing = [option for option in commands()[command] if f"`{option}`" not in rows[0]]
    assert missing == []


@each_page
def test_no_page_names_a_command_that_is_not_there(page: Path) -> None:
    known = commands()
    groups = {command.rpartition(" ")[0] for command in known}
    code = page.read_text("utf-8")
    spans = [*SPAN.findall(prose(page)), *(block for _, block in FENCE.findall(code))]
    for typed in re.findall(r"^(?:\S*/)?acompana ([a-z]+(?: [a-z]+)?)", "\n".join(spans), re.M):
        words = typed.split()
        is_known = f"acompana {words[0]}" in known or f"acompana {typed}" in known
        assert is_known or f"acompana {typed}" in groups, typed


@each_page
def test_every_make_target_that_a_page_names_is_there(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    blocks = "\n".join(block for _, block in FENCE.findall(page.read_text("utf-8")))
    typed = re.findall(r"^make ([a-z ]+)$", blocks, re.MULTILINE)
    typed += [span[5:] for span in SPAN.findall(prose(page)) if re.fullmatch(r"make [a-z ]+", span)]
    assert {name for line in typed for name in line.split()} <= targets


def test_the_readme_has_both_commands_of_a_newcomer() -> None:
    blocks = [block for _, block in FENCE.findall((ROOT / "README.md").read_text("utf-8"))]
    assert any(block.split("\n")[:2] == ["make demo", "make test"] for block in blocks)


# --- what an operator types into the database -----------------------------------------------------


def test_every_statement_of_the_runbook_runs(database: Database) -> None:
    blocks = [block for language, block in FENCE.findall(RUNBOOK) if language == "sql"]
    statements = [part.strip() for block in blocks for part in block.split(";") if part.strip()]
    assert len(statements) > 8
    with database.write() as session:
        for statement in statements:
            session.execute(text(statement))


# --- decisions ------------------------------------------------------------------------------------


def test_decisions_are_numbered_in_order() -> None:
    numbers = [int(path.name[:4]) for path in RECORDS]
    assert numbers == list(range(1, len(RECORDS) + 1))


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_decision_is_short_and_has_its_parts(record: Path) -> None:
    body = record.read_text("utf-8")
    assert body.startswith(f"# {int(record.name[:4])}. ")
    parts = re.findall(r"^\*\*(\w+)\.\*\*", body, re.MULTILINE)
    assert parts == ["Context", "Decision", "Consequence"]
    assert len(body.splitlines()) <= 30
    assert f"decisions/{record.name})" in (DOCS / "architecture.md").read_text("utf-8")
