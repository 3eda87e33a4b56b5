"""A rally in the words that texts use."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from service.messages import dates
from service.messages.catalog import Catalog
from service.rallies.tables import Rally


@dataclass(frozen=True)
class RallyWords:
    """One rally, in one language."""

    day: str
    weekday: str
    time: str
    place: str
    event: str


def words(rally: Rally, zone: str, language: str, catalog: Catalog) -> RallyWords:
    """Return the rally's words; times are in the chapter's zone."""
    info, at = ZoneInfo(zone), rally.starts_at
    return RallyWords(
        day=dates.day(at, info, language),
        weekday=dates.weekday(at, info, language),
        time=dates.time(at, info),
        place=rally.place,
        event=catalog.word("event", rally.kind.value, language),
    )
