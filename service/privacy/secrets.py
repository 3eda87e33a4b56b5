"""Long secrets that we hand out and then know only by their hash."""

from __future__ import annotations

import secrets
from hashlib import sha256


def new_secret() -> str:
    """Return 256 random bits, safe in a URL. Long enough that a plain hash keeps it."""
    return secrets.token_urlsafe(32)


def new_short_secret() -> str:
    """Return 128 random bits, safe in a URL: what fits in a text, for a link that lives a day."""
    return secrets.token_urlsafe(16)


def hash_secret(secret: str) -> bytes:
    """Return what is stored instead of the secret: 32 bytes."""
    return sha256(secret.encode()).digest()
