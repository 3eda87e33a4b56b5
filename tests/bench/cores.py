"""Which process runs on which core: the other side of the wire on one, all that is ours on the other."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

_ALL = sorted(os.sched_getaffinity(0))
THEIRS = _ALL[0]  # the carrier's server; for webhooks, the carrier's client
OURS = _ALL[-1]  # worker or web process, PostgreSQL, and every client that ours is compared with


def describe() -> str:
    """Say what is pinned where."""
    if THEIRS == OURS:
        return f"Everything shares core {OURS}: there is only one."
    return (
        f"Core {THEIRS}: the carrier (HTTP server; the client that sends webhooks). "
        f"Core {OURS}: workers, web, PostgreSQL, broker, and the clients beside them."
    )


@contextlib.contextmanager
def on(core: int) -> Iterator[None]:
    """Start processes on one core: they inherit it."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
