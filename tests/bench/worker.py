"""A worker in a process of its own that also launches when told to, as `acompana run` does.

Lines it takes: {"do": "launch", "chapter", "urgent"} and {"do": "stop"}.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
import uvloop

import service.wiring  # noqa: F401  (every table)
from service.blasts.launch import Plan, launch
from service.blasts.tables import BlastKind
from service.clock import SystemClock
from service.db import Database, new_id
from service.outbox.deliver import Parts, Worker
from service.outbox.tables import Priority
from service.people.audience import Audience
from service.privacy.keyring import Keyring
from service.rsvps.plan import launch_due_blasts
from service.sms.carrier import Listed
from service.sms.post import TwilioPost
from tests.bench import child, cores
from tests.bench.ground import LEAD, MASTER_KEY, Ground

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "bench"
WORDS = {  # one segment each
    "en": "Acompaña: rally today 6 pm, City Hall, 36 Court St. Reply Y if you come, N if not.",
    "es": "Acompaña: hoy 6 pm, City Hall, 36 Court St. Responda S si viene, N si no.",
}


class NoDirectory:
    """A carrier's list that shows nothing."""

    def sent_to(self, to: str) -> Sequence[Listed]:
        """Return no messages."""
        return []


def carrier(api_base: str, connections: int) -> TwilioPost:
    """Return the service's own client."""
    return TwilioPost(
        api_base=api_base, account_sid=ACCOUNT, auth_token=TOKEN, timeout_seconds=10,
        connections=connections,
    )  # fmt: skip


@contextlib.contextmanager
def running(ground: Ground, api_base: str, connections: int) -> Iterator[child.Child]:
    """Run a worker on our core."""
    arguments = (ground.database_url, ground.keyring_url, api_base, str(connections))
    with child.running("tests.bench.worker", *arguments, core=cores.OURS) as process:
        yield process


def _launch(database: Database, chapter: UUID, urgent: bool) -> dict[str, Any]:
    now = datetime.now(UTC)
    plan = Plan(
        id=new_id(),
        subject=f"rally:{new_id().hex}",
        kind=BlastKind.CALL,
        audience=Audience(chapter, min_vetting=LEAD if urgent else 0),
        bodies={lang: "Urgent: " * urgent + words for lang, words in WORDS.items()},
        priority=Priority.URGENT if urgent else Priority.BULK,
        not_after=now + timedelta(days=2),
        created_by="bench",
    )
    began = time.monotonic()
    with database.write() as session:
        launch(session, plan, now=now)
    launch_due_blasts(database, now=now)
    return {"blast": plan.id.hex, "seconds": time.monotonic() - began}


async def _work(given: argparse.Namespace) -> None:
    database = Database(given.database_url)
    keyring = Keyring(Database(given.keyring_url), MASTER_KEY)
    post = carrier(given.api_base, given.connections)
    parts = Parts(
        database, keyring, post, NoDirectory(), SystemClock(), "https://bench.test",
        connections=given.connections,
    )  # fmt: skip
    stop = asyncio.Event()
    working = asyncio.create_task(Worker(parts).run(stop))
    await asyncio.sleep(0.2)
    child.say(ready=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        told = json.loads(line)
        if told["do"] == "stop":
            break
        chapter, urgent = UUID(told["chapter"]), told["urgent"]
        child.say(**await asyncio.to_thread(_launch, database, chapter, urgent))
    stop.set()
    await working
    database.dispose()
    keyring.close()
    child.say(peak_mb=_peak_mb())


def _peak_mb() -> float:
    """Return this process's largest resident size: of its own image, not its parent's."""
    for line in Path("/proc/self/status").read_text("utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    parser = argparse.ArgumentParser()
    for name in ("database_url", "keyring_url", "api_base"):
        parser.add_argument(name)
    parser.add_argument("connections", type=int)
    uvloop.run(_work(parser.parse_args()))
