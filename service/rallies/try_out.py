"""Text a message to the organizer who wrote it, marked as a test, before anybody else gets it."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from service.accounts.tables import Organizer
from service.blasts.tables import MessageDraft
from service.errors import WrongState
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import ConsentNeeded, Priority
from service.people.register import LANGUAGES
from service.people.tables import Person
from service.rallies.letter import letter_of


def send_test(
    session: Session, outbox: Outbox, draft: MessageDraft, *, by: Organizer, now: datetime
) -> int:
    """Text both languages to the organizer's own phone; return how many texts. A second click within
    the same second sends nothing more. Raises WrongState when their account has no phone.
    """
    person = None if by.person_id is None else session.get(Person, by.person_id)
    if person is None:
        raise WrongState("own_phone_needed")
    bodies = letter_of(session, outbox.catalog, draft, now=now).bodies
    sent = 0
    for language in LANGUAGES:
        text = Text(
            "test_prefix",
            once_key=f"test:{draft.id.hex}:{by.id.hex}:{now.timestamp():.0f}:{language}",
            subject=f"message:{draft.id.hex}",
            body=outbox.catalog.text("test_prefix", language) + bodies[language],
            priority=Priority.URGENT,
            consent_needed=ConsentNeeded.ANSWER,
            quiet_exempt=True,
        )
        sent += outbox.of(draft.chapter_id).text(session, person, text, now=now)
    return sent
