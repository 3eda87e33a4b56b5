"""Write a person down: one row a phone, its key made first, its fields sealed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, delete, or_, select

from service.chapters.tables import Chapter
from service.db import new_id
from service.db.insert import insert_new
from service.errors import InvalidValue
from service.people.members import come_home, know, standing_of
from service.people.tables import AliasWord, Family, Membership, Person, Volunteer
from service.privacy.keyring import KeyKind, Keyring
from service.privacy.seal import seal

LANGUAGES = ("en", "es")
ROLES = ("driver", "interpreter", "legal_observer", "outside_contact")
LONGEST_ALIAS = 40


@dataclass(frozen=True)
class Card:
    """What somebody told us about themself. `phone` is E.164."""

    phone: str
    alias: str = ""
    language: str = "en"
    area: str = ""


def find_person(session: Session, keyring: Keyring, phone_e164: str) -> Person | None:
    """Return whose phone it is, or None."""
    key = keyring.phone_key(phone_e164)
    return session.exec(select(Person).where(Person.phone_key == key)).first()


def register_person(
    session: Session, keyring: Keyring, chapter: Chapter, card: Card, *, now: datetime,
    how: str = "organizer",
) -> Person:  # fmt: skip
    """Return the person with this phone, made if need be. Safe to run twice and at once.

    The first chapter is their home; any other knows them from then on, by `how`, and nothing more.

    What is known already stays: a card fills what is missing and never overwrites an alias.
    Raises InvalidValue on `language` or `alias`.
    """
    check_card(card)
    found = find_person(session, keyring, card.phone)
    if found is None:
        found = _insert(session, keyring, chapter, card, now=now)
    know(session, found, chapter.id, how=how, now=now)
    fills = (card.alias and found.alias_sealed is None) or (card.area and not found.area)
    if fills:
        session.refresh(found, with_for_update=True)  # two of the same form take turns
    if card.alias and found.alias_sealed is None:
        rename(session, keyring, found, card.alias)
    if card.area and not found.area:
        found.area = card.area
    session.add(found)
    session.flush()
    return found


def check_card(card: Card) -> None:
    """Raise InvalidValue for what can't be stored."""
    if card.language not in LANGUAGES:
        raise InvalidValue("language", "unknown_language")
    if len(card.alias) > LONGEST_ALIAS:
        raise InvalidValue("alias", "too_long", limit=LONGEST_ALIAS)


def _insert(
    session: Session, keyring: Keyring, chapter: Chapter, card: Card, *, now: datetime
) -> Person:
    person_id = new_id()
    keyring.create(KeyKind.PERSON, [person_id])  # committed before the row that it seals
    key = keyring.key(KeyKind.PERSON, person_id)
    phone_key = keyring.phone_key(card.phone)
    session.exec(
        insert_new(session, Person).values(
            id=person_id,
            chapter_id=chapter.id,
            phone_key=phone_key,
            phone_sealed=seal(key, "person", person_id, "phone", card.phone),
            language=card.language,
            time_zone=chapter.time_zone,
            area=card.area,
            consent="none",
            is_unreachable=False,
            unreachable_why="",
            unknown_handsets=0,
            created_at=now,
        )
    )
    return session.exec(select(Person).where(Person.phone_key == phone_key)).one()


def rename(session: Session, keyring: Keyring, person: Person, alias: str) -> None:
    """Give the person an alias, sealed, and findable by each of its whole words."""
    key = keyring.key(KeyKind.PERSON, person.id)
    person.alias_sealed = seal(key, "person", person.id, "alias", alias)
    session.exec(delete(AliasWord).where(col(AliasWord.person_id) == person.id))
    for word in alias_words(alias):
        session.add(AliasWord(person_id=person.id, word_key=keyring.word_key(word)))
    session.add(person)


def alias_words(alias: str) -> set[str]:
    """Return the whole words of an alias, folded."""
    return {word.casefold() for word in re.findall(r"\w+", alias)}


def find_by_alias(session: Session, keyring: Keyring, chapter_id: UUID, words: str) -> list[Person]:
    """Return the chapter's people whose alias holds every whole word of `words`."""
    known = select(Membership.person_id).where(Membership.chapter_id == chapter_id)
    query = select(Person).where(
        or_(col(Person.chapter_id) == chapter_id, col(Person.id).in_(known))
    )
    wanted = alias_words(words)
    if not wanted:
        return []
    for word in wanted:
        having = select(AliasWord.person_id).where(AliasWord.word_key == keyring.word_key(word))
        query = query.where(col(Person.id).in_(having))
    return list(session.exec(query.order_by(col(Person.id))))


def make_volunteer(
    session: Session,
    person: Person,
    chapter_id: UUID | None = None,
    *,
    now: datetime,
    how: str = "organizer",
    vetting: int = 0,
    roles: Iterable[str] = (),
    languages: Iterable[str] = (),
    car_seats: int = 0,
) -> Volunteer:
    """Return the person as a volunteer of a chapter, made if need be; what is known already stays.

    chapter_id: None means their home. Of another they are a volunteer there alone, with its own
    `vetting`; the home's word does not change. Raises InvalidValue on `vetting` or `roles`.
    """
    roles = list(roles)
    if not 0 <= vetting <= 3:
        raise InvalidValue("vetting", "vetting_out_of_range")
    if unknown := [role for role in roles if role not in ROLES]:
        raise InvalidValue("roles", "unknown_role", role=unknown[0], roles=", ".join(ROLES))
    found, is_home = session.get(Volunteer, person.id), chapter_id in (None, person.chapter_id)
    if found is None:
        values = {
            "person_id": person.id, "vetting": vetting if is_home else 0, "roles": roles,
            "languages": list(languages) or [person.language], "car_seats": car_seats,
            "created_at": now, "left_at": None if is_home else now,
        }  # fmt: skip
        session.exec(insert_new(session, Volunteer).values(**values))
        found = session.get_one(Volunteer, person.id)
    if is_home or chapter_id is None:
        come_home(session, person)
        return found
    before = standing_of(session, person.id, chapter_id)
    theirs = know(session, person, chapter_id, how=how, now=now, as_volunteer=True)
    if theirs is not None and before is None:
        theirs.vetting = vetting
        session.add(theirs)
        session.flush()
    return found


def make_family(
    session: Session, person: Person, chapter_id: UUID | None = None, *, now: datetime,
    has_lawyer: bool = False, papers_are_held: bool = False, speaks: str = "",
) -> Family:  # fmt: skip
    """Return the person as a family of a chapter, made if need be; what is known already stays.

    chapter_id: None means their home. speaks: the language that they speak best; the newest word counts.
    """
    found, is_home = session.get(Family, person.id), chapter_id in (None, person.chapter_id)
    if found is None:
        values = {
            "person_id": person.id, "has_lawyer": has_lawyer, "papers_are_held": papers_are_held,
            "speaks": "", "is_home": is_home, "created_at": now,
        }  # fmt: skip
        session.exec(insert_new(session, Family).values(**values))
        found = session.get_one(Family, person.id)
    found.is_home = found.is_home or is_home
    session.add(found)
    if not is_home and chapter_id is not None:
        know(session, person, chapter_id, how="checkin", now=now, as_family=True)
    if speaks:
        found.speaks = speaks
        session.add(found)
    return found
