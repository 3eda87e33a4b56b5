"""Put a text into the outbox, once. What is enqueued leaves later, if it still may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from service.chapters.find import get_chapter, sender_of
from service.chapters.rules import next_open
from service.chapters.tables import Chapter
from service.chapters.voice import voice_of
from service.db import new_id
from service.db.database import ring_after
from service.db.given import given
from service.db.ids import new_ids
from service.db.insert import insert_new
from service.db.tables import table_of
from service.messages.catalog import Catalog, Value
from service.messages.segments import count_segments
from service.outbox.drill import in_front
from service.outbox.tables import ConsentNeeded, Delivery, Priority, State, Wording
from service.people.audience import Recipient
from service.people.tables import Consent, Person
from service.privacy.keyring import KeyKind, Keyring
from service.privacy.seal import seal

DEFAULT_LIFE = timedelta(hours=12)


@dataclass(frozen=True)
class Text:
    """One text of messages/*.toml for one person.

    once_key: the reason for this text; a second with the same key is never written.
    not_after: when it has lost its use (default: 12 hours on).
    body: the whole text, where somebody wrote it: a test of it, or a copy to approve.
    """

    template: str
    once_key: str
    subject: str
    values: Mapping[str, Value] = field(default_factory=dict)
    priority: Priority = Priority.NORMAL
    consent_needed: ConsentNeeded = ConsentNeeded.ACTIVE
    quiet_exempt: bool = False
    resends: bool = False
    not_before: datetime | None = None
    not_after: datetime | None = None
    body: str = ""


@dataclass(frozen=True)
class Outbox:
    """What it takes to write a text: the copy, the keys, where our pages are. Holds no session."""

    catalog: Catalog
    keyring: Keyring
    public_url: str = "http://localhost:8000"
    chapter_id: UUID | None = None  # who speaks; None: the person's home chapter

    def of(self, chapter_id: UUID) -> Outbox:
        """Return the outbox of one chapter: its number, its name, its quiet hours."""
        return replace(self, chapter_id=chapter_id)

    def text(self, session: Session, person: Person, text: Text, *, now: datetime) -> bool:
        """Enqueue `text` for `person` in their language; return whether it is new.

        `network` and `phone` (where a person answers) are filled from the chapter that speaks, which
        may have words of its own for this text. Where consent is missing the text is written down
        as suppressed, with the reason, and never leaves.
        """
        chapter = get_chapter(session, self.chapter_id or person.chapter_id)
        speaking = voice_of(session, self.catalog, chapter)
        body = text.body or speaking.text(text.template, person.language, **text.values)
        body = in_front(self.catalog, text.subject, person.language, body)
        delivery_id = new_id()
        key = self.keyring.key(KeyKind.PERSON, person.id)
        row = _row(person, chapter, _sender_id(session, chapter.id), text, now) | {
            "id": delivery_id,
            "body_sealed": seal(key, "delivery", delivery_id, "body", body),
            "language": person.language,
            "segments": count_segments(body).parts,
        }
        if reason := _held_back_by(person, text.consent_needed):
            row |= {"state": State.SUPPRESSED, "reason": reason}
        new = insert_new(session, Delivery).values(**row).returning(col(Delivery.id))
        is_new = session.execute(new).first() is not None
        if is_new:
            ring_after(session)
        return is_new


def _sender_id(session: Session, chapter_id: UUID) -> UUID:
    """Return the number that a chapter texts from, looked up once a transaction."""
    known: dict[UUID, UUID] = session.info.setdefault("senders", {})
    if chapter_id not in known:
        known[chapter_id] = sender_of(session, chapter_id).id
    return known[chapter_id]


def _held_back_by(person: Person, needed: ConsentNeeded) -> str:
    """Return why this person gets no such text, or "". The claim looks again."""
    if person.is_unreachable:
        return "number_dead"
    if person.consent is Consent.OPTED_OUT and needed is not ConsentNeeded.ALWAYS:
        return "opted_out"
    if person.consent not in (Consent.ACTIVE, Consent.HELD) and needed is ConsentNeeded.ACTIVE:
        return "no_consent"
    return ""


def _row(
    person: Person, chapter: Chapter, sender_id: UUID, text: Text, now: datetime
) -> dict[str, Any]:
    not_before = _not_before(text, chapter, person.time_zone, now)
    return _fixed(text, sender_id, not_before, now) | {
        "once_key": text.once_key,
        "person_id": person.id,
        "to_key": person.phone_key,
    }


def _not_before(text: Text, chapter: Chapter, time_zone: str, now: datetime) -> datetime:
    wanted = text.not_before or now
    if text.quiet_exempt:
        return wanted
    return next_open(wanted, time_zone, chapter.quiet_from_minute, chapter.quiet_until_minute)


def _fixed(text: Text, sender_id: UUID, not_before: datetime, now: datetime) -> dict[str, Any]:
    """Return what is the same in every copy that may go from the same moment on."""
    return {
        "sender_id": sender_id,
        "subject": text.subject,
        "template": text.template,
        "priority": text.priority,
        "consent_needed": text.consent_needed,
        "quiet_exempt": text.quiet_exempt,
        "not_before": not_before,
        "not_after": text.not_after or not_before + DEFAULT_LIFE,
        "state": State.PLANNED,
        "reason": "",
        "tries": 0,
        "retries": 0,
        "resends": text.resends,
        "withdrawn": "",
        "created_at": now,
        "changed_at": now,
    }


def enqueue_copies(
    session: Session,
    people: Sequence[Recipient],
    wordings: Mapping[str, Wording],
    text: Text,
    *,
    chapter: Chapter,
    sender_id: UUID,
    now: datetime,
) -> None:
    """Enqueue the wording in each one's language, behind its gate.

    `text.once_key` gets ":person:<id>" added. Safe to run twice. One statement for all who may be
    texted from the same moment on: as a rule, all.
    """
    zones = {person.time_zone for person in people}
    opens = {zone: _not_before(text, chapter, zone, now) for zone in zones}
    for not_before in sorted(set(opens.values())):
        theirs = [person for person in people if opens[person.time_zone] == not_before]
        fixed = _fixed(text, sender_id, not_before, now)
        _copy(session, theirs, wordings, f"{text.once_key}:person:", fixed)


def _copy(
    session: Session, people: Sequence[Recipient], wordings: Mapping[str, Wording], prefix: str,
    fixed: Mapping[str, Any],
) -> None:  # fmt: skip
    copies = given(
        session, "copies",
        id=(sa.Uuid(), new_ids(len(people))),
        person_id=(sa.Uuid(), [person.id for person in people]),
        once_key=(sa.String(), [prefix + person.id.hex for person in people]),
        wording_id=(sa.Uuid(), [wordings[person.language].id for person in people]),
    )  # fmt: skip
    person, wording, delivery = (table_of(model) for model in (Person, Wording, Delivery))
    columns: dict[str, Any] = {
        "id": copies.c.id,
        "once_key": copies.c.once_key,
        "person_id": person.c.id,
        "to_key": person.c.phone_key,
        "gate_id": wording.c.gate_id,
        "wording_id": wording.c.id,
        "language": wording.c.language,
        "segments": wording.c.segments,
    } | {name: sa.literal(value, delivery.c[name].type) for name, value in fixed.items()}
    rows = (
        sa.select(*columns.values())
        .select_from(copies)
        .join(person, person.c.id == copies.c.person_id)
        .join(wording, wording.c.id == copies.c.wording_id)
    )
    session.connection().execute(insert_new(session, delivery).from_select(list(columns), rows))
