"""`acompana import volunteers`: what it says, and what it does."""

from __future__ import annotations

from pathlib import Path

import pyrage
import pytest
from sqlmodel import select
from typer.testing import CliRunner

from service.cli.app import app
from service.db import Database
from service.errors import InvalidValue
from service.people.tables import Person
from service.privacy.audit import AuditLine
from service.privacy.keyring import make_master_key
from tests.conftest import Urls
from tests.factories import make_chapter, make_sender

LIST = "name,phone\nAna,413-555-0101\nBeto,n/a\nAna,413-555-0101\n"


@pytest.fixture
def run(
    urls: Urls, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> CliRunner:
    """Runs commands on this test's data: a chapter with one sender; `list.csv` lies at hand."""
    make_master_key(tmp_path / "master.key")
    monkeypatch.setenv("ACOMPANA_DATABASE_URL", urls.database)
    monkeypatch.setenv("ACOMPANA_KEYRING_URL", urls.keyring)
    monkeypatch.setenv("ACOMPANA_MASTER_KEY_FILE", str(tmp_path / "master.key"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.csv").write_text(LIST)
    runner = CliRunner()
    assert runner.invoke(app, ["migrate"]).exit_code == 0
    with database.write() as session:
        make_sender(session, make_chapter(session))
    return runner


def test_a_dry_run_says_what_would_happen_and_does_nothing(
    run: CliRunner, database: Database
) -> None:
    told = run.invoke(
        app, ["import", "volunteers", "list.csv", "--source", "the meeting", "--dry-run"]
    )
    assert told.output.splitlines() == [
        "row 3: We couldn't read that phone number. Write it like 413-555-0142.",
        "1 new, 1 twice in the list, 1 can't be read",
    ]
    with database.read() as session:
        assert session.exec(select(Person)).all() == []


def test_it_adds_once(run: CliRunner, database: Database) -> None:
    command = ["import", "volunteers", "list.csv", "--source", "the meeting"]
    assert run.invoke(app, command).output.endswith("1 added\n")
    assert run.invoke(app, command).output.endswith("0 added\n")
    with database.read() as session:
        assert len(session.exec(select(Person)).all()) == 1


def test_it_needs_the_source(run: CliRunner) -> None:
    told = run.invoke(app, ["import", "volunteers", "list.csv"])
    assert isinstance(told.exception, InvalidValue)
    assert told.exception.code == "source_missing"


def test_people_are_written_out_encrypted(
    run: CliRunner, database: Database, tmp_path: Path
) -> None:
    run.invoke(app, ["import", "volunteers", "list.csv", "--source", "the meeting"])
    key = pyrage.x25519.Identity.generate()
    command = ["export", "volunteers", "out.age", "--to", str(key.to_public())]
    assert run.invoke(app, command).output == "1 people in out.age\n"
    out = tmp_path / "out.age"
    assert out.stat().st_mode & 0o077 == 0
    assert b"Ana,413-555-0101" in pyrage.decrypt(out.read_bytes(), [key])
    assert isinstance(run.invoke(app, command).exception, InvalidValue)
    told = run.invoke(app, ["export", "volunteers", "other.csv"])
    assert isinstance(told.exception, InvalidValue)
    with database.read() as session:
        query = select(AuditLine.detail).where(AuditLine.action == "export.volunteers")
        assert session.exec(query).all()[0] == "1 people, key"
