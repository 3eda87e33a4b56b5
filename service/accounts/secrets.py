"""Secrets that we hand out and then know only by their hash."""

from __future__ import annotations

import secrets

from service.privacy.secrets import hash_secret, new_secret, new_short_secret

__all__ = [
    "hash_secret",
    "new_recovery_code",
    "new_secret",
    "new_short_secret",
    "new_spoken_code",
    "plain_recovery_code",
]

# No letter that is read as another: I and 1, O and 0, U and V.
LETTERS = "abcdefghjkmnpqrstwxyz23456789"
GROUPS, GROUP_LETTERS = 4, 4
SPOKEN_DIGITS = 6


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
