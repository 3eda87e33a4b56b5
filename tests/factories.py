"""Made-up people and things for tests. Every number is 555-01xx; nobody here exists."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta


class StillClock:
    """A clock that moves only when a test moves it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def wait_until(self, moment: datetime, stop: threading.Event) -> bool:
        self.at = max(self.at, moment)
        return not stop.is_set()

    def tick(self, **timedelta_arguments: float) -> datetime:
        """Move on by a timedelta's arguments and return the new time."""
        self.at += timedelta(**timedelta_arguments)
        return self.at
