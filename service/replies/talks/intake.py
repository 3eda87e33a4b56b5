"""A family registers an appointment by text: when, where, how many, a ride, a language. Pure.

The date is read back with its weekday and counts only after a yes; nothing is saved before the end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from service.errors import InvalidValue, Misuse
from service.messages import dates
from service.people.phone import read_phone
from service.replies.dates.when import Question, When, read_time, read_what_is_clear, worth_asking
from service.replies.intents import Expecting, Intent
from service.replies.lexicon import load_lexicon
from service.replies.parse import parse
from service.replies.reading import read
from service.replies.spoken import languages_named
from service.replies.talks.places import MOST_PLACES, named_place, which_place
from service.replies.talks.turns import Around, Did, Say, Turn

MOST_PEOPLE = 12
LONGEST_PICKUP = 60


class Step(StrEnum):
    """The questions, in the order in which they are asked."""

    WHOSE = "whose"
    WHEN = "when"
    TIME = "time"
    READ_BACK = "read_back"
    OFFICE = "office"
    PEOPLE = "people"
    RIDE = "ride"
    PICKUP = "pickup"
    SPEAKS = "speaks"


@dataclass(frozen=True)
class Told:
    """What the family has told so far. `day` and `at` are local to the office.

    is_sure: they said yes to the date as it was read back.   is_odd: a weekend or a holiday.
    is_window: they named two times and were asked for one.
    is_for_other: somebody registers for them; `phone` (E.164) is then whom we text, "" for the
    sender.   speaks: en, es or, in their own words, another language.
    pickup: where they want to be picked up, "" where they say it later.
    follows: the appointment before this one.   repeats: how often, as they said it ("4w").
    """

    day: date | None = None
    at: time | None = None
    is_odd: bool = False
    is_window: bool = False
    is_sure: bool = False
    office: UUID | None = None
    people: int | None = None
    ride: bool | None = None
    pickup: str | None = None
    speaks: str = ""
    is_for_other: bool = False
    phone: str | None = None
    follows: UUID | None = None
    repeats: str = ""

    def starts_at(self, zone: ZoneInfo) -> datetime:
        """Return the moment, noon where no time is known. Raises Misuse without a day."""
        if self.day is None:
            raise Misuse("no day is known yet")
        return datetime.combine(self.day, self.at or time(12), zone)


_TOLD = TypeAdapter(Told)

_ASKED_BY = {
    Step.WHOSE: "intake_whose",
    Step.WHEN: "intake_when",
    Step.PEOPLE: "intake_people",
    Step.RIDE: "intake_ride",
    Step.PICKUP: "intake_pickup",
    Step.SPEAKS: "intake_speaks",
}
# How a date that can't be taken as it stands is asked for once more.
_ONCE_MORE = {
    Question.DAY_OR_MONTH: "intake_day_or_month",
    Question.WEEKDAY_DIFFERS: "intake_weekday_differs",
    Question.WHICH_WEEK: "intake_which_day",
    Question.NO_DAY: "intake_which_day",
    Question.SEVERAL_DAYS: "intake_which_day",
    Question.PAST: "intake_past",
    Question.FAR: "intake_far",
}


class Intake:
    """The conversation about one appointment."""

    def load(self, written: str) -> Told:
        """Return what was told."""
        return _TOLD.validate_json(written)

    def dump(self, told: Told) -> str:
        """Return what was told, to be kept."""
        return _TOLD.dump_json(told).decode()

    def begin(self, text: str, around: Around) -> Turn[Told]:
        """Begin with whatever the first text says already."""
        words, _ = read(text, load_lexicon())
        told = Told(is_for_other=bool(words.find(load_lexicon().get("for_other", "anywhere"))))
        when = _when(text, around)
        if when.day is not None or when.at is not None:
            told = _with(told, when, around)
        return self._on(told, around)

    def follow(self, told: Told, text: str, around: Around) -> Turn[Told]:
        """Begin with what is known of an appointment that follows another; `text` may name the day."""
        when = _when(text, around)
        if when.day is not None or when.at is not None:
            return self._on(_with(told, when, around), around)
        if text and when.question in _ONCE_MORE:
            return Turn(Did.ASKED, told, Step.WHEN, Say(_ONCE_MORE[when.question]))
        return self._on(told, around)

    def again(self, told: Told) -> Turn[Told]:
        """Ask for the date once more: the one that was told can't be taken."""
        bare = replace(told, day=None, at=None, is_sure=False)
        return Turn(Did.UNCLEAR, bare, Step.WHEN, Say("intake_past"))

    def ask(self, step: str, told: Told, around: Around) -> Say:
        """Return the question of a step."""
        if step == Step.TIME and told.is_window:
            return Say("intake_window")
        if step == Step.TIME:
            return Say("intake_time", {"day": _day(told, around)})
        if step == Step.READ_BACK:
            usual = "next_read_back" if told.follows and told.is_for_other else "family_read_back"
            template = "intake_when_sure" if told.is_odd else usual
            return Say(template, {"day": _day(told, around), "time": _time(told, around)})
        if step == Step.OFFICE:
            return which_place(around)
        if step == Step.WHEN and told.follows is not None:
            return Say("next_when")
        return Say(_ASKED_BY[Step(step)])

    def answer(self, step: str, told: Told, text: str, around: Around) -> Turn[Told]:
        """Read the answer to a step's question; a date is heard at every step."""
        known = _ANSWERS[Step(step)](told, text, around)
        if isinstance(known, Turn):
            return known
        if known is not None:
            return self._on(known, around)
        when = _when(text, around)
        if when.day is not None and step != Step.PEOPLE:
            return self._on(_with(told, when, around), around)
        return Turn(Did.UNCLEAR, told, step, self.ask(step, told, around))

    def _on(self, told: Told, around: Around) -> Turn[Told]:
        step = _next(told, around)
        if step is None:
            return Turn(Did.DONE, told)
        if step is Step.OFFICE and not around.places:
            return Turn(Did.FOR_PERSON, told)
        return Turn(Did.ASKED, told, step, self.ask(step, told, around))


def _next(told: Told, around: Around) -> Step | None:
    if told.is_for_other and told.phone is None:
        return Step.WHOSE
    if told.day is None:
        return Step.WHEN
    if told.at is None:
        return Step.TIME
    if not told.is_sure:
        return Step.READ_BACK
    if told.office is None and len(around.places) != 1:
        return Step.OFFICE
    if told.people is None:
        return Step.PEOPLE
    if told.ride is None:
        return Step.RIDE
    if told.ride and told.pickup is None and told.follows is None:
        return Step.PICKUP
    return None if told.speaks else Step.SPEAKS


# --- one step each: what is known now, a turn of its own, or None where it can't be read -----------

_Known = Told | Turn[Told] | None


def _whose(told: Told, text: str, around: Around) -> _Known:
    words, _ = read(text, load_lexicon())
    if words.find(load_lexicon().get("myself", "anywhere")):
        return replace(told, phone="")
    try:
        return replace(told, phone=read_phone(text, around.countries))
    except InvalidValue:
        return None


def _read_when(told: Told, text: str, around: Around) -> _Known:
    when = _when(text, around)
    if when.day is not None or (when.question is Question.NO_DAY and when.at is not None):
        return _with(told, when, around)
    if parse(text, language=around.language, expecting=Expecting.yes_no()).intent is Intent.MAYBE:
        return Turn(Did.FOR_PERSON, told)
    template = _ONCE_MORE.get(when.question or Question.NO_DAY, "intake_when_unclear")
    return Turn(Did.UNCLEAR, told, Step.WHEN, Say(template))


def _read_time(told: Told, text: str, around: Around) -> _Known:
    when = _when(text, around)
    if when.day is not None and when.at is not None:
        return _with(told, when, around)
    said = read_time(text)
    if said.question is Question.WINDOW:
        if not told.is_window:
            window = replace(told, is_window=True)
            return Turn(Did.UNCLEAR, window, Step.TIME, Say("intake_window"))
        said = read_time(text, first_of_window=True)  # asked once: they mean its beginning
    return replace(told, at=said.at) if said.at is not None else None


def _read_back(told: Told, text: str, around: Around) -> _Known:
    corrected = _after_no(text)
    when, said = _when(corrected, around), read_time(corrected)
    heard = parse(text, language=around.language, expecting=Expecting.yes_no()).intent
    if when.day is not None and (when.day, when.at) != (told.day, told.at):
        return _with(told, when, around)
    if heard is Intent.YES:
        return replace(told, is_sure=True)
    if heard is Intent.MAYBE:
        return Turn(Did.FOR_PERSON, told)
    if said.at is not None and said.at != told.at:
        return replace(told, at=said.at)
    return replace(told, day=None, at=None) if heard is Intent.NO else None


def _after_no(text: str) -> str:
    """Return what follows "no," at the beginning: the right date, as a rule."""
    words, _ = read(text, load_lexicon())
    length = words.part(0, 1).opens_with(load_lexicon().get("no", "apart"))
    return words.part(length).written() if length else text


def _office(told: Told, text: str, around: Around) -> _Known:
    places = around.places[:MOST_PLACES]
    other = len(places) + 1
    heard = parse(text, language=around.language, expecting=Expecting.numbered(other))
    if heard.intent is Intent.NO or heard.numbers == (other,):
        return Turn(Did.FOR_PERSON, told)
    if len(heard.numbers) == 1:
        return replace(told, office=places[heard.numbers[0] - 1].id)
    named = named_place(text, places)
    if named is not None:
        return replace(told, office=named.id)
    words, _ = read(text, load_lexicon())
    is_other = words.find(load_lexicon().get("elsewhere", "anywhere"))
    return Turn(Did.FOR_PERSON, told) if is_other else None


def _people(told: Told, text: str, around: Around) -> _Known:
    heard = parse(text, language=around.language, expecting=Expecting.numbered(MOST_PEOPLE))
    if len(heard.numbers) == 1:
        return replace(told, people=heard.numbers[0])
    party = parse(f"Yes {text}", language="en", expecting=Expecting.yes_no()).party
    if party is None:
        return None
    return replace(told, people=party) if party <= MOST_PEOPLE else Turn(Did.FOR_PERSON, told)


def _ride(told: Told, text: str, around: Around) -> _Known:
    heard = parse(text, language=around.language, expecting=Expecting.yes_no()).intent
    if heard in (Intent.YES, Intent.MAYBE):  # whoever is not sure is asked by the person who calls
        return replace(told, ride=True)
    return replace(told, ride=False) if heard is Intent.NO else None


def _pickup(told: Told, text: str, around: Around) -> _Known:
    """Take any words as the place; a no, a yes and a doubt leave it to who calls them."""
    heard = parse(text, language=around.language, expecting=Expecting.yes_no())
    is_answer = heard.intent in (Intent.NO, Intent.YES, Intent.MAYBE) and not heard.remainder
    return replace(told, pickup="" if is_answer else text.strip()[:LONGEST_PICKUP])


def _speaks(told: Told, text: str, around: Around) -> _Known:
    heard = parse(text, language=around.language, expecting=Expecting.numbered(3))
    if heard.intent is Intent.LANGUAGE and heard.language:
        return replace(told, speaks=heard.language)
    if len(heard.numbers) == 1:
        return replace(told, speaks=("es", "en", "other")[heard.numbers[0] - 1])
    named = languages_named(text)
    return replace(told, speaks=named[0]) if named else None


_ANSWERS = {
    Step.WHOSE: _whose,
    Step.WHEN: _read_when,
    Step.TIME: _read_time,
    Step.READ_BACK: _read_back,
    Step.OFFICE: _office,
    Step.PEOPLE: _people,
    Step.RIDE: _ride,
    Step.PICKUP: _pickup,
    Step.SPEAKS: _speaks,
}


def _when(text: str, around: Around) -> When:
    return read_what_is_clear(
        text, language=around.language, now=around.now, country=around.country
    )


def _with(told: Told, when: When, around: Around) -> Told:
    """Return what is known with a newly named day or time, which nobody has confirmed yet."""
    day = when.day or told.day
    is_odd = day is not None and worth_asking(day, around.country) is not None
    is_window = when.question is Question.WINDOW
    at = None if is_window else when.at or told.at
    return replace(told, day=day, at=at, is_odd=is_odd, is_window=is_window, is_sure=False)


# --- in words ----------------------------------------------------------------------------------


def _day(told: Told, around: Around) -> str:
    zone = ZoneInfo(around.time_zone)
    return dates.day(told.starts_at(zone), zone, around.language)


def _time(told: Told, around: Around) -> str:
    zone = ZoneInfo(around.time_zone)
    return dates.time(told.starts_at(zone), zone)
