"""Ids that are known before the row is written, and sort by the time they were made."""

from __future__ import annotations

import os
import secrets
import time
from threading import Lock
from uuid import UUID

_STEP_BITS = 32  # of chance between two ids of one millisecond


class _Newest:
    """The newest id that this process made, so that the next one sorts behind it."""

    def __init__(self) -> None:
        self._at = self._bits = 0
        self._turn = Lock()

    def next(self) -> tuple[int, int]:
        """Return Unix milliseconds and 74 bits: chance, and of one millisecond ever higher."""
        with self._turn:
            at, bits = time.time_ns() // 1_000_000, secrets.randbits(74)
            if at == self._at and bits <= self._bits:
                bits = self._bits + 1 + secrets.randbits(_STEP_BITS)
                at, bits = at + (bits >> 74), bits & ((1 << 74) - 1)
            self._at, self._bits = at, bits
            return at, bits


_NEWEST = _Newest()


def new_id(unix_ms: int | None = None, random_bits: int | None = None) -> UUID:
    """Return a UUIDv7: 48 bits of Unix milliseconds, then 74 random bits.

    Of one process the later one sorts behind, within a millisecond too; unless its clock goes back.
    unix_ms, random_bits: given by whoever must be able to replay (simulation, factories).
    Source: RFC 9562, sections 5.7 and 6.2.
    """
    at, bits = _NEWEST.next()
    at = (at if unix_ms is None else unix_ms) & ((1 << 48) - 1)
    bits = bits if random_bits is None else random_bits & ((1 << 74) - 1)
    high, low = bits >> 62, bits & ((1 << 62) - 1)
    return UUID(int=at << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


def new_ids(count: int) -> list[UUID]:
    """Return `count` ids of one moment, in no order, with one draw of chance for all of them."""
    now = (time.time_ns() // 1_000_000) & ((1 << 48) - 1)
    fixed = now << 80 | 0x7 << 76 | 0b10 << 62
    chance = os.urandom(16 * count)
    return [
        UUID(int=fixed | int.from_bytes(chance[at : at + 16]) & _CHANCE)
        for at in range(0, 16 * count, 16)
    ]


_CHANCE = ((1 << 12) - 1) << 64 | ((1 << 62) - 1)  # the bits that are neither time nor version
