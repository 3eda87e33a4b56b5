"""Open a sealed delivery for sending: the number and the text. The only room that reads both whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from service.errors import Misuse
from service.privacy.keyring import KeyKind, Keyring
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader, SealedField


class CannotOpen(Misuse):
    """Its key is gone, its person is gone, or its text is empty: it can never be sent."""


class Opened(NamedTuple):
    """What the carrier needs to know. `to` is E.164."""

    to: str
    body: str


class Opener:
    """Opens deliveries for the service itself."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._reader = Reader(keyring, SYSTEM)

    def fetch_keys(self, people: Iterable[UUID]) -> None:
        """Fetch the keys of a batch with one query; a person's phone and texts share a key."""
        self._keyring.keys(KeyKind.PERSON, people)

    def open(self, phone: SealedField, body: SealedField | str) -> Opened:
        """Return number and text; a text that many get is not sealed. Raises CannotOpen."""
        try:
            to = self._reader.show(phone)
            text = body if isinstance(body, str) else self._reader.show(body)
        except (Misuse, ValueError) as error:  # or damaged beyond being a sealed text
            raise CannotOpen(str(error)) from error
        if not to or not text.strip():
            raise CannotOpen("there is no number, or no text")
        return Opened(to, text)
