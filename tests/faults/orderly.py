"""Asked to end (SIGTERM): what is in flight is finished, what is not begun is given back."""

from __future__ import annotations

from functools import partial

from sqlmodel import select

from service.outbox.tables import Delivery, State
from tests.faults import tweaks
from tests.faults.grounds import SCALE, Grounds, Stage
from tests.faults.judge import drain, judge, open_attempts
from tests.faults.parts import Tweak, until
from tests.faults.people import blast, seed
from tests.faults.report import Found, Trial, fault


@fault("asked to end in the midst of a message", short=("sqlite",))
def sigterm(grounds: Grounds, trial: Trial) -> Found:
    return _end_again_and_again(grounds, trial, None)


# At small size a worker has often begun all that it claimed by the time it is asked to end.
@fault("the same, nothing given back", databases=("sqlite",), is_control=True, short=())
def sigterm_without_a_word(grounds: Grounds, trial: Trial) -> Found:
    return _end_again_and_again(grounds, trial, tweaks.nothing_given_back)


def _end_again_and_again(grounds: Grounds, trial: Trial, tweak: Tweak | None) -> Found:
    people, times = trial.size(80, 2_000), trial.size(4, 40)
    dice = trial.dice()
    found = Found(times)
    with grounds.stage(trial.database) as stage:
        chapter = seed(stage.wiring, people)
        for turn in range(times):
            if not _waits(stage, State.PLANNED):  # whoever has nothing to do may not have begun
                blast(stage.wiring, chapter, f"call number {turn}")
            # `run` is the process of a small network; where several share the work it is `worker`.
            name = ("worker", "run")[turn % 2]
            slow = partial(tweaks.dawdle, dice.uniform(0, 0.6) * SCALE)
            both = partial(tweaks.both, slow, tweak) if tweak else slow
            part = stage.parts.start(name, both)
            _wait_until_it_sends(stage)
            code = part.end()
            if code != 0 or open_attempts(stage):
                found.lost += 1
                found.problems.append(
                    f"{name} ended with {code}, {open_attempts(stage)} open: {part.last_words()}"
                )
        stage.parts.start("run")
        drain(stage)
        verdict = judge(stage)
    found.lost += verdict.lost
    found.twice += verdict.twice
    found.problems += verdict.problems
    return found


def _wait_until_it_sends(stage: Stage) -> None:
    for _ in until("something is under way", pause=0.005):
        if _waits(stage, State.SUBMITTING) or not _waits(stage, State.PLANNED):
            return


def _waits(stage: Stage, state: State) -> bool:
    with stage.wiring.database.read() as session:
        query = select(Delivery.id).where(Delivery.state == state).limit(1)
        return session.exec(query).first() is not None
