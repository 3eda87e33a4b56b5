"""Whom to ask first, when to ask again, and how many at once. Pure.

A wave is of one kind: whoever matches and is near, then who lives farther away, then who speaks
another language, then who offered another role, and last of all who was asked often. Below the
vetting that may learn the place nobody is ever asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from service.chapters.tables import NO_LIST
from service.people.tables import VETTED_LEVEL
from service.rsvps.rules import Responder, fits
from service.rsvps.tables import Seat, SeatRole

NEAR_MILES = 25.0  # between the middles of two ZIP prefixes
LISTED_MILES = 60.0  # farther than this nothing is offered in a weekly list
FIRST_WAVE_BEFORE = timedelta(hours=72)  # for what a weekly list had its turn with
SHORTEST_PAUSE = timedelta(minutes=10)
ANSWER_WITHIN = timedelta(hours=24)
HURRY_BEFORE = timedelta(hours=24)
RUSH_BEFORE = timedelta(hours=6)
ON_THE_WAY = timedelta(hours=1)  # before and after an event somebody is not free for another


class Grade(IntEnum):
    """How well somebody matches; a lower one is asked earlier."""

    NEAR = 1
    FARTHER = 2
    OTHER_LANGUAGE = 3
    OTHER_ROLE = 4
    OFTEN_ASKED = 5
    THERE_ALREADY = 6  # leads another family at the same office and hour, and may take both


@dataclass(frozen=True)
class Candidate:
    """What decides whether and when somebody is asked.

    miles: from where they live to the office; None where nobody can tell.
    asks: how often a wave asked them in the last two weeks. is_there_already: they lead at the same
    office at the same hour.
    """

    who: Responder
    miles: float | None = None
    asks: int = 0
    last_asked_at: datetime | None = None
    is_there_already: bool = False

    @property
    def person_id(self) -> UUID:
        """Whose row it is."""
        return self.who.person_id


@dataclass(frozen=True)
class Choice:
    """Somebody to ask, and why. `reason`: words such as "role:driver speaks:es near:12"."""

    candidate: Candidate
    grade: Grade
    reason: str


def choose(
    candidates: Iterable[Candidate], seats: Sequence[Seat], language: str, *, limit: int,
    most_asks: int, all_grades: bool = False,
) -> list[Choice]:  # fmt: skip
    """Return whom to ask now: the best grade that has anybody, at most `limit` of them.

    seats: those with room. language: what the family speaks. all_grades: do not wait for the next
    wave with those who match less.
    """
    chosen = [
        choice
        for candidate in candidates
        if (choice := grade(candidate, seats, language, most_asks=most_asks)) is not None
    ]
    chosen.sort(key=_order)
    if chosen and not all_grades:
        best = chosen[0].grade
        chosen = [choice for choice in chosen if choice.grade is best]
    return chosen[:limit]


def grade(
    candidate: Candidate, seats: Sequence[Seat], language: str, *, most_asks: int
) -> Choice | None:
    """Return how well somebody matches the open seats; None for who can take none of them."""
    who = candidate.who
    if who.vetting < VETTED_LEVEL:
        return None
    own = [seat for seat in seats if fits(seat, who)]
    other = [seat for seat in seats if not own and could_take(seat, who)]
    if not (own or other):
        return None
    if candidate.is_there_already:
        if not any(seat.role is SeatRole.LEAD for seat in own):
            return None
        return Choice(candidate, Grade.THERE_ALREADY, "role:lead there")
    speaks = language in who.languages
    if candidate.asks >= most_asks:
        found = Grade.OFTEN_ASKED
    elif other:
        found = Grade.OTHER_ROLE
    elif not speaks:
        found = Grade.OTHER_LANGUAGE
    elif candidate.miles is not None and candidate.miles <= NEAR_MILES:
        found = Grade.NEAR
    else:
        found = Grade.FARTHER
    words = [_role_word(own, other), f"speaks:{language}" if speaks else "other_language"]
    words += [_where_word(candidate.miles)]
    if found is Grade.OFTEN_ASKED:
        words.append(f"often:{candidate.asks}")
    return Choice(candidate, found, " ".join(word for word in words if word))


def could_take(seat: Seat, who: Responder) -> bool:
    """Return whether somebody could do what they did not sign up for: never to lead, and only in
    the language that the seat asks for."""
    if seat.role is SeatRole.LEAD:
        return False
    as_asked = Responder(
        who.person_id, who.vetting, (seat.role.value,), who.languages, who.car_seats
    )
    return fits(seat, as_asked)


def _role_word(own: Sequence[Seat], other: Sequence[Seat]) -> str:
    roles = {seat.role for seat in own or other}
    plain = roles == {SeatRole.ACCOMPANIER}
    role = min(roles, key=list(SeatRole).index)
    if other:
        return f"other_role:{role.value}"
    return "" if plain else f"role:{role.value}"


def _where_word(miles: float | None) -> str:
    if miles is None:
        return "area_unknown"
    if miles < 1:
        return "same_area"
    return f"{'near' if miles <= NEAR_MILES else 'farther'}:{round(miles)}"


def _order(choice: Choice) -> tuple[int, int, float, float, UUID]:
    """Best grade first; in it who was asked least, longest ago, and lives nearest."""
    one = choice.candidate
    asked = one.last_asked_at.timestamp() if one.last_asked_at else 0.0
    return choice.grade, one.asks, asked, one.miles or 0.0, one.person_id


def wave_size(open_places: int, people_per_place: int, left: timedelta) -> int:
    """Return how many to ask at once: about one of eight says yes; more of them as time runs out."""
    haste = 1 if left > HURRY_BEFORE else 2 if left > RUSH_BEFORE else 4
    return open_places * people_per_place * haste


def pause_after(wave_minutes: int, left: timedelta) -> timedelta:
    """Return how long to wait for answers before the next wave: an eighth of the time that is left,
    at most what the chapter says, at least ten minutes."""
    return max(SHORTEST_PAUSE, min(timedelta(minutes=wave_minutes), left / 8))


def first_wave_at(
    starts_at: datetime, now: datetime, *, list_weekday: int, list_minute: int, zone: str,
) -> datetime:  # fmt: skip
    """Return when waves begin for a check-in approved `now`: at once, or 72 hours before where a
    weekly list comes first."""
    listed = (
        None if list_weekday == NO_LIST else list_before(starts_at, list_weekday, list_minute, zone)
    )
    turn = starts_at - FIRST_WAVE_BEFORE
    return turn if listed is not None and now < listed < turn else now


def list_before(starts_at: datetime, weekday: int, minute: int, zone: str) -> datetime:
    """Return when the list goes out on which a start stands: in the week before its own.

    Weeks begin on Monday, where the chapter is.
    """
    local = starts_at.astimezone(ZoneInfo(zone))
    monday = local.date() - timedelta(days=local.weekday())
    day = monday - timedelta(days=7 - weekday)
    opening = datetime.combine(day, datetime.min.time(), ZoneInfo(zone))
    return opening.replace(hour=minute // 60, minute=minute % 60).astimezone(starts_at.tzinfo)


def overlaps(
    spans: Collection[tuple[datetime, datetime]], starts_at: datetime, ends_at: datetime
) -> bool:
    """Return whether an event, with the way there and back, meets one of these."""
    return any(
        begins - ON_THE_WAY < ends_at and starts_at < ends + ON_THE_WAY for begins, ends in spans
    )
