"""Plan a call, once. It is placed a moment later, if it is still of use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, update

from service.calls.tables import CallState, VoiceCall
from service.chapters.find import get_chapter, sender_of
from service.db import new_id
from service.db.database import ring_after
from service.db.insert import insert_new
from service.messages.catalog import Catalog, Value
from service.outbox.drill import said_in_front
from service.people.tables import Person
from service.privacy.keyring import KeyKind, Keyring
from service.privacy.seal import seal

USEFUL_FOR = timedelta(minutes=10)


@dataclass(frozen=True)
class Call:
    """One call of [spoken.*] to one person.

    once_key: the reason; a second with the same key is never written. keys: the digits it
    offers; "" where there is only something to say.
    """

    template: str
    once_key: str
    subject: str
    keys: str
    values: Mapping[str, Value] = field(default_factory=dict)
    useful_for: timedelta = USEFUL_FOR
    chapter_id: UUID | None = None  # who speaks; None: the person's home chapter


def plan_call(
    session: Session, keyring: Keyring, catalog: Catalog, person: Person, call: Call, *,
    now: datetime,
) -> bool:  # fmt: skip
    """Write the call down in the person's language; return whether it is new.

    No consent and no quiet hours hold it: whoever plans a call has a reason that outweighs both.
    """
    chapter = get_chapter(session, call.chapter_id or person.chapter_id)
    speaking = catalog.speaking_as(
        network=chapter.network_name, phone=digit_by_digit(chapter.contact_phone)
    )
    says = speaking.speech(call.template, person.language, **call.values)
    says = said_in_front(catalog, call.subject, person.language, says)
    call_id = new_id()
    key = keyring.key(KeyKind.PERSON, person.id)
    new = (
        insert_new(session, VoiceCall)
        .values(
            id=call_id,
            once_key=call.once_key,
            person_id=person.id,
            sender_id=sender_of(session, chapter.id).id,
            subject=call.subject,
            template=call.template,
            language=person.language,
            says_sealed=seal(key, "voice_call", call_id, "says", says),
            keys=call.keys,
            state=CallState.PLANNED,
            reason="",
            pressed="",
            not_before=now,
            not_after=now + call.useful_for,
            created_at=now,
            changed_at=now,
        )
        .returning(col(VoiceCall.id))
    )
    is_new = session.execute(new).first() is not None
    if is_new:
        ring_after(session)
    return is_new


def digit_by_digit(number: str) -> str:
    """Return a number as a voice should read it: "4 1 3, 5 5 5, 0 1 4 2"."""
    return ", ".join(" ".join(group) for group in number.split("-"))


def withdraw_calls(session: Session, subject: str, *, reason: str, now: datetime) -> int:
    """Take back the calls about `subject` that have not been placed; return how many."""
    done = session.exec(
        update(VoiceCall)
        .where(col(VoiceCall.subject) == subject, col(VoiceCall.state) == CallState.PLANNED)
        .values(state=CallState.EXPIRED, reason=reason, changed_at=now)
    )
    return int(done.rowcount)
