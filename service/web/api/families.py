"""Families: a phone, a name to call them by, and two ticks. Nothing else is kept, so nothing else is read."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from service.chapters.find import get_chapter
from service.people.consent import invite
from service.people.find import get_family, list_families
from service.people.members import family_in
from service.people.register import find_person, make_family, register_person
from service.people.tables import Family, Person
from service.privacy.read import Reader
from service.web.api.auth import Who
from service.web.api.paging import Page, Paging, cut
from service.web.api.people import (
    NewPerson,
    Reveal,
    Revealed,
    ShownPerson,
    fetch_keys,
    person_facts,
    read_card,
    reveal,
)  # fmt: skip
from service.web.session import Now, Parts, Read, Write

router = APIRouter(prefix="/families", tags=["families"])


class NewFamily(NewPerson):
    """Somebody who reports to an office."""

    has_lawyer: bool = False
    papers_are_held: bool = False


class ShownFamily(ShownPerson):
    """A family."""

    has_lawyer: bool
    papers_are_held: bool


@router.post("", status_code=201, responses={200: {"model": ShownFamily}})
def add_family(
    told: NewFamily, response: Response, session: Write, wiring: Parts, who: Who, now: Now
) -> ShownFamily:
    """Add a family; it gets no text yet. Who is known already is answered with 200."""
    card = read_card(wiring, told)
    known = find_person(session, wiring.keyring, card.phone)
    is_new = known is None or family_in(session, known, who.chapter_id) is None
    chapter = get_chapter(session, who.chapter_id)
    person = register_person(session, wiring.keyring, chapter, card, now=now)
    family = make_family(
        session,
        person,
        chapter.id,
        now=now,
        has_lawyer=told.has_lawyer,
        papers_are_held=told.papers_are_held,
    )
    invite(session, person, how="api", now=now)
    response.status_code = 201 if is_new else 200
    return show(who.reader, person, family)


@router.get("")
def find_families(paging: Annotated[Paging, Query()], session: Read, who: Who) -> Page[ShownFamily]:
    """List the chapter's families, oldest first."""
    rows = list_families(session, who.chapter_id, after=paging.after, limit=paging.wanted)
    shown, following = cut(rows, paging, lambda row: row[0].id)
    fetch_keys(who.reader, [person for person, _ in shown])
    return Page(items=[show(who.reader, *row) for row in shown], next=following)


@router.get("/{family_id}")
def see_family(family_id: UUID, session: Read, who: Who) -> ShownFamily:
    """Return one family."""
    return show(who.reader, *get_family(session, who.chapter_id, family_id))


@router.post("/{family_id}/reveal")
def reveal_family(family_id: UUID, asked: Reveal, session: Write, who: Who, now: Now) -> Revealed:
    """See a family's phone or alias whole. On the record."""
    person, _ = get_family(session, who.chapter_id, family_id)
    return reveal(session, who.reader, person, asked, now=now)


def show(reader: Reader, person: Person, family: Family) -> ShownFamily:
    """Return what the caller sees of a family."""
    return ShownFamily.model_validate(
        person_facts(reader, person)
        | {"has_lawyer": family.has_lawyer, "papers_are_held": family.papers_are_held}
    )
