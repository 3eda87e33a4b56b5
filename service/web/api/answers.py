"""Who answered what about an event, and how many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlmodel import Session

from service.checkins.find import get_checkin
from service.people.find import people_by_id
from service.people.tables import Person
from service.privacy.read import Reader
from service.rallies.find import get_rally
from service.rsvps.ask import count_asked
from service.rsvps.respond import list_rsvps, rsvps_of, tally
from service.rsvps.tables import Rsvp, RsvpState, SeatRole
from service.web.api.auth import Caller, Who
from service.web.api.paging import Page, Paging, cut
from service.web.api.people import fetch_keys
from service.web.api.shapes import Shape
from service.web.session import Read

router = APIRouter(tags=["answers"])


class Answers(Shape):
    """How many were asked and what they said. `coming_people` counts whole parties."""

    asked: int
    yes: int
    no: int
    maybe: int
    standby: int
    coming_people: int


class ShownAnswer(Shape):
    """One person's answer: the newest counts. `remainder`: what they wrote besides yes or no."""

    id: UUID
    person_id: UUID
    alias: str
    state: RsvpState
    role: SeatRole | None
    party_size: int
    remainder: str
    answered_at: datetime


def answers_about(session: Session, subjects: Sequence[str]) -> dict[str, Answers]:
    """Return the counts of many events by subject."""
    asked, rsvps = count_asked(session, subjects), rsvps_of(session, subjects)
    return {
        subject: Answers(
            asked=asked.get(subject, 0),
            yes=counted.yes,
            no=counted.no,
            maybe=counted.maybe,
            standby=counted.standby,
            coming_people=counted.coming_people,
        )
        for subject, counted in ((each, tally(rsvps[each])) for each in subjects)
    }


@router.get("/checkins/{checkin_id}/rsvps")
def find_checkin_answers(
    checkin_id: UUID, paging: Annotated[Paging, Query()], session: Read, who: Who
) -> Page[ShownAnswer]:
    """List who answered about a check-in, first answer first."""
    return _page(session, who, get_checkin(session, who.chapter_id, checkin_id).subject, paging)


@router.get("/rallies/{rally_id}/rsvps")
def find_rally_answers(
    rally_id: UUID, paging: Annotated[Paging, Query()], session: Read, who: Who
) -> Page[ShownAnswer]:
    """List who answered about a rally, first answer first."""
    return _page(session, who, get_rally(session, who.chapter_id, rally_id).subject, paging)


def _page(session: Session, who: Caller, subject: str, paging: Paging) -> Page[ShownAnswer]:
    rows = list_rsvps(session, subject, after=paging.after, limit=paging.wanted)
    shown, following = cut(rows, paging, lambda row: row.id)
    people = people_by_id(session, [rsvp.person_id for rsvp in shown])
    fetch_keys(who.reader, people.values())
    items = [_show(who.reader, rsvp, people[rsvp.person_id]) for rsvp in shown]
    return Page(items=items, next=following)


def _show(reader: Reader, rsvp: Rsvp, person: Person) -> ShownAnswer:
    return ShownAnswer(
        id=rsvp.id,
        person_id=rsvp.person_id,
        alias=reader.show(person.sealed_alias()),
        state=rsvp.state,
        role=rsvp.role,
        party_size=rsvp.party_size,
        remainder=reader.show(rsvp.sealed_remainder(reader.viewer.chapter_id)),
        answered_at=rsvp.answered_at,
    )
