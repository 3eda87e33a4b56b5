"""From a thousand to a million recipients: does a message cost the same, and what does it leave?"""

from __future__ import annotations

from dataclasses import dataclass

from tests.bench.blast import CONNECTIONS, Run, send_blast
from tests.bench.ground import Grounds
from tests.bench.report import Line, Report, best

SIZES = (1_000, 10_000, 100_000, 1_000_000)
COMPARED_WITH = 10_000
MEMORY_MB = 200.0


@dataclass(frozen=True)
class _Cost:
    run: Run
    bytes_a_message: float

    @property
    def microseconds(self) -> float:
        return self.run.seconds / self.run.messages * 1e6


class Scale:
    """The rows of one run: each is compared with the one of 10,000."""

    def __init__(self, grounds: Grounds, report: Report) -> None:
        self._grounds = grounds
        self._report = report
        self._compared: _Cost | None = None

    def measure(self, messages: int) -> None:
        """Print one row's three lines."""
        row = row_of(messages)
        if self._compared is None:
            self._compared = self._cost(COMPARED_WITH)
        is_it = messages == COMPARED_WITH
        cost = self._compared if is_it else self._cost(messages)
        name, against = row_of(COMPARED_WITH), self._compared
        lines = (
            Line(row, cost.microseconds, against.microseconds, name, "µs/message"),
            Line(
                row, cost.bytes_a_message, against.bytes_a_message, name, "bytes/message",
                "a delivery, its attempt, their indexes",
            ),
            Line(row, cost.run.peak_mb, MEMORY_MB, "200 MB", "MB peak"),
        )  # fmt: skip
        for line in lines:
            self._report.add(line)

    def _cost(self, messages: int) -> _Cost:
        def run() -> _Cost:
            with self._grounds.ground("sqlite", messages) as ground:
                before = ground.bytes_on_disk()
                done = send_blast(ground, messages, delay=0, connections=CONNECTIONS)
                done.check(self._report, row_of(messages))
                return _Cost(done, (ground.bytes_on_disk() - before) / messages)

        return best(run, lambda cost: cost.run.seconds)


def row_of(messages: int) -> str:
    """Return the row's name: scale-1e5."""
    return f"scale-1e{len(str(messages)) - 1}"
