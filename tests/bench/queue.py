"""The same blast through a task queue: Celery with Redis, one task a message, two processes."""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from service.cli.stage import free_port
from tests.bench import cores, server
from tests.bench.child import end
from tests.bench.ground import Grounds
from tests.bench.report import Report

PROCESSES = 2
START_SECONDS = 20.0
STALLED_SECONDS = 120.0


def per_second(
    grounds: Grounds, report: Report, row: str, kind: str, messages: int
) -> tuple[float | None, str]:
    """Return messages a second, publishing included, and the limit's name."""
    if shutil.which("redis-server") is None:
        return None, "celery (no broker on this machine)"
    name = f"celery, Redis, {PROCESSES} processes, {messages:,} messages"
    with contextlib.ExitStack() as stack:
        ground = stack.enter_context(grounds.ground(kind, 0))
        carrier = stack.enter_context(server.running())
        is_sqlite = kind == "sqlite"
        os.environ["BENCH_BASE"] = carrier.base
        os.environ["BENCH_BROKER"] = stack.enter_context(_redis())
        os.environ["BENCH_DATABASE"] = (
            str(ground.folder / "sent.sqlite") if is_sqlite else ground.database_url
        )
        sys.modules.pop("tests.bench.tasks", None)  # it reads these once
        tasks: Any = importlib.import_module("tests.bench.tasks")
        database = tasks.connect()
        stack.callback(database.close)
        database.execute(tasks.SET_UP)
        database.commit()
        stack.enter_context(_workers(tasks.app))
        began = time.monotonic()
        for place in range(messages):
            tasks.send.delay(place)
        count = 0
        while count < messages and time.monotonic() - began < STALLED_SECONDS:
            time.sleep(0.02)
            count = database.execute("select count(*) from sent").fetchone()[0]
            database.rollback()
        seconds = time.monotonic() - began
        tasks.app.close()
        pools: Any = importlib.import_module("kombu.pools")
        pools.reset()  # its connections lead to a broker that is about to end
    report.expect(row, "rows written by celery", count, messages)
    return messages / seconds, name


@contextlib.contextmanager
def _redis() -> Iterator[str]:
    """Run a Redis of our own that keeps nothing on disk; give its URL."""
    port = free_port(16_379)
    with tempfile.TemporaryDirectory() as folder:
        command = [
            "redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "",
            "--appendonly", "no", "--dir", folder,
        ]  # fmt: skip
        with cores.on(cores.OURS):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            _until_listening(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            end(process)


@contextlib.contextmanager
def _workers(app: Any) -> Iterator[None]:
    command = [
        sys.executable, "-m", "celery", "-A", "tests.bench.tasks", "worker", "--pool", "prefork",
        "--concurrency", str(PROCESSES), "--loglevel", "error", "--without-gossip",
        "--without-mingle", "--without-heartbeat",
    ]  # fmt: skip
    with cores.on(cores.OURS):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        give_up = time.monotonic() + START_SECONDS
        while not app.control.ping(timeout=0.2):
            if process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError("celery does not start")
        yield
    finally:
        end(process)


def _until_listening(port: int) -> None:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError("redis does not start")
