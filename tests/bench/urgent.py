"""An urgent text behind a long queue, on a sender that goes at its allowance."""

from __future__ import annotations

import time
from collections.abc import Mapping

from tests.bench import server, worker
from tests.bench.blast import CONNECTIONS, count_accepted
from tests.bench.ground import DATABASES, Grounds
from tests.bench.report import Line, Report

RATE = 1000.0  # segments a second; every text here is one segment
URGENT = 200
LIMIT_SECONDS = 1.0
WINDOW_SECONDS = 5
STALLED_SECONDS = 30.0


def urgent(grounds: Grounds, report: Report, size: int) -> None:
    """Print how long an urgent message takes, and how much of the allowance is used meanwhile."""
    backlog = size * 5 // 4
    for kind in DATABASES:
        with grounds.ground(kind, backlog, rate=RATE, leads=URGENT) as ground:
            with (
                server.running() as carrier,
                worker.running(ground, carrier.base, CONNECTIONS) as process,
            ):
                chapter = ground.chapter.id.hex
                process.ask(do="launch", chapter=chapter, urgent=False)
                # Up to speed first, then a window to measure the speed in.
                window = min(WINDOW_SECONDS, backlog / RATE / 2)
                time.sleep(1 + window)
                used = per_second(carrier.whole()["tenths"], window) / RATE
                began = time.monotonic()
                process.tell(do="launch", chapter=chapter, urgent=True)
                seconds = _last_of(carrier) - began
                process.hear()
                process.ask(do="stop")
                seen = carrier.whole()
            accepted = count_accepted(ground)
        report.expect("urgent", "urgent received", len(seen["urgent_at"]), URGENT)
        report.expect("urgent", "received, by number and words", seen["distinct"], seen["count"])
        report.expect("urgent", "accepted", accepted, seen["count"])
        note = f"{URGENT} behind {backlog:,} at {RATE:,.0f} segments/s"
        name = f"a second ({kind})"
        report.add(Line("urgent", seconds, LIMIT_SECONDS, name, "s", note))
        report.add(Line("urgent", used * RATE, RATE, f"allowance ({kind})", "messages/s"))


def per_second(tenths: Mapping[str, int], seconds: float) -> float:
    """Return the speed over the last whole tenths of a second but one."""
    last = max(int(tenth) for tenth in tenths) - 1
    count = max(1, int(seconds * 10))
    return sum(tenths.get(str(last - back), 0) for back in range(count)) / count * 10


def _last_of(carrier: server.Server) -> float:
    """Return when the last urgent text came in, by the clock that all processes share."""
    give_up = time.monotonic() + STALLED_SECONDS
    while len(at := carrier.whole()["urgent_at"]) < URGENT and time.monotonic() < give_up:
        time.sleep(0.1)
    return float(max(at, default=give_up))
