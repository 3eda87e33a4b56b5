"""What volunteers and families have in common here: read in, shown masked, revealed on the record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlmodel import Session

from service.people.phone import read_phone
from service.people.register import Card
from service.people.tables import Consent, Person
from service.privacy.policy import Field as Personal
from service.privacy.read import Reader
from service.web.api.shapes import Alias, Area, Language, Phone, Reason, Shape
from service.wiring import Wiring


class NewPerson(Shape):
    """Whoever is added. What is known of a phone already stays as it is."""

    phone: Phone
    alias: Alias = ""
    language: Language
    area: Area = ""


class ShownPerson(Shape):
    """A person, with what is personal masked: recognisable, not usable."""

    id: UUID
    phone: str = Field(examples=["+1•••0142"])
    alias: str = Field(examples=["A•••"])
    language: Language
    area: str
    consent: Consent
    is_unreachable: bool
    created_at: datetime


class Revealable(StrEnum):
    """What can be seen whole, on the record."""

    PHONE = "phone"
    ALIAS = "alias"


class Reveal(Shape):
    """What somebody needs to see whole, and why. Written into the audit."""

    fields: Annotated[list[Revealable], Field(min_length=1, max_length=2)]
    reason: Reason


class Revealed(Shape):
    """The whole values that were asked for; the others are null."""

    id: UUID
    phone: str | None = None
    alias: str | None = None


def read_card(wiring: Wiring, told: NewPerson) -> Card:
    """Return what was told, the phone in E.164.

    Whoever is with another group too becomes known to this one. Raises InvalidValue on `phone`:
    unreadable or abroad.
    """
    phone = read_phone(told.phone, wiring.settings.countries)
    return Card(phone, alias=told.alias, language=told.language, area=told.area)


def fetch_keys(reader: Reader, people: Iterable[Person]) -> None:
    """Fetch the keys of these people in one go, before showing them one by one."""
    reader.fetch_keys([person.sealed_phone() for person in people])


def person_facts(reader: Reader, person: Person) -> dict[str, object]:
    """Return a ShownPerson's facts, as much of them as the caller sees."""
    return {
        "id": person.id,
        "phone": reader.show(person.sealed_phone()),
        "alias": reader.show(person.sealed_alias()),
        "language": person.language,
        "area": person.area,
        "consent": person.consent,
        "is_unreachable": person.is_unreachable,
        "created_at": person.created_at,
    }


def reveal(
    session: Session, reader: Reader, person: Person, asked: Reveal, *, now: datetime
) -> Revealed:
    """Return the whole values and write down who saw them. Raises NotAllowed."""
    sealed = {Personal.PHONE: person.sealed_phone(), Personal.ALIAS: person.sealed_alias()}
    values = {
        field.value: reader.reveal(session, sealed[Personal(field)], reason=asked.reason, now=now)
        for field in dict.fromkeys(asked.fields)
    }
    return Revealed(id=person.id, **values)
