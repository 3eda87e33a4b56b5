"""Open a sealed delivery for sending: the number and the text. The only room that reads both whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from service.errors import Misuse
from service.outbox.tables import Delivery
from service.people.tables import Person
from service.privacy.keyring import Keyring
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader


class CannotOpen(Misuse):
    """Its key is gone, its person is gone, or its text is empty: it can never be sent."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What the carrier needs to know. `to` is E.164."""

    to: str
    body: str


class Opener:
    """Opens deliveries for the service itself."""

    def __init__(self, keyring: Keyring) -> None:
        self._reader = Reader(keyring, SYSTEM)

    def fetch_keys(self, people: Iterable[Person]) -> None:
        """Fetch the keys of a batch with one query."""
        self._reader.fetch_keys([person.sealed_phone() for person in people])

    def open(self, delivery: Delivery, person: Person, wording: str | None) -> Opened:
        """Return number and text; `wording` is the shared text, if it has one. Raises CannotOpen."""
        try:
            to = self._reader.show(person.sealed_phone())
            body = wording
            if body is None:
                body = self._reader.show(delivery.sealed_body(person.chapter_id))
        except (Misuse, ValueError) as error:  # or damaged beyond being a sealed text
            raise CannotOpen(str(error)) from error
        if not to or not body.strip():
            raise CannotOpen(f"delivery {delivery.id} has no number or no text")
        return Opened(to, body)
