"""The few ways of coming are enough: each two values meet."""

from __future__ import annotations

from itertools import combinations, product

from tests.browser.journeys.ways import WAYS


def test_every_pair_of_values_occurs() -> None:
    values = {
        "width": (390, 1280), "language": ("en", "es"), "has_scripts": (True, False),
        "scheme": ("light", "dark"),
    }  # fmt: skip
    for one, other in combinations(values, 2):
        met = {(getattr(way, one), getattr(way, other)) for way in WAYS}
        assert met == set(product(values[one], values[other])), (one, other)
