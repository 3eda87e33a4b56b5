"""`acompana export corrections`: what organizers put right goes to those who keep the lexicon."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import pyrage
import pytest
from sqlmodel import select
from typer.testing import CliRunner

from service.cli.app import app
from service.cli.explain import explain_reply
from service.errors import InvalidValue
from service.inbox.tables import Inbound
from service.privacy.audit import AuditLine
from service.privacy.policy import SYSTEM
from service.replies.correct import Correction, Meant, correct
from service.replies.learn import corrections_of
from tests.conftest import MASTER_KEY, Urls
from tests.factories import make_chapter
from tests.flows.town import Town

ALMA, BETO, QUIQUE, AZUCENA = 101, 102, 103, 120


def fix(town: Town, text: UUID | None, meant: Meant) -> None:
    now = town.clock.tick(minutes=1)
    with town.wiring.database.write() as session:
        mine = session.get_one(Inbound, text)
        correct(session, town.wiring.outbox, mine, Correction(meant), by=SYSTEM, now=now)


@pytest.fixture
def corrected(town: Town) -> Town:
    """Three were misread; a family was too."""
    for number, name, language in (
        (ALMA, "Alma", "en"), (BETO, "Beto", "es"), (QUIQUE, "Quique", "es"),
    ):  # fmt: skip
        town.volunteer(number, name=name, language=language)
    town.family(AZUCENA)
    checkin = town.checkin()
    town.tick()
    fix(town, town.text(BETO, "zarpo soy Eulalia, el 4135550142"), Meant.YES)
    town.text(BETO, "N")
    fix(town, town.text(ALMA, "zorp quique"), Meant.NO)
    fix(town, town.text(AZUCENA, "zumba la casa de Filemon"), Meant.OTHER)
    town.ask(checkin, QUIQUE)
    fix(town, town.text(QUIQUE, "Y"), Meant.YES)
    return town


def test_the_words_leave_and_nobody_who_wrote_them(corrected: Town) -> None:
    town = corrected
    with town.session() as session:
        found = corrections_of(session, town.wiring.keyring, town.chapter.id)
        other = make_chapter(session, "Coast")
        assert corrections_of(session, town.wiring.keyring, other.id) == []
    assert [(one.text, one.language, one.open_asks, one.meant) for one in found] == [
        ("zarpo soy xxx, el 0000000000", "es", 1, "yes"),
        ("zorp xxx", "en", 1, "no"),
    ]
    assert {(one.read, one.certainty) for one in found} == {("unknown", "doubtful")}
    assert all(one.why for one in found)


@pytest.fixture
def run(
    corrected: Town, urls: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> CliRunner:  # fmt: skip
    """Runs commands on their data."""
    (tmp_path / "master.key").write_text(MASTER_KEY.hex())
    (tmp_path / "master.key").chmod(0o600)
    monkeypatch.setenv("ACOMPANA_DATABASE_URL", urls.database)
    monkeypatch.setenv("ACOMPANA_KEYRING_URL", urls.keyring)
    monkeypatch.setenv("ACOMPANA_MASTER_KEY_FILE", str(tmp_path / "master.key"))
    monkeypatch.chdir(tmp_path)
    return CliRunner()


def test_they_are_written_as_the_explainer_reads_them(
    run: CliRunner, corrected: Town, tmp_path: Path
) -> None:
    key = pyrage.x25519.Identity.generate()
    to = ["--to", str(key.to_public())]
    told = run.invoke(app, ["export", "corrections", "out.age", *to])
    assert told.output == "2 texts in out.age\n"
    out = tmp_path / "out.age"
    assert out.stat().st_mode & 0o077 == 0
    lines = pyrage.decrypt(out.read_bytes(), [key]).decode().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [set(row) for row in rows] == [
        {"text", "language", "open_asks", "read", "certainty", "why", "meant"}
    ] * 2
    assert [explain_reply(row)["intent"] for row in rows] == [row["read"] for row in rows]
    with corrected.session() as session:
        query = select(AuditLine.detail).where(AuditLine.action == "export.corrections")
        assert session.exec(query).all() == ["2 texts, key"]


@pytest.mark.parametrize("way", [[], ["--plain", "--to", "age1x"]])
def test_how_it_leaves_has_to_be_said(run: CliRunner, tmp_path: Path, way: list[str]) -> None:
    told = run.invoke(app, ["export", "corrections", "out.jsonl", *way])
    assert isinstance(told.exception, InvalidValue)
    assert not (tmp_path / "out.jsonl").exists()


def test_a_passphrase_encrypts_and_plain_is_plain(run: CliRunner, tmp_path: Path) -> None:
    secret = "three words and more"
    run.invoke(
        app, ["export", "corrections", "out.age", "--passphrase"], input=f"{secret}\n"
    )  # fmt: skip
    assert b"zorp" in pyrage.passphrase.decrypt((tmp_path / "out.age").read_bytes(), secret)
    run.invoke(app, ["export", "corrections", "out.jsonl", "--plain"])
    assert b"zorp" in (tmp_path / "out.jsonl").read_bytes()
    told = run.invoke(app, ["export", "corrections", "out.jsonl", "--plain"])
    assert isinstance(told.exception, InvalidValue), "it is never overwritten"
