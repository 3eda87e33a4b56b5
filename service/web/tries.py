"""How often one address may try something. Kept in memory, gone when the process ends.

No address is ever stored or logged. Where many sit behind one address (a proxy that doesn't say
who calls), they share its tries: the limit is for floods, and a minute or an hour the longest wait.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=1)
MOST_ADDRESSES = 10_000


class Tries:
    """Counts tries by address within the last minute, or another window; one key, one window."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, address: str, most: int, *, now: datetime, window: timedelta = WINDOW) -> bool:
        """Count one; return whether it is within `most` a window. What is over it is not counted."""
        with self._lock:
            times = self._seen.setdefault(address, deque())
            self._seen.move_to_end(address)
            while times and times[0] <= now - window:
                times.popleft()
            while len(self._seen) > MOST_ADDRESSES:
                self._seen.popitem(last=False)
            if len(times) >= most:
                return False
            times.append(now)
            return True
