"""`acompana run`, `web`, `worker`, `clock`: one process, or each part on its own."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import threading
from collections.abc import Coroutine
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI

from schedules.lead import tick_until
from service.app import create_app
from service.cli import logs
from service.db.migrate import is_current
from service.errors import Misuse
from service.people.area import warm
from service.settings import Settings
from service.web.console import end_streams
from service.wiring import Wiring, make_caller, make_worker, wire

log = structlog.get_logger()

GRACE_SECONDS = 5


def run() -> None:
    """Run everything in one process: what a small network on SQLite needs."""
    wiring = _start()
    stop = _stop_on_signals()
    others = [
        threading.Thread(target=_work_until, args=(wiring, stop), name="worker"),
        threading.Thread(target=tick_until, args=(wiring, stop), name="clock"),
    ]
    for thread in others:
        thread.start()
    try:
        _serve(wiring, stop)
    finally:
        stop.set()
        for thread in others:
            thread.join()
        wiring.close()


def web() -> None:
    """Serve pages, the API and webhooks."""
    wiring = _start()
    stop = _stop_on_signals()
    try:
        _serve(wiring, stop)
    finally:
        wiring.close()


def worker() -> None:
    """Send texts. Run as many as you like on PostgreSQL."""
    wiring = _start()
    stop = _stop_on_signals()
    try:
        _work_until(wiring, stop)
    finally:
        wiring.close()


def clock() -> None:
    """Tick: look for what is due. A second one stands by and takes over when the first ends."""
    wiring = _start()
    stop = _stop_on_signals()
    # On a thread: a signal that sets `stop` while this very thread waits for it could block forever.
    ticking = threading.Thread(target=tick_until, args=(wiring, stop), name="clock")
    ticking.start()
    try:
        ticking.join()
    finally:
        wiring.close()


def _start() -> Wiring:
    settings = Settings()
    logs.set_up(settings.log_format)
    wiring = wire(settings)
    if not is_current(wiring.database):
        raise Misuse("the database is not up to date; run: acompana migrate")
    # Beside what else a start does: the table's package lets nothing of ours run while it reads.
    threading.Thread(target=warm, name="places", daemon=True).start()
    keep_what_is_loaded()
    return wiring


def keep_what_is_loaded() -> None:
    """Leave all that exists by now out of every later collection of garbage.

    It stays anyway, half a million objects, and to look through them lets nothing of ours run for a
    quarter of a second: a page, a webhook, a claim.
    """
    gc.freeze()


def _serve(wiring: Wiring, stop: threading.Event) -> None:
    """Serve until `stop` or a signal; what is being answered is finished."""
    app = create_app(wiring)
    keep_what_is_loaded()
    config = uvicorn.Config(
        app,
        host=wiring.settings.host,
        port=wiring.settings.port,
        access_log=False,  # addresses hold one-time secrets
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    log.info("web.listening", address=wiring.settings.public_url)
    server = _Server(config, app)

    def end_with_stop() -> None:
        stop.wait()
        server.should_exit = True

    threading.Thread(target=end_with_stop, daemon=True).start()
    server.run()


class _Server(uvicorn.Server):
    """Ends the pages' live streams before it waits for connections to close: they never would."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        end_streams(self._app)
        await super().shutdown(sockets)


def _work_until(wiring: Wiring, stop: threading.Event) -> None:
    """Send texts and place calls on this thread until `stop`; what is in flight is finished."""

    async def work() -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        watcher = threading.Thread(
            target=lambda: (stop.wait(), loop.call_soon_threadsafe(ended.set)), daemon=True
        )
        watcher.start()
        await asyncio.gather(make_worker(wiring).run(ended), make_caller(wiring).run(ended))

    _run_fast(work())


def _run_fast(work: Coroutine[Any, Any, None]) -> None:
    try:
        import uvloop
    except ImportError:  # no uvloop on this platform
        asyncio.run(work)
    else:
        uvloop.run(work)


def _stop_on_signals() -> threading.Event:
    """Return what SIGINT and SIGTERM set, so that a process ends in order.

    The web server has handlers of its own while it serves and then raises the signal again: without
    these that would end the process there and then, with texts in flight.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop
