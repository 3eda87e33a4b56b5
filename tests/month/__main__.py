"""`make month`: months of seeds 1 to 20, calmly and everybody at once; figures as JSON and as a table."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from statistics import mean
from typing import Any

from tests.faults.grounds import prepared
from tests.month.judge import MUST_BE_NONE, judge
from tests.month.network import SHORT, WHOLE, invent
from tests.month.run import lived

ROOT = Path(__file__).parents[2]
JSON, PAGE = ROOT / "var" / "month.json", ROOT / "docs" / "month.md"
BEGINS, ENDS = "<!-- figures -->", "<!-- end of figures -->"
POLICIES = ("list and waves", "everybody at once")


def main() -> int:
    """Run; return 0 when every month was lived and nothing happened that must never happen."""
    parser = argparse.ArgumentParser(prog="python -m tests.month", description=__doc__)
    parser.add_argument("--seeds", default="1-20", help="like 1-20 or 3")
    parser.add_argument("--short", action="store_true", help="a week of a small network")
    parser.add_argument("--beside", type=int, help="how many seeds everybody at once lives; all")
    parser.add_argument("--at-once", type=int, default=2, help="months lived at the same time")
    parser.add_argument("--go-on", action="store_true", help="keep the months in var/month.json")
    parser.add_argument("--one", help="for the program itself: POLICY:SEED")
    asked = parser.parse_args()
    if asked.one:
        policy, _, seed = asked.one.partition(":")
        print(json.dumps(_live(policy, int(seed), short=asked.short)))
        return 0
    first, _, last = asked.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    beside = seeds if asked.beside is None else seeds[: asked.beside]
    # The longer ones first.
    months = [(POLICIES[1], seed) for seed in beside] + [(POLICIES[0], seed) for seed in seeds]
    lived_before = json.loads(JSON.read_text())["months"] if asked.go_on and JSON.exists() else []
    known = {(one["policy"], one["seed"]) for one in lived_before}
    months = [month for month in months if month not in known]
    found = _live_all(months, lived_before, short=asked.short, at_once=asked.at_once)
    table = _table(found)
    print(table)
    _write_page(table)
    is_whole = len(found) == len(months) + len(lived_before)
    is_clean = all(not month[name] for month in found for name in MUST_BE_NONE)
    return 0 if is_whole and is_clean else 1


def _live(policy: str, seed: int, *, short: bool) -> dict[str, Any]:
    month = invent(seed, SHORT if short else WHOLE)
    with (
        prepared(delay_scale=0.0) as grounds,
        lived(grounds, month, all_at_once=policy == POLICIES[1]) as left,
    ):
        return {"policy": policy, **judge(left).to_json()}


def _live_all(
    months: list[tuple[str, int]], lived_before: list[dict[str, Any]], *, short: bool, at_once: int
) -> list[dict[str, Any]]:
    """Live months in processes of their own, so many at a time; keep what is known after each."""
    found = list(lived_before)
    with ThreadPoolExecutor(at_once) as pool:
        lives = [pool.submit(_live_apart, *month, short=short) for month in months]
        for done, life in enumerate(as_completed(lives), 1):
            ended = life.result()
            if ended is None:
                print("a month broke off; the others go on", file=sys.stderr)
                continue
            found.append(ended)
            found.sort(key=lambda one: (one["seed"], one["policy"]))
            JSON.parent.mkdir(exist_ok=True)
            JSON.write_text(json.dumps({"months": found, "summary": _summary(found)}, indent=1))
            left = len(lives) - done
            print(f"{ended['policy']}, seed {ended['seed']}; {left} left", file=sys.stderr)
    return found


def _live_apart(policy: str, seed: int, *, short: bool) -> dict[str, Any] | None:
    """Return the figures of a month lived in a process of its own; None when it broke off."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.month", "--one", f"{policy}:{seed}"]
    command += ["--short"] if short else []
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=False)
    lines = ended.stdout.decode().splitlines()
    if ended.returncode or not lines:
        return None
    figures: dict[str, Any] = json.loads(lines[-1])
    return figures


ROWS = {
    "checkins": "check-ins",
    "staffed": "of these, every place taken at the start",
    "share": "places taken, of all places",
    "hours_to_staff": "hours until the last place was taken (median)",
    "asking_texts": "texts that ask or thank",
    "lists": "of these, weekly lists",
    "wave_texts": "of these, waves",
    "thanks": "of these, thanks to who is not needed",
    "texts_per_place": "texts that ask or thank, for each place taken",
    "texts": "texts in all",
    "asked_most": "asking texts to one volunteer, most",
    "asked_median": "asking texts to one volunteer, median",
    "alarms": "alarms to the network",
    "outside_hours": "texts outside local hours",
    "after_opt_out": "texts after an opt-out",
    "reminders": "reminders",
    "reminders_late": "reminders late",
    "reminders_double": "reminders twice",
    "reminders_missing": "reminders missing",
    "places_to_unvetted": "places told to who may not know them",
    "asked_twice": "waves that asked somebody twice",
    "safety_asked": "families asked afterwards how they are",
    "went_silent": "of these, no word until the ladder was climbed",
    "minutes_to_a_human": "minutes from the question until one of us knew, of those (median)",
    "minutes_to_a_human_most": "the same, longest",
    "ladders_lost": "of these, nobody ever knew",
}


WORST = ("asked_most", "minutes_to_a_human_most")


def _summary(found: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return policy -> figure -> mean of its months (the most, for what must be none)."""
    made: dict[str, dict[str, float]] = {}
    for policy in POLICIES:
        theirs = [one for one in found if one["policy"] == policy]
        if not theirs:
            continue
        for one in theirs:
            one["share"] = round(one["places_taken"] / max(1, one["places"]), 3)
        made[policy] = {
            name: max(one[name] for one in theirs)
            if name in MUST_BE_NONE or name in WORST
            else round(mean(one[name] for one in theirs), 2)
            for name in ROWS
        }
    return made


def _table(found: list[dict[str, Any]]) -> str:
    summary = _summary(found)
    policies = [policy for policy in POLICIES if policy in summary]
    lines = [f"{_seeds(found)}. The mean of these months; the worst one for what must be none.", ""]
    lines += [f"| | {' | '.join(policies)} |", f"| --- |{' --- |' * len(policies)}"]
    for name, words in ROWS.items():
        cells = " | ".join(f"{summary[policy][name]:g}" for policy in policies)
        lines.append(f"| {words} | {cells} |")
    if len(policies) == 2:
        lines += ["", _beside_each_other(found)]
    return "\n".join(lines)


def _seeds(found: list[dict[str, Any]]) -> str:
    """Say which seeds each policy lived."""
    told = []
    for policy in POLICIES:
        seeds = sorted(one["seed"] for one in found if one["policy"] == policy)
        if seeds:
            which = ", ".join(str(seed) for seed in seeds)
            told.append(f"{policy}: seed{'s' if len(seeds) > 1 else ''} {which}")
    return "; ".join(told).capitalize()


def _beside_each_other(found: list[dict[str, Any]]) -> str:
    """Compare the seeds that both policies lived."""
    texts: dict[str, dict[int, float]] = {
        policy: {one["seed"]: one["texts_per_place"] for one in found if one["policy"] == policy}
        for policy in POLICIES
    }
    calm, at_once = (texts[policy] for policy in POLICIES)
    both = sorted(calm.keys() & at_once.keys())
    if not both:
        return "No seed was lived both ways."
    ratios = [at_once[seed] / calm[seed] for seed in both]
    which = ", ".join(f"{seed}: {ratio:.1f}" for seed, ratio in zip(both, ratios, strict=True))
    return (
        f"Asking everybody at once takes {mean(ratios):.1f} times the texts for each place"
        f" (by seed: {which})."
    )


def _write_page(table: str) -> None:
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    PAGE.write_text(f"{before}{BEGINS}\n{table}\n{ENDS}{after}", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
