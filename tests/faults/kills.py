"""`kill -9`: workers end at random moments and at each named step of a message."""

from __future__ import annotations

import random
from functools import partial

from sqlmodel import select

from service.db import Database
from service.outbox.tables import Delivery, State
from tests.faults import tweaks
from tests.faults.dying import STEPS, Death, arrange
from tests.faults.grounds import Grounds, Stage
from tests.faults.judge import drain, judge, open_attempts
from tests.faults.parts import Part, Tweak
from tests.faults.people import blast, seed
from tests.faults.report import Found, Trial, fault

WORKERS = 2


@fault("kill -9 of workers, at random times and at each step")
def kill_workers(grounds: Grounds, trial: Trial) -> Found:
    return _try(grounds, trial)


@fault("the same, claims kept in memory", databases=("sqlite",), is_control=True)
def kill_workers_without_claims(grounds: Grounds, trial: Trial) -> Found:
    return _try(grounds, trial, tweaks.claims_in_memory)


def _try(grounds: Grounds, trial: Trial, tweak: Tweak | None = None) -> Found:
    people, kills = trial.size(120, 10_000), trial.size(10, 200)
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


def kill_and_start_again(stage: Stage, dice: random.Random, most: int, tweak: Tweak | None) -> int:
    """Let two workers live short lives while texts wait; return how many were killed."""
    lives: list[Part] = [_start(stage, dice, place, tweak) for place in range(WORKERS)]
    kills = 0
    while kills < most and _waiting(stage.wiring.database):
        place = kills % WORKERS
        victim = lives[place]
        # The step that ends it may come before or after this: both are deaths at any moment.
        victim.process.join(dice.uniform(0.02, 0.6))
        victim.kill()
        kills += 1
        lives[place] = _start(stage, dice, kills, tweak)
    for part in lives:
        part.kill()
    return kills


def _start(stage: Stage, dice: random.Random, place: int, tweak: Tweak | None) -> Part:
    death = partial(arrange, Death(STEPS[place % len(STEPS)], dice.randint(1, 4)))
    return stage.parts.start("worker", partial(tweaks.both, death, tweak) if tweak else death)


def _waiting(database: Database) -> bool:
    with database.read() as session:
        return (
            session.exec(
                select(Delivery.id).where(Delivery.state == State.PLANNED).limit(1)
            ).first()
            is not None
        )
