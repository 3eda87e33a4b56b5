"""The carrier takes a text or not, and says so or not: each combination, with receipts and list late."""

from __future__ import annotations

from tests.faults import tweaks
from tests.faults.grounds import SCALE, Grounds, Stage
from tests.faults.judge import drain, judge
from tests.faults.parts import Tweak
from tests.faults.people import blast, seed
from tests.faults.report import Found, Trial, fault

LONGEST_LAG = 120 * SCALE
HOWS = ("500", "reset", "hang", "slow")


def rules(share: float) -> list[dict[str, object]]:
    """Return faults that strike so large a share of all requests, taken or not, each in turn."""
    ways = [f"{taken}-then-{how}" for how in HOWS for taken in ("accept", "refuse")]
    one = share / len(ways)
    slow = {"seconds": 0, "seconds_to": 20 * SCALE}  # around our patience
    return [
        *({"fault": way, "share": one, **(slow if way.endswith("slow") else {})} for way in ways),
        {"fault": "callback-lost", "share": 0.5},
        {"fault": "list-lag", "seconds": 0, "seconds_to": LONGEST_LAG},
        {"fault": "list-503", "share": 0.2},
    ]


@fault("accepted or not x 500, reset, hang, slow; receipts lost, list late", short=("sqlite",))
def doubtful_answers(grounds: Grounds, trial: Trial) -> Found:
    return _try(grounds, trial, share=0.5)


@fault("the same, doubtful texts sent again blindly", databases=("sqlite",), is_control=True)
def doubtful_answers_resent(grounds: Grounds, trial: Trial) -> Found:
    return _try(grounds, trial, share=0.3, tweak=tweaks.blind_retry)


@fault("the same, doubtful texts taken for sent", databases=("sqlite",), is_control=True, short=())
def doubtful_answers_believed(grounds: Grounds, trial: Trial) -> Found:
    return _try(grounds, trial, share=0.3, tweak=tweaks.belief)


def _try(grounds: Grounds, trial: Trial, *, share: float, tweak: Tweak | None = None) -> Found:
    people = trial.size(60, 2_000)
    with grounds.stage(trial.database) as stage:
        chapter = seed(stage.wiring, people)
        blast(stage.wiring, chapter, "first call")
        stage.faults(trial.seed, *rules(share))
        stage.parts.start("web", tweak)
        stage.parts.start("worker", tweak)
        drain(stage)
        return Found.by(judge(stage), _struck(stage))


def _struck(stage: Stage) -> int:
    """Return how many requests went wrong."""
    return len([one for one in stage.sandbox.ledger("fault") if "then" in one["fault"]])
