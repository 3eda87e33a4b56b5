"""Where faults are tried: a sandbox carrier, both databases, and a network of invented people."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from service.cli.stage import free_port
from service.db import Database
from service.db.migrate import upgrade
from service.privacy.keyring import make_master_key
from service.settings import Settings
from service.wiring import Wiring, wire
from tests import postgres
from tests.faults.parts import Parts
from tests.sandbox.driver import ACCOUNT, OURS, OURS_TOO, TOKEN, Sandbox, running_sandbox

DATABASES = ("sqlite", "postgresql")
SCALE = 0.25  # of the protocol's delays and of the carrier's
STARTS = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # a Monday, 10:00 in New York


@dataclass
class Stage:
    """One trial's own data, with the carrier beside it."""

    database: str
    folder: Path
    environment: dict[str, str]
    wiring: Wiring
    sandbox: Sandbox
    parts: Parts
    server: postgres.Postgres | None

    def faults(self, seed: int, *rules: dict[str, Any]) -> None:
        """Let the carrier go wrong from now on; no rules: it behaves again."""
        self.sandbox.http.delete("/_sandbox/faults").raise_for_status()
        if rules:
            body = {"seed": seed, "rules": list(rules)}
            self.sandbox.post("/faults", body).raise_for_status()


@dataclass
class Grounds:
    """What trials share: one carrier, one migrated database of each kind to copy."""

    folder: Path
    sandbox: Sandbox
    port: int
    sqlite_original: Path
    servers: contextlib.ExitStack
    server: postgres.Postgres | None = None

    @contextlib.contextmanager
    def stage(self, database: str, *, safe: bool = False, **settings: str) -> Iterator[Stage]:
        """Set a stage. safe: a PostgreSQL of its own that survives having its plug pulled."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        self.sandbox.post("/reset", {"clock": True}).raise_for_status()
        self.sandbox.post("/clock", {"at": STARTS.isoformat()}).raise_for_status()
        with contextlib.ExitStack() as undo:
            undo.callback(shutil.rmtree, folder, ignore_errors=True)
            server = self._server(undo, safe=safe) if database == "postgresql" else None
            environment = self._environment(undo, folder, server) | settings
            make_master_key(Path(environment["ACOMPANA_MASTER_KEY_FILE"]))
            wiring = wire(_settings(environment))
            undo.callback(wiring.close)
            wiring.keyring.prepare()
            parts = Parts(environment, folder)
            undo.callback(parts.end_all)
            try:
                yield Stage(database, folder, environment, wiring, self.sandbox, parts, server)
            except AssertionError as error:
                raise AssertionError(f"{error}\n{parts.troubles()}") from error

    def _server(self, undo: contextlib.ExitStack, *, safe: bool) -> postgres.Postgres:
        if safe:
            server = undo.enter_context(postgres.running(fast=False))
            _prepare(server)
            return server
        if self.server is None:
            self.server = self.servers.enter_context(postgres.running())
            _prepare(self.server)
        return self.server

    def _environment(
        self, undo: contextlib.ExitStack, folder: Path, server: postgres.Postgres | None
    ) -> dict[str, str]:
        if server is not None:
            data, keys = server.create("original"), server.create()
            urls = undo.enter_context(data), undo.enter_context(keys)
        else:
            shutil.copy(self.sqlite_original, folder / "data.sqlite")
            urls = f"sqlite:///{folder / 'data.sqlite'}", f"sqlite:///{folder / 'keys.sqlite'}"
        return {
            "ACOMPANA_DATABASE_URL": urls[0],
            "ACOMPANA_KEYRING_URL": urls[1],
            "ACOMPANA_MASTER_KEY_FILE": str(folder / "master.key"),
            "ACOMPANA_CLOCK_FILE": str(self.sandbox.clock_file),
            "ACOMPANA_PUBLIC_URL": f"http://localhost:{self.port}",
            "ACOMPANA_PORT": str(self.port),
            "ACOMPANA_TWILIO_ACCOUNT_SID": ACCOUNT,
            "ACOMPANA_TWILIO_AUTH_TOKEN": TOKEN,
            "ACOMPANA_TWILIO_API_BASE": self.sandbox.url,
            "ACOMPANA_TICK_SECONDS": "0.2",
            "ACOMPANA_PROTOCOL_SCALE": str(SCALE),
            "ACOMPANA_SETTLES_BULK": "true",
        }


@contextlib.contextmanager
def prepared(*more_numbers: str, delay_scale: float = SCALE) -> Iterator[Grounds]:
    """Prepare the grounds and clear them away. The carrier has two numbers of ours, or more.

    delay_scale: of the carrier's delays.
    """
    folder = Path(tempfile.mkdtemp(prefix="acompana-faults-"))
    port = free_port(0)
    inbound = f"http://localhost:{port}/webhooks/twilio/inbound"
    flags = (
        *(flag for number in (OURS, OURS_TOO, *more_numbers) for flag in ("--number", number)),
        "--inbound-url", inbound, "--delay-scale", str(delay_scale),
    )  # fmt: skip
    try:
        original = folder / "original.sqlite"
        upgrade(f"sqlite:///{original}")
        with (
            running_sandbox(folder, *flags, "--seed", str(secrets.randbits(30))) as sandbox,
            contextlib.ExitStack() as servers,
        ):
            yield Grounds(folder, sandbox, port, original, servers)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(server: postgres.Postgres) -> None:
    server.execute("create database original")
    upgrade(server.url("original"))


def _settings(environment: dict[str, str]) -> Settings:
    prefix = "ACOMPANA_"
    own = {name[len(prefix) :].lower(): value for name, value in environment.items()}
    return Settings(**own)  # type: ignore[arg-type]  # pydantic reads the strings


def opened(stage: Stage) -> Database:
    """Return another way into the stage's data; the caller disposes of it."""
    return Database(stage.environment["ACOMPANA_DATABASE_URL"])
