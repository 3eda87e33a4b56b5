"""Which visits stand on whose weekly list. Pure.

Spread: whoever has fewest visits on their list comes first, so that each visit is offered to as many
people as it takes and nobody reads a long list.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.checkins.choose import LISTED_MILES, Candidate, Choice, Grade, grade, overlaps
from service.rsvps.ask import Asked
from service.rsvps.tables import Seat

MOST_ITEMS = 4  # two parts of a text hold no more
LISTS_PER_PLACE = 10
NEVER_TOO_OFTEN = 1_000_000  # a list is no bother of its own: one text, whatever stands on it
OFFERED = (Grade.NEAR, Grade.FARTHER, Grade.OTHER_LANGUAGE)


@dataclass(frozen=True)
class Visit:
    """One check-in of the coming week with its open seats. door: the office."""

    subject: str
    door: UUID
    language: str
    starts_at: datetime
    ends_at: datetime
    seats: Sequence[Seat]

    @property
    def most_lists(self) -> int:
        """On how many lists it stands at most."""
        places = sum((seat.capacity or 0) - seat.taken for seat in self.seats)
        return places * LISTS_PER_PLACE


def assign(
    visits: Sequence[Visit], candidates: Mapping[str, Sequence[Candidate]]
) -> dict[UUID, list[Asked]]:
    """Return person -> what stands on their list, numbered from 1 in the order of the week.

    candidates: visit -> who could go. Two visits at once never stand on one list, unless they are at
    one door at the same hour: then one person may take both.
    """
    chosen: dict[UUID, list[tuple[Visit, str]]] = defaultdict(list)
    items: Counter[UUID] = Counter()
    for visit in sorted(visits, key=lambda visit: (visit.starts_at, visit.subject)):
        found = [choice for one in candidates[visit.subject] if (choice := _choice(one, visit))]
        found.sort(key=lambda choice: _order(choice, items))
        offered = 0
        for choice in found:
            person = choice.candidate.person_id
            if offered == visit.most_lists or items[person] == MOST_ITEMS:
                break  # sorted by items: whoever follows has a full list too
            if not _clashes(visit, [other for other, _ in chosen[person]]):
                chosen[person].append((visit, choice.reason))
                items[person] += 1
                offered += 1
    return {
        person: [
            Asked(person, visit.subject, reason, number=number)
            for number, (visit, reason) in enumerate(theirs, start=1)
        ]
        for person, theirs in chosen.items()
        if theirs
    }


def _choice(candidate: Candidate, visit: Visit) -> Choice | None:
    if candidate.miles is not None and candidate.miles > LISTED_MILES:
        return None
    found = grade(candidate, visit.seats, visit.language, most_asks=NEVER_TOO_OFTEN)
    return found if found is not None and found.grade in OFFERED else None


def _order(choice: Choice, items: Counter[UUID]) -> tuple[int, int, float, float, UUID]:
    one = choice.candidate
    asked = one.last_asked_at.timestamp() if one.last_asked_at else 0.0
    return items[one.person_id], choice.grade, asked, one.miles or 0.0, one.person_id


def _clashes(visit: Visit, others: Sequence[Visit]) -> bool:
    elsewhere = [
        (other.starts_at, other.ends_at)
        for other in others
        if (other.door, other.starts_at) != (visit.door, visit.starts_at)
    ]
    return overlaps(elsewhere, visit.starts_at, visit.ends_at)
