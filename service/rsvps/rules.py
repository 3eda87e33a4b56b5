"""Who fits which seat, what an answer leads to, how long a place is held. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from service.chapters.rules import EARLY, LATE, next_open, next_quiet
from service.errors import Misuse
from service.rsvps.tables import RsvpState, Seat, SeatRole

LEAD_VETTING = 3
PLACE_VETTING = 2  # below it nobody may learn where a family will be
ORDER = list(SeatRole)


_AFTER_COMING = frozenset({RsvpState.WITHDRAWN, RsvpState.MAYBE, RsvpState.NO_SHOW})
_TO_A_YES = frozenset({RsvpState.YES, RsvpState.STANDBY})
# What may follow what. docs/states/rsvp.md draws it.
NEXT: dict[RsvpState, frozenset[RsvpState]] = {
    RsvpState.OFFERED: _TO_A_YES | {RsvpState.NO, RsvpState.MAYBE},
    RsvpState.NO: _TO_A_YES | {RsvpState.MAYBE},
    RsvpState.MAYBE: _TO_A_YES | {RsvpState.NO},
    RsvpState.STANDBY: frozenset(
        {RsvpState.YES, RsvpState.HELD, RsvpState.WITHDRAWN, RsvpState.MAYBE}
    ),
    RsvpState.HELD: _TO_A_YES | {RsvpState.LAPSED, RsvpState.WITHDRAWN},
    RsvpState.LAPSED: _TO_A_YES | {RsvpState.WITHDRAWN, RsvpState.MAYBE},
    RsvpState.YES: _AFTER_COMING
    | {RsvpState.CONFIRMED, RsvpState.EN_ROUTE, RsvpState.ARRIVED, RsvpState.STANDBY},
    RsvpState.CONFIRMED: _AFTER_COMING | {RsvpState.EN_ROUTE, RsvpState.ARRIVED, RsvpState.STANDBY},
    RsvpState.EN_ROUTE: _AFTER_COMING | {RsvpState.ARRIVED},
    RsvpState.ARRIVED: frozenset({RsvpState.LEFT, RsvpState.WITHDRAWN}),
    RsvpState.LEFT: frozenset({RsvpState.ARRIVED}),
    RsvpState.WITHDRAWN: _TO_A_YES | {RsvpState.MAYBE},
    RsvpState.NO_SHOW: _TO_A_YES | {RsvpState.WITHDRAWN, RsvpState.MAYBE},
}


def check_move(before: RsvpState, after: RsvpState) -> None:
    """Raise Misuse where an RSVP can't go from one state to the other. Staying is no move."""
    if after is not before and after not in NEXT[before]:
        raise Misuse(f"an RSVP never goes from {before} to {after}")


def after_no(state: RsvpState) -> RsvpState:
    """Return where a no leads: somebody who was counted on withdraws."""
    if state in (RsvpState.OFFERED, RsvpState.MAYBE, RsvpState.NO):
        return RsvpState.NO
    return state if state is RsvpState.LEFT else RsvpState.WITHDRAWN


def after_maybe(state: RsvpState) -> RsvpState:
    """Return where a maybe leads: a place that is held stays so until its time is over."""
    stays = (RsvpState.HELD, RsvpState.ARRIVED, RsvpState.LEFT)
    return state if state in stays else RsvpState.MAYBE


@dataclass(frozen=True)
class Responder:
    """What decides which seat somebody can take. `vetting` 0..3; `roles` as they signed up for."""

    person_id: UUID
    vetting: int
    roles: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    car_seats: int = 0


def fits(seat: Seat, who: Responder) -> bool:
    """Return whether this person may take this seat."""
    if seat.language is not None and seat.language not in who.languages:
        return False
    if seat.role is SeatRole.CROWD:
        return True
    if who.vetting < PLACE_VETTING or who.car_seats < (seat.car_seats or 0):
        return False
    if seat.role is SeatRole.LEAD:
        return who.vetting >= LEAD_VETTING
    return seat.role is SeatRole.ACCOMPANIER or seat.role.value in who.roles


def in_order(seats: Iterable[Seat], who: Responder) -> list[Seat]:
    """Return the seats that fit, in the order in which a yes fills them."""
    return sorted(
        (seat for seat in seats if fits(seat, who)),
        key=lambda seat: (ORDER.index(seat.role), seat.id),
    )


@dataclass(frozen=True)
class Filling:
    """How full an event is. `missing`: open places by role; a limitless seat counts in neither."""

    taken: int
    capacity: int
    missing: dict[SeatRole, int]

    @property
    def is_full(self) -> bool:
        """Whether no place is open."""
        return not self.missing


def filling(seats: Sequence[Seat]) -> Filling:
    """Return how full these seats are."""
    missing: dict[SeatRole, int] = {}
    for seat in sorted(seats, key=lambda seat: ORDER.index(seat.role)):
        open_places = (seat.capacity or 0) - seat.taken
        if seat.capacity is not None and open_places > 0:
            missing[seat.role] = missing.get(seat.role, 0) + open_places
    limited = [seat for seat in seats if seat.capacity is not None]
    return Filling(
        taken=sum(seat.taken for seat in seats),
        capacity=sum(seat.capacity or 0 for seat in limited),
        missing=missing,
    )


# --- a place is held for the next in line ---

NEAR = timedelta(hours=24)
HOLDS = (  # when the event begins within ..., the place is held for ...
    (NEAR, timedelta(minutes=30)),
    (timedelta(hours=72), timedelta(hours=2)),
)
LONGEST_HOLD = timedelta(hours=12)
SHORTEST_HOLD = timedelta(minutes=10)  # less time is no offer
LAST_ANSWER = timedelta(hours=1)  # before the start: later, nobody can plan with it


@dataclass(frozen=True)
class Quiet:
    """When somebody is not texted; `from_minute` == `until_minute`: at no time."""

    zone: str
    from_minute: int
    until_minute: int

    def opens(self, at: datetime) -> datetime:
        """Return the first moment from `at` on at which they may be texted."""
        return next_open(at, self.zone, self.from_minute, self.until_minute)

    def begins(self, at: datetime) -> datetime | None:
        """Return when the next quiet hours begin."""
        return next_quiet(at, self.zone, self.from_minute, self.until_minute)

    def near(self) -> Quiet:
        """Return what holds within a day of the event: texts go from early to late."""
        if self.from_minute == self.until_minute:
            return self
        return Quiet(self.zone, _minute(LATE), _minute(EARLY))


@dataclass(frozen=True)
class Hold:
    """When somebody is told of a place that is kept for them, and until when it is."""

    told_at: datetime
    until: datetime


def hold(now: datetime, starts_at: datetime, quiet: Quiet) -> Hold | None:
    """Return how a place that is free `now` is held; None when it is too late to ask anybody.

    30 minutes when the event begins within a day, longer before. The time does not run in the
    person's quiet hours, which are shorter within a day of the event.
    """
    left = starts_at - now
    length = next((length for within, length in HOLDS if left <= within), LONGEST_HOLD)
    hours = quiet.near() if left <= NEAR else quiet
    told_at = hours.opens(now)
    until = min(_after(told_at, length, hours), starts_at - LAST_ANSWER)
    return Hold(told_at, until) if until - told_at >= SHORTEST_HOLD else None


def texting_time(now: datetime, starts_at: datetime, quiet: Quiet) -> datetime:
    """Return when somebody may be texted about an event, from `now` on."""
    return (quiet.near() if starts_at - now <= NEAR else quiet).opens(now)


def _after(at: datetime, length: timedelta, quiet: Quiet) -> datetime:
    """Return when so much time outside quiet hours has passed, from an open moment on."""
    while (closes := quiet.begins(at)) is not None and closes - at < length:
        length -= closes - at
        at = quiet.opens(closes)
    return at + length


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute
