"""Run the fault suite by hand: `python -m tests.faults.run [--whole]`; `--help` says the rest."""

from __future__ import annotations

import argparse
import importlib
import secrets
import signal
import sys
import time
from pathlib import Path

from tests.faults import report
from tests.faults.grounds import DATABASES, Grounds, prepared

MODULES = (
    "simulated", "kills", "ambiguous", "stops", "leases", "orderly", "inbound", "seats", "restarts",
    "carrier", "receipts", "clocks", "disk", "poison", "migrations", "routes",
)  # fmt: skip
JSON_LINES = Path("var/faults.jsonl")


def load() -> list[report.Fault]:
    """Return every fault there is."""
    for name in MODULES:
        importlib.import_module(f"tests.faults.{name}")
    return report.FAULTS


def tried(grounds: Grounds, one: report.Fault, trial: report.Trial) -> report.Line:
    """Try a fault once and say what it did."""
    began = time.monotonic()
    try:
        found = one.run(grounds, trial)
    except Exception as error:  # noqa: BLE001  (the other faults are tried all the same)
        # It did not come to its end. For a control too that is no answer: it must lose or double.
        problems = f"{type(error).__name__}: {error}".splitlines()
        found = report.Found(0, problems=problems, is_broken=True)
    return report.Line.of(one, trial, found, time.monotonic() - began)


def main() -> int:
    """Try the faults, print the table, write the JSON lines; 0 if every line is as it must be."""
    given = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended
    every = load()
    begin = next((at for at, one in enumerate(every) if given.begin in one.name), len(every))
    faults = [one for one in every[begin:] if given.only in one.name]
    stop_at = time.monotonic() + 60 * given.minutes
    if not given.begin:  # else what was tried before stays
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
                line = tried(grounds, one, report.Trial(database, seed, whole=given.whole))
                line.append_to(JSON_LINES)
                _tell(line)
                is_good = is_good and line.ok
    if skipped:
        print(f"{skipped} not tried: the {given.minutes:.0f} minutes were over")
    return 0 if is_good else 1


def _tell(line: report.Line) -> None:
    print(report.row(line), f"({line.seconds:.0f} s)", *line.notes, flush=True)
    for problem in line.problems if not line.ok else []:
        print(f"    {problem}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.run")
    parser.add_argument("--whole", action="store_true", help="full sizes (hours)")
    parser.add_argument("--only", default="", help="faults whose name contains this")
    parser.add_argument(
        "--from", dest="begin", default="", help="begin at the first that contains this"
    )
    parser.add_argument("--database", choices=(*DATABASES, "none"), help="only this one")
    parser.add_argument("--seed", type=int, help="replay these dice")
    parser.add_argument("--minutes", type=float, default=1e6, help="start nothing new after that")
    return parser


if __name__ == "__main__":
    sys.exit(main())
