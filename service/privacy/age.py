"""Encrypt a file that leaves us, in the age format: to somebody's public key, or with a passphrase."""

from __future__ import annotations

import pyrage

from service.errors import InvalidValue

SHORTEST_PASSPHRASE = 12


def encrypt_to(data: bytes, recipient: str, *, field: str = "recipient") -> bytes:
    """Return `data` that only the owner of this key can read: age1..., or an SSH public key.

    Raises InvalidValue on `field`.
    """
    kind = pyrage.ssh if recipient.startswith("ssh-") else pyrage.x25519
    try:
        key = kind.Recipient.from_str(recipient.strip())
    except pyrage.RecipientError as error:
        raise InvalidValue(field, "bad_recipient") from error
    return bytes(pyrage.encrypt(data, [key]))


def encrypt_with(data: bytes, passphrase: str, *, field: str = "passphrase") -> bytes:
    """Return `data` that opens with this passphrase. Takes seconds, so that guessing takes ages.

    Raises InvalidValue on `field` for one that is short.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise InvalidValue(field, "passphrase_short", least=SHORTEST_PASSPHRASE)
    return bytes(pyrage.passphrase.encrypt(data, passphrase))
