"""The commands for organizers: invited, listed, given a role, switched off."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.accounts.sign_in import find_link
from service.accounts.tables import LinkKind, Organizer
from service.accounts.tokens import organizer_of
from service.cli.app import app
from service.db import Database
from service.errors import NotFound
from service.privacy.keyring import make_master_key
from service.privacy.policy import Role
from tests.conftest import Urls
from tests.factories import make_chapter


@pytest.fixture
def run(
    urls: Urls, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> CliRunner:
    """Runs commands on this test's data: a chapter without organizers."""
    make_master_key(tmp_path / "master.key")
    monkeypatch.setenv("ACOMPANA_DATABASE_URL", urls.database)
    monkeypatch.setenv("ACOMPANA_KEYRING_URL", urls.keyring)
    monkeypatch.setenv("ACOMPANA_MASTER_KEY_FILE", str(tmp_path / "master.key"))
    with database.write() as session:
        make_chapter(session)
    return CliRunner()


def say(run: CliRunner, *words: str) -> str:
    told = run.invoke(app, ["organizer", *words])
    assert told.exit_code == 0, told.output
    return told.output.strip()


def test_the_first_is_admin_and_the_next_are_organizers(run: CliRunner, database: Database) -> None:
    link = say(run, "invite", "Marta")
    say(run, "invite", "Beto", "--language", "es")
    say(run, "invite", "Ana", "--role", "viewer")
    assert say(run, "list").splitlines() == [
        "Ana (ana): viewer, 0 passkeys",
        "Beto (beto): organizer, 0 passkeys",
        "Marta (marta): admin, 0 passkeys",
    ]
    with database.read() as session:
        from service.clock import SystemClock

        found = find_link(session, link.rpartition("/")[2], now=SystemClock().now())
        assert found is not None
        assert found.kind is LinkKind.INVITATION
        marta = session.get_one(Organizer, found.organizer_id)
        assert (marta.name, marta.role) == ("Marta", Role.ADMIN)


def test_an_invitation_again_is_for_the_same_account(run: CliRunner) -> None:
    first, second = say(run, "invite", "Marta"), say(run, "invite", "Marta", "--lost")
    assert first != second
    assert len(say(run, "list").splitlines()) == 1


def test_tokens_are_taken_back_and_accounts_switched_off(
    run: CliRunner, database: Database
) -> None:
    say(run, "invite", "Marta")
    say(run, "invite", "Beto")
    tokens = [say(run, "token", "Beto", "--label", label) for label in ("sheet", "map")]
    assert say(run, "list").splitlines()[0] == "Beto (beto): organizer, 0 passkeys, 2 tokens"
    assert say(run, "revoke", "Beto") == "2 taken back"
    with database.read() as session:
        assert [organizer_of(session, token) for token in tokens] == [None, None]
    say(run, "role", "Beto", "dispatcher")
    say(run, "off", "Beto")
    assert say(run, "list").splitlines()[-1] == "Beto (beto): off, 0 passkeys"
    say(run, "on", "Beto")
    assert "dispatcher" in say(run, "list")


def test_a_name_that_nobody_has_is_said(run: CliRunner) -> None:
    told = run.invoke(app, ["organizer", "off", "Nobody"])
    assert isinstance(told.exception, NotFound)
    assert "organizer list" in str(told.exception)
