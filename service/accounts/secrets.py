"""Secrets that we hand out and then know only by their hash."""

from __future__ import annotations

import secrets
from hashlib import sha256

# No letter that is read as another: I and 1, O and 0, U and V.
LETTERS = "abcdefghjkmnpqrstwxyz23456789"
GROUPS, GROUP_LETTERS = 4, 4
SPOKEN_DIGITS = 6


def new_secret() -> str:
    """Return 256 random bits, safe in a URL. Long enough that a plain hash keeps it."""
    return secrets.token_urlsafe(32)


def new_short_secret() -> str:
    """Return 128 random bits, safe in a URL: what fits in a text, for a link that lives a day."""
    return secrets.token_urlsafe(16)


def new_recovery_code() -> str:
    """Return a code for paper, abcd-efgh-jkmn-pqrs: 77 bits, which nobody guesses."""
    groups = ("".join(secrets.choice(LETTERS) for _ in range(GROUP_LETTERS)) for _ in range(GROUPS))
    return "-".join(groups)


def plain_recovery_code(typed: str) -> str:
    """Return a code as it was written, however it was typed: capitals, spaces, no hyphens."""
    letters = "".join(letter for letter in typed.lower() if letter in LETTERS)
    return "-".join(
        letters[at : at + GROUP_LETTERS] for at in range(0, len(letters), GROUP_LETTERS)
    )


def new_spoken_code() -> str:
    """Return six digits to say aloud. Few, so only with a limit on tries, beside a long secret."""
    return f"{secrets.randbelow(10**SPOKEN_DIGITS):0{SPOKEN_DIGITS}}"


def hash_secret(secret: str) -> bytes:
    """Return what is stored instead of the secret: 32 bytes."""
    return sha256(secret.encode()).digest()
