"""Find what was told to others about somebody by name, while their name can still be read."""

from __future__ import annotations

from datetime import datetime

import regex
from sqlmodel import Session, col, select

from service.calls.tables import VoiceCall
from service.checkins.tables import CheckIn
from service.erasure.day import day_of, still_to_be_sent, still_to_ring
from service.outbox.drill import id_in, kind_in
from service.outbox.tables import Delivery
from service.people.tables import Person
from service.privacy.keyring import KeyGone, Keyring
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader, SealedField
from service.rsvps.tables import Rsvp


def forget_where_named(session: Session, keyring: Keyring, person: Person, *, now: datetime) -> int:
    """Empty what others were told of a companion by name, about appointments they said yes or no to.

    Returns how many texts and calls. What others wrote is theirs and stays; what is on its way to
    somebody is left. Safe to run twice.
    """
    reader = Reader(keyring, SYSTEM)
    name = _read(reader, person.sealed_alias()).split()[:1]
    if not name:
        return 0
    names_them = regex.compile(rf"\b{regex.escape(name[0])}\b", regex.IGNORECASE)
    told = _told_to_others(session, person, now)
    reader.fetch_keys(sealed for _, sealed in told)
    named = [row for row, sealed in told if names_them.search(_read(reader, sealed))]
    for row in named:
        if isinstance(row, Delivery):
            row.body_sealed = None
        else:
            row.says_sealed = b""
        session.add(row)
    return len(named)


def _read(reader: Reader, sealed: SealedField) -> str:
    try:
        return reader.show(sealed)
    except KeyGone:  # erased, and the run ended before the row was emptied
        return ""


def _told_to_others(
    session: Session, person: Person, now: datetime
) -> list[tuple[Delivery | VoiceCall, SealedField]]:
    subjects = _subjects_of(session, person)
    texts = session.exec(
        select(Delivery).where(
            col(Delivery.subject).in_(subjects),
            Delivery.person_id != person.id,
            col(Delivery.body_sealed).is_not(None),
            ~still_to_be_sent(now),
        )
    ).all()
    calls = session.exec(
        select(VoiceCall).where(
            col(VoiceCall.subject).in_(subjects),
            VoiceCall.person_id != person.id,
            VoiceCall.says_sealed != b"",
            ~still_to_ring(now),
        )
    ).all()
    return [
        *((text, text.sealed_body(person.chapter_id)) for text in texts),
        *((call, call.sealed_says(person.chapter_id)) for call in calls),
    ]


def _subjects_of(session: Session, person: Person) -> list[str]:
    answered = session.exec(select(Rsvp.subject).where(Rsvp.person_id == person.id)).all()
    ids = [id_in(subject) for subject in answered if kind_in(subject) == "checkin"]
    checkins = session.exec(select(CheckIn).where(col(CheckIn.id).in_(ids))).all()
    return [subject for checkin in checkins for subject in day_of(session, checkin).subjects]
