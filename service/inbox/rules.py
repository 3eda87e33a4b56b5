"""What may become of a thread. Pure."""

from __future__ import annotations

from service.errors import WrongState
from service.inbox.tables import ThreadState

# docs/states/thread.md draws it.
NEXT: dict[ThreadState, frozenset[ThreadState]] = {
    ThreadState.OPEN: frozenset({ThreadState.ASSIGNED, ThreadState.DONE}),
    ThreadState.ASSIGNED: frozenset({ThreadState.OPEN, ThreadState.DONE}),
    ThreadState.DONE: frozenset({ThreadState.OPEN}),
}


def check_move(before: ThreadState, after: ThreadState) -> None:
    """Raise WrongState where a thread can't go from one state to the other. Staying is no move."""
    if after is not before and after not in NEXT[before]:
        raise WrongState("thread_done", f"a thread never goes from {before} to {after}")
