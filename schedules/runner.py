"""The clock: APScheduler ticks, jobs look for what is due. It stores nothing."""

from __future__ import annotations

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from schedules.jobs import JOBS, Job
from service.errors import Unavailable
from service.wiring import Wiring

log = structlog.get_logger()


def start_clock(wiring: Wiring) -> BackgroundScheduler:
    """Start ticking on a thread; `shutdown(wait=True)` on what is returned ends it.

    Missed ticks become one, and a job never runs beside itself.
    """
    scheduler = BackgroundScheduler(
        timezone="UTC",
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for job in JOBS:
        seconds = wiring.settings.tick_seconds * job.every_ticks
        scheduler.add_job(tick, "interval", (wiring, job), seconds=seconds, id=job.id)
    scheduler.start()
    return scheduler


def tick(wiring: Wiring, job: Job) -> None:
    """Run a job once; what goes wrong is logged and tried again at the next tick."""
    try:
        done = job.run(wiring, wiring.clock.now())
    except Unavailable as error:
        log.error("clock.unavailable", job=job.id, why=str(error))
    except Exception:
        log.exception("clock.job_failed", job=job.id)
    else:
        if done:
            log.info("clock.did", job=job.id, count=done)
