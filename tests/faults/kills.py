"""`kill -9`: workers end at random moments and at each named step of a message."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlmodel import select

from service.db import Database
from service.outbox.tables import Delivery, State
from tests.faults import tweaks
from tests.faults.dying import STEPS, Death, arrange
from tests.faults.grounds import Grounds, Stage
from tests.faults.judge import drain, judge, open_attempts
from tests.faults.parts import Part, Tweak, until
from tests.faults.people import blast, seed
from tests.faults.report import Found, Trial, fault

WORKERS = 2
LONGEST_LIFE_SECONDS = 1.0


@fault("kill -9 of workers, at random times and at each step", short=("postgresql",))
def kill_workers(grounds: Grounds, trial: Trial) -> Found:
    return _try(grounds, trial)


@fault("the same, claims kept in memory", databases=("sqlite",), is_control=True)
def kill_workers_without_claims(grounds: Grounds, trial: Trial) -> Found:
    return _try(grounds, trial, tweaks.claims_in_memory)


def _try(grounds: Grounds, trial: Trial, tweak: Tweak | None = None) -> Found:
    people, kills = trial.size(120, 10_000), trial.size(8, 200)
    dice = trial.dice()
    with grounds.stage(trial.database) as stage:
        chapter = seed(stage.wiring, people)
        blast(stage.wiring, chapter, "first call")
        stage.parts.start("web")
        done, calls = kill_and_start_again(stage, dice, kills, tweak), 1
        while done < kills:
            calls += 1
            blast(stage.wiring, chapter, f"call number {calls}")
            done += kill_and_start_again(stage, dice, kills - done, tweak)
        stage.parts.start("worker", tweak)
        drain(stage)
        verdict = judge(stage)
        assert open_attempts(stage) == 0
    return Found.by(verdict, done)


@dataclass
class Life:
    """One worker, from its start to its end."""

    part: Part
    ready: Path

    def live_for(self, seconds: float) -> None:
        """Let it live so long from when it is ready, or until its own end."""
        for _ in until("a worker is ready", pause=0.01):
            if self.ready.exists() or not self.part.is_alive():
                break
        self.part.process.join(seconds)

    def kill(self) -> None:
        self.part.kill()


def kill_and_start_again(stage: Stage, dice: random.Random, most: int, tweak: Tweak | None) -> int:
    """Let two workers live short lives while texts wait; return how many were killed."""
    lives = [_start(stage, dice, place, tweak) for place in range(WORKERS)]
    kills = 0
    while kills < most and _waiting(stage.wiring.database):
        place = kills % WORKERS
        victim = lives[place]
        # The step that ends it may come before or after this: both are deaths at any moment.
        victim.live_for(dice.uniform(0, LONGEST_LIFE_SECONDS))
        victim.kill()
        kills += 1
        lives[place] = _start(stage, dice, kills, tweak)
    for part in lives:
        part.kill()
    return kills


def _start(stage: Stage, dice: random.Random, place: int, tweak: Tweak | None) -> Life:
    ready = stage.folder / f"ready-{len(stage.parts.running)}"
    death = partial(arrange, Death(STEPS[place % len(STEPS)], dice.randint(1, 20)), ready)
    both = partial(tweaks.both, death, tweak) if tweak else death
    return Life(stage.parts.start("worker", both), ready)


def _waiting(database: Database) -> bool:
    with database.read() as session:
        return (
            session.exec(
                select(Delivery.id).where(Delivery.state == State.PLANNED).limit(1)
            ).first()
            is not None
        )
