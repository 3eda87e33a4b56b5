"""Run the rows and print what they say; exit 1 only if something was lost, sent twice, oversold
or could not be measured at all."""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial

import service.wiring  # noqa: F401  (every table)
from tests.bench import blast, cores, due, pages, read, seats, urgent, webhook
from tests.bench.ground import DATABASES, Grounds, prepared
from tests.bench.report import JSON_LINES, Report
from tests.bench.scale import SIZES, Scale, row_of

USUAL_SIZE = 40_000


def rows(
    grounds: Grounds, report: Report, size: int, largest: int
) -> dict[str, Callable[[], None]]:
    """Return every row by name, in order."""
    named: dict[str, Callable[[], None]] = {}
    for slow in (False, True):
        for kind in DATABASES:
            name = f"blast-50ms-{kind}" if slow else f"blast-{kind}"
            named[name] = partial(blast.blasts, grounds, report, kind, size, slow=slow)
    named["urgent"] = partial(urgent.urgent, grounds, report, size)
    workers = blast.Workers(grounds, report, size)
    scale = Scale(grounds, report)
    for messages in SIZES:
        if messages <= largest:
            named[row_of(messages)] = partial(scale.measure, messages)
    named["due"] = partial(due.due, grounds, report, size)
    named["seats"] = partial(seats.seats, grounds, report)
    named["read"] = partial(read.read, report)
    for kind in DATABASES:
        named[f"pages-{kind}"] = partial(pages.pages, grounds, report, kind)
    named["board-slow-line"] = partial(pages.board_slow_line, report)
    named["webhook"] = partial(webhook.webhook, grounds, report, size)
    for count in (1, 2, 4):
        named[f"workers-{count}"] = partial(workers.run, count)
    return named


def main() -> int:
    """Measure."""
    given = _parser().parse_args()
    os.sched_setaffinity(0, {cores.OURS})  # what we start inherits it
    report = Report()
    report.begin()
    began = time.monotonic()
    with prepared() as grounds:
        named = rows(grounds, report, given.size, given.largest)
        chosen = [name for name in named if given.only is None or name in given.only]
        if unknown := set(given.only or ()) - named.keys():
            print(f"no such row: {', '.join(unknown)}; there are {', '.join(named)}")
            return 2
        for name in chosen:
            try:
                named[name]()
            except Exception as error:  # noqa: BLE001  (the other rows can still be measured)
                traceback.print_exc()
                report.problems.append(f"{name}: not measured ({type(error).__name__})")
    print(f"\n{time.monotonic() - began:.0f} s; the same figures are in {JSON_LINES}")
    for problem in report.problems:
        print(f"PROBLEM {problem}")
    return 1 if report.problems else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", metavar="ROW", help="this row; may be repeated")
    parser.add_argument(
        "--size", type=int, default=USUAL_SIZE, metavar="N", help="messages in a blast"
    )
    parser.add_argument(
        "--largest", type=float, default=1e6, metavar="N", help="the largest of the scale rows"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
