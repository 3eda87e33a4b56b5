"""Set a stage: a sandbox carrier and the whole service as processes of their own, on free ports."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from service.cli.demo_network import EVERYBODY, SENDER
from service.cli.migrate import prepare
from service.errors import Unavailable
from service.settings import Settings

START_SECONDS = 30.0
END_SECONDS = 10.0
ACCOUNT = "AC" + "d" * 32


@dataclass(frozen=True)
class Stage:
    """A stage that is being set. `environment` is for the processes on it."""

    folder: Path
    environment: dict[str, str]
    public_url: str
    sandbox_url: str

    def settings(self) -> Settings:
        """Return the settings of the service on this stage."""
        prefix = "ACOMPANA_"
        own = {
            k[len(prefix) :].lower(): v for k, v in self.environment.items() if k.startswith(prefix)
        }
        return Settings(**own)  # type: ignore[arg-type]  # pydantic reads the strings


def prepare_stage(folder: Path, *, port: int, sandbox_port: int, tick_seconds: float) -> Stage:
    """Empty the folder, make keys and databases in it, choose ports; start nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    port, sandbox_port = free_port(port), free_port(sandbox_port)
    public_url = f"http://localhost:{port}"
    environment = {
        "ACOMPANA_DATABASE_URL": f"sqlite:///{folder / 'acompana.sqlite'}",
        "ACOMPANA_KEYRING_URL": f"sqlite:///{folder / 'keyring.sqlite'}",
        "ACOMPANA_MASTER_KEY_FILE": str(folder / "master.key"),
        "ACOMPANA_CLOCK_FILE": str(folder / "clock"),
        "ACOMPANA_PUBLIC_URL": public_url,
        "ACOMPANA_PORT": str(port),
        "ACOMPANA_TWILIO_ACCOUNT_SID": ACCOUNT,
        "ACOMPANA_TWILIO_AUTH_TOKEN": secrets.token_hex(16),
        "ACOMPANA_TWILIO_API_BASE": f"http://127.0.0.1:{sandbox_port}",
        "ACOMPANA_TICK_SECONDS": str(tick_seconds),
        "ACOMPANA_DEMO": "true",
    }
    stage = Stage(folder, environment, public_url, f"http://localhost:{sandbox_port}")
    prepare(stage.settings(), new_key=True)
    return stage


@contextlib.contextmanager
def sandbox_running(stage: Stage, *, title: str) -> Iterator[None]:
    """Run the carrier until the end of the block."""
    port = stage.sandbox_url.rpartition(":")[2]
    command = [
        sys.executable, "-m", "service.sandbox", "--host", "127.0.0.1", "--port", port,
        "--inbound-url", f"{stage.public_url}/webhooks/twilio/inbound",
        "--clock-file", stage.environment["ACOMPANA_CLOCK_FILE"],
        "--ledger", str(stage.folder / "ledger.jsonl"),
        "--account-sid", ACCOUNT, "--number", SENDER, "--title", title,
    ]  # fmt: skip
    with _running(stage, command, "sandbox", f"{stage.sandbox_url}/_sandbox/health"):
        phones = [
            {"number": one.phone, "name": one.name, "language": one.language} for one in EVERYBODY
        ]
        httpx.post(f"{stage.sandbox_url}/_sandbox/phones", json=phones).raise_for_status()
        yield


@contextlib.contextmanager
def service_running(stage: Stage) -> Iterator[None]:
    """Run web, worker and clock until the end of the block."""
    command = [sys.executable, "-m", "service", "run"]
    with _running(stage, command, "service", f"{stage.public_url}/healthz"):
        yield


@contextlib.contextmanager
def _running(stage: Stage, command: list[str], name: str, health_url: str) -> Iterator[None]:
    """Start a process, wait until it is healthy, end it by its id, in every case."""
    log_path = stage.folder / f"{name}.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            command, env=os.environ | stage.environment, stdout=log, stderr=log,
            start_new_session=True,  # Ctrl-C reaches us, and we end it in order
        )  # fmt: skip
        try:
            _wait_until_healthy(process, name, health_url, log_path)
            yield
        finally:
            process.terminate()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_healthy(
    process: subprocess.Popen[bytes], name: str, url: str, log_path: Path
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url).status_code == 200:
                return
        time.sleep(0.1)
    tail = "\n".join(log_path.read_text(errors="replace").splitlines()[-15:])
    raise Unavailable(f"the {name} did not start; its last words:\n{tail}")


def free_port(wanted: int) -> int:
    """Return `wanted` if nobody listens there, else any free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Unavailable("no free port on this machine")
