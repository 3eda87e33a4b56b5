"""Ids that are known before the row is written, and sort by the time they were made."""

from __future__ import annotations

import os
import secrets
import time
from uuid import UUID


def new_id(unix_ms: int | None = None, random_bits: int | None = None) -> UUID:
    """Return a UUIDv7: 48 bits of Unix milliseconds, then 74 random bits.

    unix_ms, random_bits: given by whoever must be able to replay (simulation, factories).
    Source: RFC 9562, section 5.7.
    """
    at = (time.time_ns() // 1_000_000 if unix_ms is None else unix_ms) & ((1 << 48) - 1)
    bits = secrets.randbits(74) if random_bits is None else random_bits & ((1 << 74) - 1)
    high, low = bits >> 62, bits & ((1 << 62) - 1)
    return UUID(int=at << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


def new_ids(count: int) -> list[UUID]:
    """Return `count` ids like `new_id`'s, with one draw of chance for all of them."""
    now = (time.time_ns() // 1_000_000) & ((1 << 48) - 1)
    fixed = now << 80 | 0x7 << 76 | 0b10 << 62
    chance = os.urandom(16 * count)
    return [
        UUID(int=fixed | int.from_bytes(chance[at : at + 16]) & _CHANCE)
        for at in range(0, 16 * count, 16)
    ]


_CHANCE = ((1 << 12) - 1) << 64 | ((1 << 62) - 1)  # the bits that are neither time nor version
