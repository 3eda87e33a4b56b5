"""What a run sheet shows, for whoever may see it: an organizer who prints it, the lead on a phone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from service.chapters.find import get_chapter
from service.chapters.tables import Office
from service.checkins.tables import CheckIn, Outcome
from service.checkins.words import MEET_BEFORE
from service.messages.pages import load_pages
from service.people.find import people_by_id
from service.people.register import LANGUAGES
from service.people.tables import Person
from service.rsvps.respond import rsvps_of
from service.rsvps.rules import ORDER
from service.rsvps.tables import COMING, SeatRole

Naming = Callable[[Person], str]


@dataclass(frozen=True)
class Going:
    """Somebody who goes along: as much of the name as the reader may see."""

    role: SeatRole
    alias: str


def sheet_of(session: Session, checkin: CheckIn, name: Naming) -> dict[str, Any]:
    """Return what the template needs: where and when, who, the ladder, what each end asks for.

    name: how much of somebody's name the reader sees. No phone, no surname, no address of the family.
    """
    return {
        "checkin": checkin,
        "office": session.get_one(Office, checkin.office_id),
        "chapter": get_chapter(session, checkin.chapter_id),
        "alias": name(session.get_one(Person, checkin.family_id)),
        "meet_at": checkin.starts_at - MEET_BEFORE,
        "going": _going(session, checkin, name),
        "outcomes": list(Outcome),
        "languages": LANGUAGES,
        "say": load_pages().say,
    }


def _going(session: Session, checkin: CheckIn, name: Naming) -> list[Going]:
    rsvps = rsvps_of(session, [checkin.subject])[checkin.subject]
    coming = [rsvp for rsvp in rsvps if rsvp.state in COMING]
    people = people_by_id(session, (rsvp.person_id for rsvp in coming))
    found = [
        Going(rsvp.role, name(people[rsvp.person_id])) for rsvp in coming if rsvp.role is not None
    ]
    return sorted(found, key=lambda one: ORDER.index(one.role))
