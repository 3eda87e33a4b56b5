"""How a call's life goes on: forward only, whatever order the news comes in. Pure."""

from __future__ import annotations

from service.calls.tables import CallState

S = CallState
RANK = {
    S.PLANNED: 0,
    S.EXPIRED: 0,
    S.PLACING: 1,
    S.IN_DOUBT: 2,
    S.PLACED: 3,
    S.ANSWERED: 4,
    S.FAILED: 5,
    S.MISSED: 5,
    S.ENDED: 5,
    S.PRESSED: 6,
}
# The carrier's words, as ours.
REPORTED = {
    "queued": S.PLACED,
    "initiated": S.PLACED,
    "ringing": S.PLACED,
    "in-progress": S.ANSWERED,
    "completed": S.ENDED,
    "busy": S.MISSED,
    "no-answer": S.MISSED,
    "canceled": S.MISSED,
    "failed": S.FAILED,
}


def moved(before: CallState, news: CallState) -> CallState:
    """Return where a call stands after some news of it: the further of the two."""
    return news if RANK[news] > RANK[before] else before
