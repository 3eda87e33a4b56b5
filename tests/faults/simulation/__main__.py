"""Run the simulation from the command line; see the package's docstring."""

from __future__ import annotations

import argparse
import sys
import time

from tests.faults.simulation.run import Tally, play, play_many


def main() -> int:
    """Play what the arguments ask for; return 1 if a history went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.simulation")
    parser.add_argument("--histories", type=int, default=20_000, help="how many (20,000)")
    parser.add_argument("--seed", type=int, default=1, help="the first one's seed (1)")
    parser.add_argument("--replay", type=int, metavar="SEED", help="tell one history in full")
    given = parser.parse_args()
    if given.replay is not None:
        return _replay(given.replay)
    began = time.perf_counter()
    tally = play_many(given.seed, given.histories)
    _tell(tally, time.perf_counter() - began)
    return 1 if tally.failures else 0


def _replay(seed: int) -> int:
    history, wrong = play(seed)
    for row in history.memory.world.rows:
        who = f"to {row.person.to}, priority {row.priority}, {row.body!r}"
        print(f"text {row.number} {who}: {row.life.state} {row.life.reason}")
    for entry in history.log:
        name, at_ms, *rest = entry
        print(f"{at_ms / 1000:12.3f} s  {name:<9}", *rest)
    print(f"digest {history.digest()}")
    print("\n".join(wrong) or "nothing wrong")
    return 1 if wrong else 0


def _tell(tally: Tally, seconds: float) -> None:
    rate = tally.histories / seconds
    print(f"{tally.histories:,} histories in {seconds:.1f} s ({rate:,.0f} a second)")
    texts = sum(tally.ends.values())
    print(f"{texts:,} texts, {tally.accepted:,} messages accepted by the carrier")
    for title, counts in (("happened", tally.happened), ("ended", tally.ends)):
        print(f"{title}:", ", ".join(f"{name} {count:,}" for name, count in counts.most_common()))
    print(f"{tally.failures:,} went wrong")
    for seed, wrong in tally.wrong.items():
        print(f"  --replay {seed}: {'; '.join(wrong)}")


if __name__ == "__main__":
    sys.exit(main())
