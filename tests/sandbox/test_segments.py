"""Parts, as 3GPP TS 23.038 and 23.040 count them."""

from __future__ import annotations

import pytest

from service.sandbox.segments import count_segments

FAMILY = "👨‍👩‍👧‍👦"  # 11 UTF-16 units that stay together


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("ñ¿¡éü" * 32, 1),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" * 5, 2),
        ("í" * 70, 1),
        ("í" * 71, 2),
        ("í" * 134, 2),
        ("í" * 135, 3),
        (FAMILY * 6, 1),
        (FAMILY * 7, 2),
        (FAMILY * 13, 3),
    ],
    ids=lambda value: str(value)[:12],
)
def test_counts(body: str, parts: int) -> None:
    assert count_segments(body) == parts
