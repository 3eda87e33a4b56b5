"""Seal one field of one row. Pure: no database, no clock.

A sealed field opens only under its key *and* in its own place: moved to another row, table or
column it does not open.
"""

from __future__ import annotations

import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.errors import Misuse

VERSION = b"\x01"
NONCE_BYTES = 12


class SealBroken(Misuse):
    """Bytes that don't open here: another key, another place, or damaged."""


def new_key() -> bytes:
    """Return 32 random bytes, a key for `seal`."""
    return AESGCM.generate_key(256)


def seal(key: bytes, table: str, row_id: UUID, column: str, text: str) -> bytes:
    """Return `text` sealed for this place: version, 12-byte nonce, AES-256-GCM ciphertext and tag."""
    nonce = os.urandom(NONCE_BYTES)
    return (
        VERSION + nonce + AESGCM(key).encrypt(nonce, text.encode(), _place(table, row_id, column))
    )


def unseal(key: bytes, table: str, row_id: UUID, column: str, sealed: bytes) -> str:
    """Return the text that `seal` took. Raises SealBroken; never returns something else."""
    if sealed[:1] != VERSION:
        raise SealBroken(f"{table}.{column}: sealed in a form that this version doesn't know")
    nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, body, _place(table, row_id, column)).decode()
    except InvalidTag as error:
        raise SealBroken(f"{table}.{column}: does not open with this key in this place") from error


def _place(table: str, row_id: UUID, column: str) -> bytes:
    return b"|".join((table.encode(), row_id.bytes, column.encode()))
