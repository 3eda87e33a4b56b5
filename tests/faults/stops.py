"""STOP at any instant of a message: once it is confirmed, no request to that person begins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial

from tests.faults import tweaks
from tests.faults.grounds import SCALE, Grounds, Stage
from tests.faults.judge import drain, judge
from tests.faults.parts import Tweak
from tests.faults.people import blast, number, seed
from tests.faults.report import Found, Trial, fault

WORDS = ("STOP", "ya no me manden mensajes")  # the carrier's own, and one that it doesn't know
TEXTING_AT_ONCE = 8
LINGERS_SECONDS = 0.8 * SCALE  # of the 2 s (scaled) within which a request begins


@fault("STOP at any instant of a message")
def stop_any_time(grounds: Grounds, trial: Trial) -> Found:
    return _try(grounds, trial)


@fault("the same, confirmed without waiting", databases=("sqlite",), is_control=True)
def stop_without_waiting(grounds: Grounds, trial: Trial) -> Found:
    return _try(grounds, trial, web=tweaks.no_waiting_before_the_answer)


@fault("the same, consent not looked at again", databases=("sqlite",), is_control=True)
def stop_without_second_look(grounds: Grounds, trial: Trial) -> Found:
    return _try(grounds, trial, web=tweaks.no_withdrawal, worker=tweaks.no_second_look_at_consent)


def _try(
    grounds: Grounds, trial: Trial, *, web: Tweak | None = None, worker: Tweak | None = None
) -> Found:
    people = trial.size(160, 10_000)
    dice = trial.dice()
    slow = partial(tweaks.dawdle, LINGERS_SECONDS)
    with grounds.stage(trial.database, ACOMPANA_CARRIER_CONNECTIONS="4") as stage:
        chapter = seed(stage.wiring, people)
        stage.parts.start("web", web)
        blast(stage.wiring, chapter, "first call")
        for _ in range(1 if trial.database == "sqlite" else 2):
            stage.parts.start("worker", partial(tweaks.both, slow, worker) if worker else slow)
        leaving = dice.sample(range(people), people // 3)
        with ThreadPoolExecutor(TEXTING_AT_ONCE) as pool:
            list(pool.map(partial(_leave, stage), leaving))
        drain(stage)
        gone = frozenset(number(place) for place in leaving)
        verdict = judge(stage, excused=gone)
        late = _begun_after(stage, gone)
    found = Found.by(verdict, len(leaving))
    found.twice += len(late)
    found.problems += late[:5]
    return found


def _leave(stage: Stage, place: int) -> None:
    answer = stage.sandbox.text(number(place), WORDS[place % 2])
    assert answer["webhook"] == 200, answer


def _begun_after(stage: Stage, gone: frozenset[str]) -> list[str]:
    """Return the requests of the message to people who had been told that they get no more."""
    told: dict[str, datetime] = {}
    for entry in stage.sandbox.ledger("inbound-posted"):
        told[entry["from"]] = datetime.fromisoformat(entry["at"])
    late = []
    for entry in stage.sandbox.ledger("created,refused"):
        began = datetime.fromisoformat(entry["arrived_at"])
        if entry["to"] in gone and "first call" in entry["body"] and began > told[entry["to"]]:
            late.append(f"{entry['to']}: a request {(began - told[entry['to']])} after the 200")
    return late
