"""Calendars for other programs to subscribe to: the address is the key, and is never logged."""

from __future__ import annotations

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.accounts.tables import Organizer
from service.chapters.find import get_chapter
from service.errors import NotFound
from service.messages.ical import Entry, write_calendar
from service.people.feeds import find_feed, make_feed, own_feed, revoke_feed
from service.people.tables import CalendarFeed, Consent, Person
from service.replies.calendar import Almanac
from service.web.public.visitor import Here, go_to
from service.web.session import Now, Parts, Read, Write
from service.wiring import Wiring

router = APIRouter()
GONE = (Consent.OPTED_OUT, Consent.ERASED)


@router.get("/calendar/{secret}.ics")
def feed(session: Read, wiring: Parts, now: Now, secret: str) -> Response:
    """Return the calendar of whoever made this address."""
    found = find_feed(session, secret)
    if found is None:
        raise NotFound(None, "no such calendar")
    name, entries = _entries(session, wiring, found, now)
    return Response(
        write_calendar(name, entries, now=now), media_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'inline; filename="calendar.ics"'},
    )  # fmt: skip


@router.get("/mine/calendar")
def show(session: Read, here: Here) -> HTMLResponse:
    """Explain the address, and whether there is one."""
    return _page(session, here, "")


@router.post("/mine/calendar")
def make(session: Write, here: Here) -> Response:
    """Make an address, or a new one in its place, and show it this once."""
    person = here.person(session)
    return _page(session, here, make_feed(session, person_id=person.id, now=here.now))


@router.post("/mine/calendar/revoke")
def revoke(session: Write, here: Here) -> Response:
    """Make the address stop working."""
    revoke_feed(session, person_id=here.person(session).id)
    return go_to("/mine?did=calendar")


def _page(session: Session, here: Here, secret: str) -> HTMLResponse:
    person = here.person(session)
    address = f"{here.wiring.settings.public_url}/calendar/{secret}.ics" if secret else ""
    return here.page(
        session, person, "mine_calendar.html", address=address, path="/mine/calendar",
        feed=own_feed(session, person_id=person.id),
        zone=get_chapter(session, person.chapter_id).time_zone,
    )  # fmt: skip


def _entries(
    session: Session, wiring: Wiring, found: CalendarFeed, now: Now
) -> tuple[str, list[Entry]]:
    """Return the calendar's name and entries. Raises NotFound for whoever is no longer with us."""
    owner: Person | Organizer | None
    if found.person_id is not None:
        owner = session.get_one(Person, found.person_id)
        is_with_us = owner.consent not in GONE and owner.erase_at is None
    else:
        owner = session.get(Organizer, found.organizer_id)
        is_with_us = owner is not None and owner.is_active
    if owner is None or not is_with_us:
        raise NotFound(None, "no such calendar")
    almanac = Almanac(session, wiring.catalog, wiring.keyring, owner.language, now)
    name = wiring.catalog.word("calendar", "event", owner.language)
    if isinstance(owner, Person):
        return name, almanac.of_person(owner)
    return name, almanac.of_chapter(owner.chapter_id)
