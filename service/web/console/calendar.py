"""Check-ins by week and by month: what is on, and where somebody is still needed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse

from service.chapters.find import get_chapter
from service.checkins.find import between, marks_between
from service.checkins.tables import CheckInState
from service.web.console.cards import CheckInCard, CheckInMark, checkin_cards, checkin_marks
from service.web.console.desk import AtDesk, Desk
from service.web.session import Read

router = APIRouter()

DAYS = 7
A_WEEK = timedelta(days=DAYS)
NEEDS = ("waiting", "short", "recruiting")  # the first that a day has is what its cell says


@dataclass(frozen=True)
class Day:
    """One local day with its check-ins, in order. needs: the most pressing status on it."""

    date: date
    noon: datetime
    cards: Sequence[CheckInCard | CheckInMark]
    is_today: bool
    is_in_month: bool = True

    @property
    def on(self) -> list[CheckInCard | CheckInMark]:
        """Those that were not cancelled."""
        return [card for card in self.cards if card.checkin.state is not CheckInState.CANCELLED]

    @property
    def needs(self) -> str:
        """What somebody must see to first; "" when nothing."""
        found = {card.status for card in self.cards}
        return next((status for status in NEEDS if status in found), "")


@router.get("/checkins")
def week(session: Read, desk: AtDesk, week: str = "") -> HTMLResponse:
    """Show seven days from a Monday; `week` is any day in it (YYYY-MM-DD), this week otherwise."""
    zone = _zone(session, desk)
    today = desk.now.astimezone(zone).date()
    day = _read_date(week) or today
    monday = day - timedelta(days=day.weekday())
    days = _days(session, desk, monday, DAYS, zone)
    return desk.page(
        "checkins_week.html", days=days, zone=zone.key, before=monday - A_WEEK, after=monday + A_WEEK,
        month=monday.strftime("%Y-%m"), is_now=monday <= today < monday + A_WEEK,
        count_on=sum(len(day.on) for day in days),
    )  # fmt: skip


@router.get("/checkins/month")
def month(session: Read, desk: AtDesk, month: str = "") -> HTMLResponse:
    """Show a month in weeks; `month` is YYYY-MM, this month otherwise."""
    zone = _zone(session, desk)
    today = desk.now.astimezone(zone).date()
    first = _read_date(f"{month}-01") or today.replace(day=1)
    next_first = (first + timedelta(days=31)).replace(day=1)
    monday = first - timedelta(days=first.weekday())
    last = next_first - timedelta(days=1)
    weeks = (last - monday).days // DAYS + 1
    days = _days(session, desk, monday, weeks * DAYS, zone, of_month=first.month)
    return desk.page(
        "checkins_month.html", zone=zone.key, first=first, noon=_noon(first, zone),
        weeks=[days[at : at + DAYS] for at in range(0, len(days), DAYS)],
        before=(first - timedelta(days=1)).strftime("%Y-%m"), after=next_first.strftime("%Y-%m"),
        is_now=first.strftime("%Y-%m") == today.strftime("%Y-%m"),
    )  # fmt: skip


def _zone(session: Session, desk: Desk) -> ZoneInfo:
    return ZoneInfo(get_chapter(session, desk.chapter_id).time_zone)


def _read_date(text: str) -> date | None:
    """Return the day that an address names; None for what is none, or too near the end of time."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year < 2100 else None


def _days(
    session: Session, desk: Desk, first: date, count: int, zone: ZoneInfo, *, of_month: int = 0
) -> list[Day]:
    since, until = _midnight(first, zone), _midnight(first + timedelta(days=count), zone)
    cards: Sequence[CheckInCard | CheckInMark]
    if of_month:
        marks = marks_between(session, desk.chapter_id, since, until)
        cards = checkin_marks(session, marks, desk.now)
    else:
        cards = checkin_cards(session, desk, between(session, desk.chapter_id, since, until))
    by_day: dict[date, list[CheckInCard | CheckInMark]] = defaultdict(list)
    for card in cards:
        by_day[card.checkin.starts_at.astimezone(zone).date()].append(card)
    today = desk.now.astimezone(zone).date()
    return [
        Day(
            day, _noon(day, zone), by_day[day], is_today=day == today,
            is_in_month=not of_month or day.month == of_month,
        )
        for day in (first + timedelta(days=at) for at in range(count))
    ]  # fmt: skip


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, datetime.min.time(), zone).astimezone(UTC)


def _noon(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(12), zone).astimezone(UTC)
