"""`kill -9`: workers end at random moments and at each named step of a message."""

from __future__ import annotations

import random
from functools import partial

from service.db import Database
from tests.faults.dying import STEPS, Death, arrange
from tests.faults.grounds import Grounds, Stage
from tests.faults.judge import drain, judge, open_attempts
from tests.faults.parts import Part
from tests.faults.people import blast, seed
from tests.faults.report import Found, Trial, fault

WORKERS = 2


@fault("kill -9 of workers, at random times and at each step")
def kill_workers(grounds: Grounds, trial: Trial) -> Found:
    people, kills = trial.size(120, 10_000), trial.size(10, 200)
    dice = trial.dice()
    with grounds.stage(trial.database) as stage:
        chapter = seed(stage.wiring, people)
        blast(stage.wiring, chapter, "first call")
        stage.parts.start("web")
        done, calls = kill_and_start_again(stage, dice, kills), 1
        while done < kills:
            calls += 1
            blast(stage.wiring, chapter, f"call number {calls}")
            done += kill_and_start_again(stage, dice, kills - done)
        stage.parts.start("worker")
        drain(stage)
        verdict = judge(stage)
        assert open_attempts(stage) == 0
    return Found.by(verdict, done)


def kill_and_start_again(stage: Stage, dice: random.Random, most: int) -> int:
    """Let two workers live short lives while texts wait; return how many were killed."""
    lives: list[Part] = [_start(stage, dice, place) for place in range(WORKERS)]
    kills = 0
    while kills < most and _waiting(stage.wiring.database):
        place = kills % WORKERS
        victim = lives[place]
        # The step that ends it may come before or after this: both are deaths at any moment.
        victim.process.join(dice.uniform(0.02, 0.6))
        victim.kill()
        kills += 1
        lives[place] = _start(stage, dice, kills)
    for part in lives:
        part.kill()
    return kills


def _start(stage: Stage, dice: random.Random, place: int) -> Part:
    step = STEPS[place % len(STEPS)]
    return stage.parts.start("worker", partial(arrange, Death(step, dice.randint(1, 4))))


def _waiting(database: Database) -> bool:
    from sqlmodel import select

    from service.outbox.tables import Delivery, State

    with database.read() as session:
        return (
            session.exec(
                select(Delivery.id).where(Delivery.state == State.PLANNED).limit(1)
            ).first()
            is not None
        )
