"""Signed answers to a rally, many at once, through the whole web application."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlmodel import func, select
from twilio.request_validator import RequestValidator

from service.cli.stage import free_port
from service.db import new_id
from service.inbox.tables import Inbound
from service.privacy.policy import SYSTEM
from service.rallies.announce import announce
from service.rallies.draft import Draft, save_draft
from service.rsvps.plan import launch_due_blasts
from service.rsvps.tables import Rsvp
from tests.bench import cores, load
from tests.bench.child import Child, end
from tests.bench.ground import DATABASES, MASTER_KEY, NUMBER, Ground, Grounds, number
from tests.bench.report import Line, Report, best
from tests.bench.worker import ACCOUNT, TOKEN

IN_FLIGHT = 50
START_SECONDS = 30.0
HOST = "bench.test"
INBOUND = "/webhooks/twilio/inbound"
CHEAP = ("/healthz", "/robots.txt")


def webhook(grounds: Grounds, report: Report, size: int) -> None:
    """Print how many answers a second one web process takes, beside its cheapest routes."""
    texts = min(9_000, size // 20)
    for kind in DATABASES:
        limits: dict[str, dict[str, Any]] = {}
        run = partial(_run, grounds, report, kind, texts, limits)
        done = best(run, lambda said: texts / float(said["per_second"]))
        note = f"{texts:,} signed Y, {IN_FLIGHT} in flight; each: stored, RSVP, answer enqueued"
        for path in CHEAP:
            for what, unit in (("per_second", "requests/s"), ("p99_ms", "ms, p99")):
                name = f"GET {path} ({kind})"
                report.add(Line("webhook", done[what], limits[path][what], name, unit, note))


def _run(
    grounds: Grounds, report: Report, kind: str, texts: int, limits: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    port = free_port(18_080)
    with grounds.ground(kind, texts) as ground:
        _call_to_a_rally(ground)
        with _web(ground, port), load.running(port, IN_FLIGHT) as client:
            _send(ground, client, [_get(CHEAP[0])] * IN_FLIGHT)  # every connection has been used
            for path in CHEAP:
                limits[path] = _send(ground, client, [_get(path)] * texts)
            done = _send(ground, client, [_answer(place) for place in range(texts)])
        with ground.database.read() as session:
            rows = [
                session.exec(select(func.count()).select_from(table)).one()
                for table in (Inbound, Rsvp)
            ]
    report.expect("webhook", "statuses", done["statuses"], {"200": texts})
    report.expect("webhook", "texts and RSVPs written", rows, [texts, texts])
    return done


def _send(ground: Ground, client: Child, requests: list[bytes]) -> dict[str, Any]:
    file = ground.folder / "requests"
    load.write(file, requests)
    return client.ask(file=str(file))


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


def _answer(place: int) -> bytes:
    """Return a text that says yes, as the carrier would post it."""
    form = {
        "AccountSid": ACCOUNT, "MessageSid": f"SM{new_id().hex}", "From": number(place),
        "To": NUMBER, "Body": "Y", "NumMedia": "0",
    }  # fmt: skip
    signature = RequestValidator(TOKEN).compute_signature(f"https://{HOST}{INBOUND}", form)
    body = urlencode(form)
    return (
        f"POST {INBOUND} HTTP/1.1\r\nHost: {HOST}\r\nX-Twilio-Signature: {signature}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        f"{body}"
    ).encode()


def _call_to_a_rally(ground: Ground) -> None:
    """Ask everybody to come: their Y is about this."""
    now = datetime.now(UTC)
    starts_at = now + timedelta(days=2)
    draft = Draft("Rally", "City Hall", starts_at, "Come! Reply Y or N.", "¡Venga! Responda S o N.")
    with ground.database.write() as session:
        rally = save_draft(session, ground.chapter, draft, by="bench", now=now)
        announce(session, rally, blast_id=new_id(), by=SYSTEM, now=now, is_seconded=True)
    launch_due_blasts(ground.database, now=now)


@contextlib.contextmanager
def _web(ground: Ground, port: int) -> Iterator[None]:
    """Run `acompana web` on our core."""
    key = ground.folder / "master.key"
    _write_key(key)
    settings = {
        "DATABASE_URL": ground.database_url, "KEYRING_URL": ground.keyring_url,
        "MASTER_KEY_FILE": str(key), "PUBLIC_URL": f"https://{HOST}", "PORT": str(port),
        "TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN,
    }  # fmt: skip
    environment = os.environ | {f"ACOMPANA_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "service", "web"]
    with cores.on(cores.OURS):
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        _until_up(port)
        yield
    finally:
        end(process)


def _write_key(path: Path) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(MASTER_KEY.hex())


def _until_up(port: int) -> None:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        with contextlib.suppress(OSError):
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", CHEAP[0])
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise RuntimeError("the web process does not start")
