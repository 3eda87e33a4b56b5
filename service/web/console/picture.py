"""A message over time as a small picture: two lines that climb, drawn on the server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from service.outbox.over_time import Moment

WIDTH, HEIGHT = 600, 160


@dataclass(frozen=True)
class Picture:
    """Points of the lines, in a box of WIDTH by HEIGHT; and what a sentence about it needs."""

    left: str
    arrived: str
    since: datetime
    until: datetime
    left_count: int
    arrived_count: int
    half_at: datetime | None  # when half of those who get it had been sent it
    width: int = WIDTH
    height: int = HEIGHT


def draw(moments: Sequence[Moment], people: int) -> Picture | None:
    """Return the picture of these sums; None while nothing has left."""
    last = moments[-1]
    if not last.left or not people:
        return None
    half = next((each.at for each in moments if each.left * 2 >= people), None)
    return Picture(
        _points([each.left for each in moments], people),
        _points([each.arrived for each in moments], people),
        moments[0].at,
        last.at,
        last.left,
        last.arrived,
        half,
    )


def _points(counts: Sequence[int], people: int) -> str:
    step = WIDTH / max(1, len(counts) - 1)
    return " ".join(
        f"{place * step:.1f},{HEIGHT - min(count, people) * HEIGHT / people:.1f}"
        for place, count in enumerate(counts)
    )
