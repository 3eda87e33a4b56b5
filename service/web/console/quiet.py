"""Say when a text that is sent now will really leave."""

from __future__ import annotations

from datetime import datetime

from service.chapters.rules import next_open
from service.chapters.tables import Chapter


def quiet_until(chapter: Chapter, now: datetime) -> datetime | None:
    """Return when texts leave, if quiet hours hold them back now; else None."""
    opens_at = next_open(
        now, chapter.time_zone, chapter.quiet_from_minute, chapter.quiet_until_minute
    )
    return None if opens_at == now else opens_at
