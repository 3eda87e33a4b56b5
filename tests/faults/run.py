"""Run the fault suite by hand: `python -m tests.faults.run [--whole]`; `--help` says the rest."""

from __future__ import annotations

import argparse
import importlib
import secrets
import sys
import time
from pathlib import Path

from tests.faults import report
from tests.faults.grounds import DATABASES, prepared

MODULES = (
    "kills", "ambiguous", "stops", "leases", "orderly", "inbound", "seats", "restarts", "carrier",
    "receipts", "poison", "clocks",
)  # fmt: skip
JSON_LINES = Path("var/faults.jsonl")


def load() -> list[report.Fault]:
    """Return every fault there is."""
    for name in MODULES:
        importlib.import_module(f"tests.faults.{name}")
    return report.FAULTS


def main() -> int:
    """Try the faults, print the table, write the JSON lines; 0 if every line is as it must be."""
    given = _parser().parse_args()
    faults = [one for one in load() if given.only in one.name]
    stop_at = time.monotonic() + 60 * given.minutes
    JSON_LINES.unlink(missing_ok=True)
    print(report.HEAD, flush=True)
    is_good, skipped = True, 0
    with prepared() as grounds:
        for one in faults:
            for database in one.databases:
                if given.database not in (None, database):
                    continue
                if time.monotonic() > stop_at:
                    skipped += 1
                    continue
                seed = given.seed if given.seed is not None else secrets.randbits(31)
                trial = report.Trial(database, seed, whole=given.whole)
                began = time.monotonic()
                try:
                    found = one.run(grounds, trial)
                except AssertionError as error:
                    found = report.Found(0, lost=1, problems=[str(error)])
                line = report.Line.of(one, trial, found, time.monotonic() - began)
                line.append_to(JSON_LINES)
                print(report.row(line), f"({line.seconds:.0f} s)", *line.notes, flush=True)
                for problem in line.problems if not line.ok else []:
                    print(f"    {problem}", flush=True)
                is_good = is_good and line.ok
    if skipped:
        print(f"{skipped} not tried: the {given.minutes:.0f} minutes were over")
    return 0 if is_good else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.run")
    parser.add_argument("--whole", action="store_true", help="full sizes (more than an hour)")
    parser.add_argument("--only", default="", help="faults whose name contains this")
    parser.add_argument("--database", choices=DATABASES, help="only this one")
    parser.add_argument("--seed", type=int, help="replay these dice")
    parser.add_argument("--minutes", type=float, default=1e6, help="start nothing new after that")
    return parser


if __name__ == "__main__":
    sys.exit(main())
