"""Ask a phone whether it sent what a public page says it sent: one text, and nothing is done before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from service.chapters.tables import Chapter
from service.outbox.enqueue import Outbox, Text
from service.outbox.invite import TEXTS_A_WEEK
from service.outbox.tables import ConsentNeeded, Priority
from service.people.consent import invite
from service.people.pending import CODE_LASTS, as_read, keep_form, new_code
from service.people.register import Card, find_person, register_person
from service.people.tables import FormKind, PendingForm, Person
from service.people.uses import A_CHAPTER, A_PHONE, ASKED_TO_JOIN, count_use


def ask_by_code(
    session: Session, outbox: Outbox, chapter: Chapter, card: Card, typed: Mapping[str, str], *,
    now: datetime,
) -> str:  # fmt: skip
    """Keep the form sealed and text a code to its phone; return the secret for the browser.

    card: phone and language only; whoever it names is written down for the text alone.
    Raises TooMany.
    """
    count_text(session, outbox, chapter, "code", card.phone, now=now)
    is_new = find_person(session, outbox.keyring, card.phone) is None
    person = register_person(session, outbox.keyring, chapter, card, now=now)
    pending, secret = keep_form(
        session, outbox.keyring, person, FormKind.CHECKIN, typed, is_new=is_new, now=now
    )
    _send(session, outbox.of(chapter.id), person, pending, now)
    return secret


def ask_by_code_again(
    session: Session, outbox: Outbox, chapter: Chapter, pending: PendingForm, phone: str, *,
    now: datetime,
) -> None:  # fmt: skip
    """Text another code for the same form. Raises TooMany, InvalidValue on `code`."""
    count_text(session, outbox, chapter, "code", phone, now=now)
    person = session.get_one(Person, pending.person_id)
    _send(session, outbox.of(chapter.id), person, pending, now)


def ask_by_reply(
    session: Session, outbox: Outbox, chapter: Chapter, card: Card, typed: Mapping[str, str], *,
    now: datetime,
) -> None:  # fmt: skip
    """Keep a sign-up sealed and ask its phone once: the reply is the consent, nothing else is sent.

    card: phone and language only. Quiet hours hold it: whoever has the phone may be asleep.
    Raises TooMany, the same for every phone.
    """
    count_text(session, outbox, chapter, "join", card.phone, now=now)
    phone_key = outbox.keyring.phone_key(card.phone).hex()
    count_use(session, outbox.keyring, f"signup {phone_key}", ASKED_TO_JOIN, now=now)
    is_new = find_person(session, outbox.keyring, card.phone) is None
    person = register_person(session, outbox.keyring, chapter, card, now=now)
    pending, _ = keep_form(
        session, outbox.keyring, person, FormKind.JOIN, typed, is_new=is_new, now=now
    )
    invite(session, person, how="web", now=now)
    text = Text(
        "confirm_signup",
        once_key=f"signup:{pending.id.hex}",
        subject=f"person:{person.id.hex}",
        values={"count": str(TEXTS_A_WEEK)},
        consent_needed=ConsentNeeded.ANSWER,
    )
    outbox.of(chapter.id).text(session, person, text, now=now)


def count_text(
    session: Session, outbox: Outbox, chapter: Chapter, kind: str, phone: str, *, now: datetime
) -> None:
    """Count a text that a public page asks for, whether or not it leaves. Raises TooMany."""
    keyring = outbox.keyring
    count_use(session, keyring, f"phone {keyring.phone_key(phone).hex()}", A_PHONE, now=now)
    count_use(session, keyring, f"chapter {chapter.id.hex} {kind}", A_CHAPTER, now=now)


def _send(
    session: Session, outbox: Outbox, person: Person, pending: PendingForm, now: datetime
) -> None:
    code = new_code(session, outbox.keyring, pending, now=now)
    text = Text(
        "one_time_code",
        once_key=f"code:{pending.id.hex}:{pending.sends}",
        subject=f"person:{person.id.hex}",
        values={"code": as_read(code)},
        priority=Priority.URGENT,
        consent_needed=ConsentNeeded.ANSWER,
        quiet_exempt=True,  # they are looking at the page that asks for it
        not_after=now + CODE_LASTS,
    )
    outbox.text(session, person, text, now=now)
