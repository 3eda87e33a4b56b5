"""Who fits which seat. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from service.rsvps.tables import Seat, SeatRole

LEAD_VETTING = 3
PLACE_VETTING = 2  # below it nobody may learn where a family will be
ORDER = list(SeatRole)


@dataclass(frozen=True)
class Responder:
    """What decides which seat somebody can take. `vetting` 0..3; `roles` as they signed up for."""

    person_id: UUID
    vetting: int
    roles: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


def fits(seat: Seat, who: Responder) -> bool:
    """Return whether this person may take this seat."""
    if seat.language is not None and seat.language not in who.languages:
        return False
    if seat.role is SeatRole.CROWD:
        return True
    if who.vetting < PLACE_VETTING:
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
