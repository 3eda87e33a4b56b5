"""How far apart two areas are, as coarse as they are known: three digits of a ZIP code, or a town.

An area is what somebody told us: a ZIP code (its first three digits count), or a town's name. Where
a name belongs to several towns it is the one nearest to the other area. Two names can only be
compared as words. Source of the coordinates: the `zipcodes` package, which ships them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from statistics import fmean

import zipcodes

Spot = tuple[float, float]  # latitude, longitude

_ZIP = re.compile(r"(\d{3})(?:\d{2})?(?:-\d{4})?")


def distance_miles(one: str, other: str) -> float | None:
    """Return how far apart two areas are, in miles; 0 for the same, None where nobody can tell."""
    one, other = _folded(one), _folded(other)
    if not one or not other:
        return None
    if one == other:
        return 0.0
    if not (_ZIP.fullmatch(one) or _ZIP.fullmatch(other)):
        return None
    return _apart(*sorted((one, other)))


def warm() -> None:
    """Read the table of places, which takes a second of the processor, so that no page has to."""
    _spots("061")


def _folded(area: str) -> str:
    """Return a ZIP code as its first three digits, a name in small letters without its state."""
    area = area.strip()
    if found := _ZIP.fullmatch(area):
        return found.group(1)
    return area.partition(",")[0].strip().casefold()


@lru_cache(maxsize=20_000)
def _apart(one: str, other: str) -> float | None:
    pairs = [(a, b) for a in _spots(one) for b in _spots(other)]
    return min((_miles(a, b) for a, b in pairs), default=None)


@lru_cache(maxsize=2_000)
def _spots(area: str) -> tuple[Spot, ...]:
    """Return where an area may be: the middle of a ZIP prefix, or of each town of that name."""
    if area.isdecimal():
        rows = zipcodes.similar_to(area)
        return (_middle(rows),) if rows else ()
    states: dict[str, list[dict[str, str]]] = {}
    for row in zipcodes.filter_by(city=area.title()):
        states.setdefault(row["state"], []).append(row)
    return tuple(_middle(rows) for rows in states.values())


def _middle(rows: list[dict[str, str]]) -> Spot:
    return fmean(float(row["lat"]) for row in rows), fmean(float(row["long"]) for row in rows)


def _miles(one: Spot, other: Spot) -> float:
    return float(zipcodes.haversine(one[1], one[0], other[1], other[0]))
