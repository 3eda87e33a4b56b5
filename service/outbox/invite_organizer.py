"""Text somebody the link of their invitation to organize. What opens it is said aloud, never texted."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from service.accounts.tables import Organizer
from service.chapters.tables import Chapter
from service.db import new_id
from service.errors import InvalidValue
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import ConsentNeeded
from service.people.consent import invite
from service.people.register import Card, register_person
from service.people.tables import Consent
from service.privacy.policy import Viewer


def text_invitation(
    session: Session, outbox: Outbox, chapter: Chapter, organizer: Organizer, phone: str, link: str,
    *, by: Viewer, now: datetime,
) -> None:  # fmt: skip
    """Send the link, once. phone: E.164. Raises InvalidValue on `phone` for who may not be texted."""
    card = Card(phone, language=organizer.language)
    person = register_person(session, outbox.keyring, chapter, card, now=now)
    if person.consent is Consent.OPTED_OUT:
        raise InvalidValue("phone", "number_opted_out")
    invite(session, person, how=f"organizer: {by.name}", now=now)
    outbox.of(chapter.id).text(
        session,
        person,
        Text(
            "organizer_invitation",
            once_key=f"organizer:{organizer.id.hex}:{new_id().hex}",
            subject=f"person:{person.id.hex}",
            values={"name": by.name, "link": link},
            consent_needed=ConsentNeeded.ANSWER,
        ),
        now=now,
    )
