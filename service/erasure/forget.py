"""Forget an appointment that ended well, some days after: what is personal in it goes, counts stay."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, delete, func, select, update

from service.calls.tables import VoiceCall
from service.chapters.tables import Chapter
from service.checkins.safety.contacts import contacts_of
from service.checkins.safety.tables import SafetyStep
from service.checkins.tables import CheckIn, CheckInState, Outcome, Relay, SheetLink
from service.db import Database, new_id
from service.erasure.day import LOOSE, Day, day_of, forget_what_was_said
from service.inbox.tables import Inbound
from service.outbox.tables import Attempt, Delivery
from service.people.tables import Consent, Person
from service.privacy import audit
from service.privacy.keyring import INDEX_KEY_BYTES, KeyKind, Keyring
from service.privacy.policy import SYSTEM

BATCH = 50


def forget_what_ended_well(database: Database, keyring: Keyring, *, now: datetime) -> int:
    """Erase what is personal in appointments after which somebody came home; return how many.

    After the chapter's `keep_days`; 0: at once. The key goes first. Safe to run twice.
    """
    with database.read() as session:
        rows = session.exec(
            select(CheckIn.id, CheckIn.outcome_at, Chapter.keep_days)
            .join(Chapter, col(Chapter.id) == CheckIn.chapter_id)
            .where(
                CheckIn.outcome == Outcome.CAME_HOME,
                CheckIn.state == CheckInState.CLOSED,
                ~col(CheckIn.is_drill),
                col(CheckIn.forgotten_at).is_(None),
                col(CheckIn.outcome_at) <= now,
            )
            .order_by(col(CheckIn.outcome_at))
        ).all()
    due = [id_ for id_, at, days in rows if at is not None and at + timedelta(days=days) <= now]
    for checkin_id in due[:BATCH]:
        keyring.destroy(KeyKind.CHECKIN, [checkin_id])
        with database.write() as session:
            _forget(session, checkin_id, now)
    return len(due[:BATCH])


def _forget(session: Session, checkin_id: UUID, now: datetime) -> None:
    """Leave what counts: that there was an appointment, who came along, and how it ended.

    Nothing that is left leads from it to the family, or to whom they named and who was told of it.
    """
    checkin = session.get_one(CheckIn, checkin_id, with_for_update=True)
    day = day_of(session, checkin)
    forget_what_was_said(session, day.subjects, now=now)
    reached = _named_and_told(session, checkin, day)
    nobody = _put_nobody_in_place_of(session, day, checkin.family_id, now)
    checkin.family_id = nobody.id
    if day.check is not None:
        day.check.person_id = nobody.id
        session.add(day.check)
    for person_id in reached:
        _put_nobody_in_place_of(session, day, person_id, now)
    session.exec(delete(SheetLink).where(col(SheetLink.checkin_id) == checkin.id))
    session.exec(delete(Relay).where(col(Relay.checkin_id) == checkin.id))
    _part_from_others(session, checkin)
    checkin.note_sealed, checkin.registered_by, checkin.forgotten_at = None, None, now
    session.add(checkin)
    audit.record(session, actor=SYSTEM, action="checkin.forget", subject=checkin.subject, now=now)


def _named_and_told(session: Session, checkin: CheckIn, day: Day) -> list[UUID]:
    """Return whom of those that the family named its safety check reached."""
    if day.check is None:
        return []
    told = select(SafetyStep.person_id).where(SafetyStep.safety_id == day.check.id)
    reached = set(session.exec(told))
    named = [one.person_id for one in contacts_of(session, checkin.family_id)]
    return [one for one in named if one in reached]


def _nobody(session: Session, person: Person, now: datetime) -> Person:
    """Return a person without a number or a name, for rows to point at."""
    nobody = Person(
        id=new_id(), chapter_id=person.chapter_id, time_zone=person.time_zone,
        phone_key=secrets.token_bytes(INDEX_KEY_BYTES), phone_sealed=b"",
        consent=Consent.ERASED, is_unreachable=True, unreachable_why="forgotten", created_at=now,
    )  # fmt: skip
    session.add(nobody)
    session.flush()
    return nobody


def _put_nobody_in_place_of(session: Session, day: Day, person_id: UUID, now: datetime) -> Person:
    """Let every row of that day name nobody where it named them, in its reason too; return whom."""
    nobody = _nobody(session, session.get_one(Person, person_id), now)
    texts = session.exec(select(Delivery).where(Delivery.person_id == person_id)).all()
    ids = [one.id for one in texts if one.subject in day.subjects or _is_of(one.once_key, day)]
    in_words = person_id.hex, nobody.id.hex
    session.exec(
        update(Attempt)
        .where(col(Attempt.delivery_id).in_(ids))
        .values(to_key=nobody.phone_key)
        .execution_options(**LOOSE)
    )
    session.exec(
        update(Delivery)
        .where(col(Delivery.id).in_(ids))
        .values(
            person_id=nobody.id, to_key=nobody.phone_key, body_sealed=None,
            once_key=func.replace(Delivery.once_key, *in_words),
            subject=func.replace(Delivery.subject, *in_words),
        )
        .execution_options(**LOOSE)
    )  # fmt: skip
    session.exec(
        update(Inbound)
        .where(col(Inbound.subject).in_(day.subjects), col(Inbound.person_id) == person_id)
        .values(person_id=nobody.id)
        .execution_options(**LOOSE)
    )
    session.exec(
        update(VoiceCall)
        .where(col(VoiceCall.subject).in_(day.subjects), col(VoiceCall.person_id) == person_id)
        .values(person_id=nobody.id, once_key=func.replace(VoiceCall.once_key, *in_words))
        .execution_options(**LOOSE)
    )
    if day.check is not None:
        session.exec(
            update(SafetyStep)
            .where(
                col(SafetyStep.safety_id) == day.check.id, col(SafetyStep.person_id) == person_id
            )
            .values(person_id=nobody.id, once_key=func.replace(SafetyStep.once_key, *in_words))
            .execution_options(**LOOSE)
        )
    return nobody


def _is_of(once_key: str, day: Day) -> bool:
    return any(part in day.marks for part in once_key.split(":"))


def _part_from_others(session: Session, checkin: CheckIn) -> None:
    """The appointment before and the one after are the same family's."""
    session.exec(
        update(CheckIn)
        .where(col(CheckIn.earlier_id) == checkin.id)
        .values(earlier_id=None)
        .execution_options(**LOOSE)
    )
    checkin.earlier_id = None
