"""Read what people typed, field by field; every problem is kept, so that they see all at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from sqlmodel import Session

from service.chapters.find import get_office
from service.chapters.tables import Chapter
from service.checkins.register import Registration, check
from service.errors import InvalidForm, InvalidValue
from service.messages import dates
from service.people.offer import Offered, check_offer, offer_in
from service.people.phone import read_phone
from service.people.register import Card, check_card
from service.replies.dates.when import is_odd_hour, worth_asking
from service.web.pages import remember_typed

T = TypeVar("T")


@dataclass(frozen=True)
class Sent:
    """The form of this request, as it was typed."""

    typed: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.typed.get(name, "").strip()

    def is_ticked(self, name: str) -> bool:
        """Return whether a box was ticked."""
        return name in self.typed


async def _sent(request: Request) -> Sent:
    return Sent(await remember_typed(request))


Form = Annotated[Sent, Depends(_sent)]


class Answers:
    """Reads fields one by one and collects what is wrong with them."""

    def __init__(self, sent: Sent) -> None:
        self.sent = sent
        self.problems: list[InvalidValue] = []

    def wrong(self, problem: InvalidValue) -> None:
        """Note a problem; the first one of a field counts."""
        if all(known.field != problem.field for known in self.problems):
            self.problems.append(problem)

    def read(self, work: Callable[[], T], otherwise: T) -> T:
        """Return what `work` returns; note its problem and return `otherwise` if it has one."""
        try:
            return work()
        except InvalidValue as problem:
            self.wrong(problem)
            return otherwise

    def needed(self, name: str) -> str:
        """Return a text that must not be empty."""
        if not self.sent[name]:
            self.wrong(InvalidValue(name, "missing"))
        return self.sent[name]

    def number(self, name: str, usual: int | None) -> int | None:
        """Return a whole number, 2,880 too, or `usual` when nothing was typed."""
        typed = self.sent[name]
        if not typed:
            return usual
        if not re.fullmatch(r"\d{1,3},\d{3}|\d{1,6}", typed, re.ASCII):
            self.wrong(InvalidValue(name, "bad_number"))
            return usual
        return int(typed.replace(",", ""))

    def id(self, name: str) -> UUID | None:
        """Return an id that our own page put there, or None."""
        try:
            return UUID(self.sent[name])
        except ValueError:
            return None

    def moment(self, day: str, clock: str, zone: str) -> datetime | None:
        """Return the moment of a day field and a time field, in `zone`; None when unreadable."""
        on, at = self.day(day), self.clock(clock)
        if on is None or at is None:
            return None
        return datetime.combine(on, at, ZoneInfo(zone))

    def day(self, name: str) -> date | None:
        """Return the day that was typed or chosen."""
        typed = self.needed(name)
        found = read_day(typed)
        if typed and found is None:
            self.wrong(InvalidValue(name, "bad_date"))
        return found

    def clock(self, name: str) -> time | None:
        """Return the time of day that was typed or chosen."""
        typed = self.needed(name)
        found = read_clock(typed)
        if typed and found is None:
            self.wrong(InvalidValue(name, "bad_clock"))
        return found

    def done(self) -> None:
        """Raise InvalidForm if anything is wrong."""
        if self.problems:
            raise InvalidForm(self.problems)


def read_day(typed: str) -> date | None:
    """Read 2026-03-10, as date fields send it, or 3/10/2026, typed where there are none.

    The month comes first, as the appointment letters have it; None when it can't be read.
    """
    for pattern in (
        r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})",
        r"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})",
    ):
        if found := re.fullmatch(pattern, typed, re.ASCII):
            try:
                return date(int(found["y"]), int(found["m"]), int(found["d"]))
            except ValueError:
                return None
    return None


def read_clock(typed: str) -> time | None:
    """Read 08:30, as time fields send it, or 8:30 am, typed where there are none."""
    found = re.fullmatch(
        r"(\d{1,2})(?::(\d{2}))?(?::\d{2})?\s*(am|pm)?", _plain_clock(typed), re.ASCII
    )
    if found is None or (found[2] is None and found[3] is None):
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found[3] == "pm" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _plain_clock(typed: str) -> str:
    return re.sub(r"([ap])\.?\s?m\.?$", r"\1m", typed.lower())


def read_registration(
    session: Session, chapter: Chapter, sent: Sent, countries: tuple[str, ...], *, how: str,
    now: datetime,
) -> Registration:  # fmt: skip
    """Read the form that registers a check-in. Raises InvalidForm with every problem."""
    answers = Answers(sent)
    alias = answers.needed("alias")
    phone = answers.needed("phone")
    card = Card(
        answers.read(lambda: read_phone(phone, countries), "") if phone else "",
        alias=alias,
        language=sent["language"],
    )
    answers.read(lambda: check_card(card), None)
    office_id = answers.id("office_id") or UUID(int=0)
    office = None
    if answers.needed("office_id"):
        office = answers.read(lambda: get_office(session, chapter.id, office_id), None)
    starts_at = answers.moment("day", "clock", office.time_zone if office else chapter.time_zone)
    told = Registration(
        card=card,
        office_id=office_id,
        starts_at=starts_at or now,
        how=how,
        people=answers.number("people", 1) or 0,
        needs_ride=sent["ride"] == "yes",
        note=sent["note"],
        may_text=sent.is_ticked("may_text"),
        pickup=sent["pickup"] if sent["ride"] == "yes" else "",
        child_seats=answers.number("child_seats", 0) or 0,
    )
    if office and starts_at:
        answers.read(lambda: _check(session, chapter, told, now), None)
    if starts_at:
        check_oddness(answers, starts_at, countries[0])
    answers.done()
    return told


def odd_in(typed: Mapping[str, str], country: str) -> dict[str, str]:
    """Return what was typed and is asked about once: field -> value, as its box has it.

    day: 2026-03-14, where that is a weekend or a holiday. clock: 03:00, where no office is open then.
    The form then has a box: "yes, the letter says so". Ticked, it is good for that very value alone.
    """
    found = {}
    if (day := read_day(typed.get("day", "").strip())) and worth_asking(day, country):
        found["day"] = day.isoformat()
    clock = read_clock(typed.get("clock", "").strip())
    if clock is not None and is_odd_hour(clock):
        found["clock"] = f"{clock:%H:%M}"
    return found


def read_offer(sent: Sent) -> Offered:
    """Read and check what a volunteer offers. Raises InvalidForm with every problem."""
    answers = Answers(sent)
    answers.number("car_seats", 0)
    offered = offer_in(sent.typed)
    for problem in check_offer(offered):
        answers.wrong(problem)
    answers.done()
    return offered


def read_signup(sent: Sent, countries: tuple[str, ...]) -> Card:
    """Look a sign-up over; return its phone and language. Raises InvalidForm with every problem."""
    answers = Answers(sent)
    phone = answers.needed("phone")
    card = Card(
        answers.read(lambda: read_phone(phone, countries), "") if phone else "",
        alias=sent["alias"],
        language=sent["language"],
    )
    answers.read(lambda: check_card(card), None)
    answers.number("car_seats", 0)
    for problem in check_offer(offer_in(sent.typed)):
        answers.wrong(problem)
    if sent["vouch"] and not re.fullmatch(r"\D*\d{4}\D*", sent["vouch"], re.ASCII):
        answers.wrong(InvalidValue("vouch", "bad_vouch_code"))
    if not sent.is_ticked("agrees"):
        answers.wrong(InvalidValue("agrees", "consent_missing"))
    answers.done()
    return Card(card.phone, language=card.language)


def check_oddness(answers: Answers, starts_at: datetime, country: str) -> None:
    """Ask once about a day or an hour at which offices are closed, unless its box is ticked.

    starts_at: local, where the office is.
    """
    day, at = starts_at.date(), starts_at.time()
    question = worth_asking(day, country)
    if question and answers.sent["day_is_right"] != day.isoformat():
        answers.wrong(InvalidValue("day", f"day_is_{question.value}"))
    if is_odd_hour(at) and answers.sent["clock_is_right"] != f"{at:%H:%M}":
        said = dates.clock(at)
        answers.wrong(InvalidValue("clock", "hour_is_odd", time=said))


def _check(session: Session, chapter: Chapter, told: Registration, now: datetime) -> None:
    try:
        check(session, chapter, told, now=now)
    except InvalidValue as problem:
        if problem.field != "starts_at":
            raise
        raise InvalidValue("day", problem.code) from problem
