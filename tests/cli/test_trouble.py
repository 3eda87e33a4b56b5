"""The command that says what needs a person."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.chapters.halt import go_on, halt
from service.cli.app import app
from service.db import Database
from service.outbox.advance import notice
from service.privacy.keyring import make_master_key
from service.privacy.policy import SYSTEM
from tests.conftest import Urls
from tests.factories import StillClock, make_chapter, make_sender


@pytest.fixture
def run(urls: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Runs commands on this test's data."""
    make_master_key(tmp_path / "master.key")
    monkeypatch.setenv("ACOMPANA_DATABASE_URL", urls.database)
    monkeypatch.setenv("ACOMPANA_KEYRING_URL", urls.keyring)
    monkeypatch.setenv("ACOMPANA_MASTER_KEY_FILE", str(tmp_path / "master.key"))
    return CliRunner()


def _say(run: CliRunner, *words: str) -> str:
    told = run.invoke(app, ["trouble", *words])
    assert told.exit_code == 0, told.output
    return told.output


def test_a_quiet_day(run: CliRunner, database: Database) -> None:
    assert _say(run) == "Nothing needs you.\n"


def test_what_is_wrong_comes_with_what_to_do(
    run: CliRunner, database: Database, clock: StillClock
) -> None:
    with database.write() as session:
        sender = make_sender(session, make_chapter(session))
        sender.is_paused = True
        session.add(sender)
        notice(session, "paused", 20003, "sender:1", clock.now())
        notice(session, "unread_text", 0, "text:1", clock.now())
        notice(session, "cap-2026-03-02", 30023, "sender:1", clock.now())
    told = _say(run)
    assert "is at rest: nothing leaves" in told
    assert "20003: The carrier does not accept our credentials" in told
    assert "1 texts from people that could not be read in" in told
    assert _say(run, "wake") == "1 senders send again.\n"
    assert _say(run, "seen") == "3 notes are off the list.\n"
    assert _say(run, "again") == "0 texts are sent again.\n"
    assert _say(run, "leave") == "0 texts are given up.\n"
    assert _say(run) == "Nothing needs you.\n"


def test_what_the_switch_stopped_is_not_woken(
    run: CliRunner, database: Database, clock: StillClock
) -> None:
    with database.write() as session:
        valley, coast = make_chapter(session), make_chapter(session, "Coast")
        make_sender(session, valley)
        resting = make_sender(session, coast, "+14135550109")
        resting.is_paused = True
        session.add(resting)
        halt(session, valley.id, by=SYSTEM, now=clock.now())
    told = _say(run)
    assert "+14135550100 was stopped with Stop all texts" in told
    assert "+14135550109 is at rest" in told
    assert _say(run, "wake") == "1 senders send again.\n"
    assert "+14135550100 was stopped" in _say(run)
    with database.write() as session:
        go_on(session, valley.id, by=SYSTEM, now=clock.now())
    assert _say(run) == "Nothing needs you.\n"
