"""What stands in the braces of a text when this chapter sends it: as a rule, and at its longest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from service.chapters.find import list_offices
from service.chapters.tables import Chapter, Office
from service.messages import dates
from service.messages.catalog import LANGUAGES, Catalog

AHEAD = timedelta(days=3)
MEET_BEFORE = timedelta(minutes=15)


@dataclass(frozen=True)
class Examples:
    """In one language, name in braces -> words: an example of this chapter's, and the longest."""

    usual: Mapping[str, str]
    longest: Mapping[str, str]


def examples_of(
    session: Session, chapter: Chapter, catalog: Catalog, *, now: datetime
) -> dict[str, Examples]:
    """Return examples in each language: its own name, numbers and offices, an appointment in three days."""
    offices = list_offices(session, chapter.id)
    return {
        language: _in(language, chapter, offices, catalog, catalog.samples[language], now)
        for language in LANGUAGES
    }


def _in(
    language: str, chapter: Chapter, offices: Iterable[Office], catalog: Catalog,
    samples: Mapping[str, str], now: datetime,
) -> Examples:  # fmt: skip
    fixed = {
        "network": chapter.network_name,
        "phone": chapter.contact_phone,
        "hotline": chapter.hotline,
    }
    wear = chapter.lead_sign_en if language == "en" else chapter.lead_sign_es
    own = {
        "wear": [wear],
        "area": [office.area for office in offices],
        "place": [office.meeting_point for office in offices],
    }
    longest = {name: max([samples[name], *known], key=len) for name, known in own.items()}
    first = {name: known[0] for name, known in own.items() if known}
    when = _when(language, chapter.time_zone, catalog, now)
    return Examples(
        usual={**samples, **when, **first, **fixed}, longest={**samples, **longest, **fixed}
    )


def _when(language: str, time_zone: str, catalog: Catalog, now: datetime) -> dict[str, str]:
    zone = ZoneInfo(time_zone)
    at = (now.astimezone(zone) + AHEAD).replace(hour=9, minute=0, second=0, microsecond=0)
    return {
        "day": dates.day(at, zone, language),
        "weekday": dates.weekday(at, zone, language),
        "time": dates.time(at, zone),
        "hour": dates.hour(at, zone, language),
        "meet_hour": dates.hour(at - MEET_BEFORE, zone, language),
        "deadline": dates.deadline(at - timedelta(hours=15), zone, language),
        "part_of_day": catalog.word("part_of_day", dates.part_of_day(at, zone), language),
    }
