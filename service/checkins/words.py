"""A check-in in the words that texts use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from service.chapters.tables import Chapter, Office
from service.checkins.tables import CheckIn
from service.messages import dates
from service.messages.catalog import Catalog

MEET_BEFORE = timedelta(minutes=15)


@dataclass(frozen=True)
class CheckInWords:
    """One check-in, in one language. Area and part of the day are for everybody; the rest is not."""

    day: str
    weekday: str
    time: str
    meet_time: str
    meet_hour: str
    part_of_day: str
    area: str
    hours: str
    place: str
    wear: str


def words(
    checkin: CheckIn, office: Office, chapter: Chapter, language: str, catalog: Catalog
) -> CheckInWords:
    """Return the check-in's words; times are in the office's zone."""
    zone, at = ZoneInfo(office.time_zone), checkin.starts_at
    meet_at = at - MEET_BEFORE
    return CheckInWords(
        day=dates.day(at, zone, language),
        weekday=dates.weekday(at, zone, language),
        time=dates.time(at, zone),
        meet_time=dates.time(meet_at, zone),
        meet_hour=dates.hour(meet_at, zone, language),
        part_of_day=catalog.word("part_of_day", dates.part_of_day(at, zone), language),
        area=office.area,
        hours=catalog.count("hours", max(1, round(office.usual_wait_minutes / 60)), language),
        place=office.meeting_point,
        wear=checkin.sign or (chapter.lead_sign_es if language == "es" else chapter.lead_sign_en),
    )
