"""Volunteers: added with one invitation, listed, trusted further, revealed on the record."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from service.chapters.find import get_chapter
from service.outbox.invite import LONGEST_GATHERING, Offer, invite_volunteer
from service.people.find import get_volunteer, list_volunteers
from service.people.members import as_seen, standing_of
from service.people.register import find_person
from service.people.tables import LEAD_LEVEL, Person, Volunteer
from service.people.vet import set_vetting
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
from service.web.api.shapes import (
    MOST_LANGUAGES,
    NEVER_KEPT,
    ONE_LINE,
    OfferedRole,
    Shape,
    Spoken,
    up_to,
)
from service.web.session import Now, Parts, Read, Write

router = APIRouter(prefix="/volunteers", tags=["volunteers"])

MOST_CAR_SEATS = 15
Vetting = Annotated[
    int, Field(ge=0, le=LEAD_LEVEL, description="0 signed up, 1 vouched, 2 vetted, 3 lead.")
]


class NewVolunteer(NewPerson):
    """Somebody who gave an organizer their number. They get one text that asks them to join."""

    met_at: Annotated[
        str,
        up_to(LONGEST_GATHERING, least=1),
        ONE_LINE,
        NEVER_KEPT,
        Field(
            description="Where they gave their number; their invitation says so.",
            examples=["the March 3 meeting"],
        ),
    ]
    vetting: Vetting = 0
    roles: list[OfferedRole] = Field(default_factory=list, max_length=len(OfferedRole))
    languages: list[Spoken] = Field(default_factory=list, max_length=MOST_LANGUAGES)
    car_seats: Annotated[int, Field(ge=0, le=MOST_CAR_SEATS)] = 0


class ShownVolunteer(ShownPerson):
    """A volunteer."""

    vetting: int
    roles: list[str]
    languages: list[str]
    car_seats: int
    paused_until: datetime | None


class Trust(Shape):
    """How far a volunteer is trusted."""

    vetting: Vetting


@router.post("", status_code=201, responses={200: {"model": ShownVolunteer}})
def add_volunteer(
    told: NewVolunteer, response: Response, session: Write, wiring: Parts, who: Who, now: Now
) -> ShownVolunteer:
    """Add a volunteer and invite them, once. Who is known already is answered with 200."""
    card = read_card(wiring, told)
    known = find_person(session, wiring.keyring, card.phone)
    is_new = known is None or as_seen(session, known, who.chapter_id) is None
    offer = Offer(
        met_at=told.met_at,
        vetting=told.vetting,
        roles=[role.value for role in dict.fromkeys(told.roles)],
        languages=list(dict.fromkeys(told.languages)),
        car_seats=told.car_seats,
    )
    chapter = get_chapter(session, who.chapter_id)
    person, volunteer = invite_volunteer(
        session, wiring.outbox, chapter, card, offer, how="api", by=who.viewer, now=now
    )
    response.status_code = 201 if is_new else 200
    return show(who.reader, person, volunteer)


@router.get("")
def find_volunteers(
    paging: Annotated[Paging, Query()], session: Read, who: Who
) -> Page[ShownVolunteer]:
    """List the chapter's volunteers, oldest first."""
    rows = list_volunteers(session, who.chapter_id, after=paging.after, limit=paging.wanted)
    shown, following = cut(rows, paging, lambda row: row[0].id)
    fetch_keys(who.reader, [person for person, _ in shown])
    return Page(items=[show(who.reader, *row) for row in shown], next=following)


@router.get("/{volunteer_id}")
def see_volunteer(volunteer_id: UUID, session: Read, who: Who) -> ShownVolunteer:
    """Return one volunteer."""
    return show(who.reader, *get_volunteer(session, who.chapter_id, volunteer_id))


@router.patch("/{volunteer_id}")
def trust_volunteer(
    volunteer_id: UUID, told: Trust, session: Write, who: Who, now: Now
) -> ShownVolunteer:
    """Say how far a volunteer is trusted. On the record."""
    person, volunteer = get_volunteer(session, who.chapter_id, volunteer_id)
    standing = standing_of(session, person.id, who.chapter_id) or volunteer
    set_vetting(session, standing, told.vetting, by=who.viewer, now=now)
    return show(who.reader, *get_volunteer(session, who.chapter_id, volunteer_id))


@router.post("/{volunteer_id}/reveal")
def reveal_volunteer(
    volunteer_id: UUID, asked: Reveal, session: Write, who: Who, now: Now
) -> Revealed:
    """See a volunteer's phone or alias whole. On the record."""
    person, _ = get_volunteer(session, who.chapter_id, volunteer_id)
    return reveal(session, who.reader, person, asked, now=now)


def show(reader: Reader, person: Person, volunteer: Volunteer) -> ShownVolunteer:
    """Return what the caller sees of a volunteer."""
    return ShownVolunteer.model_validate(
        person_facts(reader, person)
        | {
            "vetting": volunteer.vetting,
            "roles": volunteer.roles,
            "languages": volunteer.languages,
            "car_seats": volunteer.car_seats,
            "paused_until": volunteer.paused_until,
        }
    )
