"""Of several clocks one ticks; the others stand by and take over when it ends."""

from __future__ import annotations

import threading

import structlog

from schedules.runner import start_clock
from service.db.lock import Lock, make_lock
from service.wiring import Wiring

log = structlog.get_logger()

STAND_BY_SECONDS = 1.0
LOOK_SECONDS = 0.5


def tick_until(wiring: Wiring, stop: threading.Event) -> None:
    """Tick whenever no other clock of this database does, until `stop`. Blocking.

    A clock that loses its lock stops at once; a job that is under way ends first, and finds nothing
    that another clock's job would do twice.
    """
    lock = make_lock(wiring.database.url)
    waits = False
    try:
        while not stop.is_set():
            if lock.take():
                waits = False
                _tick_while_held(wiring, lock, stop)
                continue
            if not waits:
                log.info("clock.stands_by")
                waits = True
            stop.wait(STAND_BY_SECONDS)
    finally:
        lock.release()


def _tick_while_held(wiring: Wiring, lock: Lock, stop: threading.Event) -> None:
    log.info("clock.ticks")
    scheduler = start_clock(wiring)
    try:
        while not stop.is_set():
            if lock.wait_for_loss(LOOK_SECONDS):
                log.warning("clock.lost_its_lock")
                scheduler.pause()
                break
    finally:
        scheduler.shutdown(wait=True)
