"""The list of faults, what a trial of one finds, and how that is told."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.faults.grounds import DATABASES, Grounds
from tests.faults.judge import Verdict

MOST_PROBLEMS = 8


@dataclass(frozen=True)
class Trial:
    """What one run of a fault is given. seed: replays its dice. whole: full size."""

    database: str
    seed: int
    whole: bool = False

    def size(self, short: int, whole: int) -> int:
        return whole if self.whole else short

    def dice(self) -> random.Random:
        return random.Random(self.seed)  # noqa: S311  (chance, not secrecy)


@dataclass
class Found:
    """What a fault did. trials: how often it struck (kills, restarts, texts, ...)."""

    trials: int
    lost: int = 0
    twice: int = 0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # figures that are worth telling
    is_broken: bool = False  # it did not come to its end

    def add(self, verdict: Verdict) -> None:
        """Add what the judge found."""
        self.lost += verdict.lost
        self.twice += verdict.twice
        self.problems += verdict.problems

    def lose(self, problem: str) -> None:
        """Count one thing as lost, and say what."""
        self.lost += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)

    @staticmethod
    def by(verdict: Verdict, trials: int) -> Found:
        return Found(trials, verdict.lost, verdict.twice, verdict.problems)


Run = Callable[[Grounds, Trial], Found]


@dataclass(frozen=True)
class Fault:
    """One line of the table.

    is_control: with a safeguard taken out, so it must lose or double. short_databases: where the
    short version is tried at every commit.
    """

    name: str
    run: Run
    databases: tuple[str, ...]
    is_control: bool
    short_databases: tuple[str, ...]

    @property
    def slug(self) -> str:
        """A name without spaces: the module's and the function's."""
        run = getattr(self.run, "func", self.run)
        return f"{run.__module__.rsplit('.', 1)[-1]}-{run.__name__}"


FAULTS: list[Fault] = []


def fault(
    name: str, *, databases: tuple[str, ...] = DATABASES, is_control: bool = False,
    short: tuple[str, ...] | None = None,
) -> Callable[[Run], Run]:  # fmt: skip
    """Put a trial on the list. short: where its short version runs (default: wherever it does)."""

    def add(run: Run) -> Run:
        where = databases if short is None else short
        FAULTS.append(Fault(name, run, databases, is_control, where))
        return run

    return add


@dataclass(frozen=True)
class Line:
    """One line of var/faults.jsonl. control_failed: the control went red, as it must; else None."""

    fault: str
    database: str
    trials: int
    lost: int
    twice: int
    control_failed: bool | None
    ok: bool
    seed: int
    seconds: float
    problems: list[str]
    notes: list[str]

    @staticmethod
    def of(fault: Fault, trial: Trial, found: Found, seconds: float) -> Line:
        is_red = found.lost > 0 or found.twice > 0
        return Line(
            fault=fault.name, database=trial.database, trials=found.trials, lost=found.lost,
            twice=found.twice, control_failed=is_red if fault.is_control else None,
            ok=is_red == fault.is_control and not found.is_broken, seed=trial.seed, seconds=round(seconds, 1),
            problems=found.problems, notes=found.notes,
        )  # fmt: skip

    @property
    def verdict(self) -> str:
        if self.control_failed is None:
            return "ok" if self.ok else "FAILED"
        if self.ok:
            return "went red, as it must"
        return "FAILED" if self.control_failed else "NOT NOTICED"

    def append_to(self, path: Path) -> None:
        """Add the line to a file of JSON lines."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            file.write(json.dumps(asdict(self), ensure_ascii=False) + "\n")


HEAD = (
    f"{'fault':<58} {'database':<10} {'trials':>8} {'lost':>5} {'twice':>5}  {'seed':<10} verdict"
)


def row(line: Line) -> str:
    """Return the line as the table shows it."""
    return (
        f"{line.fault:<58} {line.database:<10} {line.trials:>8} {line.lost:>5} {line.twice:>5}"
        f"  {line.seed:<10} {line.verdict}"
    )
