"""Text somebody the link to their own page, if there is one: who asks never learns whether there is."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from service.chapters.tables import Chapter
from service.db import new_id
from service.outbox.ask_phone import count_text
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import ConsentNeeded, Priority
from service.people.register import find_person
from service.people.tables import Person
from service.people.visits import LINK_LASTS, has_page, make_link

PATH = "/m/"


def send_link(
    session: Session, outbox: Outbox, chapter: Chapter, phone: str, *, now: datetime
) -> None:
    """Send a link to a phone (E.164) that we know; count it in either case. Raises TooMany."""
    count_text(session, outbox, chapter, "link", phone, now=now)
    person = find_person(session, outbox.keyring, phone)
    if person is not None and has_page(session, person):
        text_link(session, outbox, person, now=now)


def text_link(session: Session, outbox: Outbox, person: Person, *, now: datetime) -> None:
    """Text a new link, whatever was sent before."""
    link = f"{outbox.public_url}{PATH}{make_link(session, person, now=now)}"
    text = Text(
        "own_link",
        once_key=f"link:{new_id().hex}",
        subject=f"person:{person.id.hex}",
        values={"link": link},
        priority=Priority.URGENT,
        consent_needed=ConsentNeeded.ANSWER,
        quiet_exempt=True,  # they have just asked for it
        not_after=now + LINK_LASTS,
    )
    outbox.text(session, person, text, now=now)
