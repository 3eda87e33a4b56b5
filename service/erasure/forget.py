"""Forget an appointment that ended well, some days after: what is personal in it goes, counts stay."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, delete, select, update

from service.calls.tables import VoiceCall
from service.chapters.tables import Chapter
from service.checkins.safety.find import safety_of_checkin
from service.checkins.safety.tables import SafetyCheck, SafetyStep
from service.checkins.tables import CheckIn, CheckInState, Outcome, Relay, SheetLink
from service.db import Database, new_id
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
    """Leave what counts: that there was an appointment, who came along, and how it ended."""
    checkin = session.get_one(CheckIn, checkin_id, with_for_update=True)
    family = session.get_one(Person, checkin.family_id)
    nobody = _nobody(session, family, now)
    check = safety_of_checkin(session, checkin.id)
    subjects = [checkin.subject, f"outcome:{checkin.id.hex}"]
    if check is not None:
        subjects.append(check.own_subject)
    of_it = select(Relay).where(Relay.checkin_id == checkin.id)
    subjects += [relay.subject for relay in session.exec(of_it)]
    _forget_texts(session, family, nobody, subjects)
    session.exec(delete(SheetLink).where(col(SheetLink.checkin_id) == checkin.id))
    session.exec(delete(Relay).where(col(Relay.checkin_id) == checkin.id))
    if check is not None:
        _forget_safety(session, check, family, nobody)
    checkin.family_id, checkin.note_sealed = nobody.id, None
    checkin.registered_by, checkin.forgotten_at = None, now
    session.add(checkin)
    audit.record(session, actor=SYSTEM, action="checkin.forget", subject=checkin.subject, now=now)


def _nobody(session: Session, family: Person, now: datetime) -> Person:
    """Return a person without a number or a name, in whose place rows can point at somebody."""
    nobody = Person(
        id=new_id(), chapter_id=family.chapter_id, time_zone=family.time_zone,
        phone_key=secrets.token_bytes(INDEX_KEY_BYTES), phone_sealed=b"",
        consent=Consent.ERASED, is_unreachable=True, unreachable_why="forgotten", created_at=now,
    )  # fmt: skip
    session.add(nobody)
    session.flush()
    return nobody


def _forget_texts(session: Session, family: Person, nobody: Person, subjects: list[str]) -> None:
    """That texts were sent and came stays; what they said, and whose they were, does not."""
    about = select(Delivery.id).where(
        Delivery.person_id == family.id, col(Delivery.subject).in_(subjects)
    )
    loose = {"synchronize_session": False}
    session.exec(
        update(Attempt)
        .where(col(Attempt.delivery_id).in_(about))
        .values(to_key=nobody.phone_key)
        .execution_options(**loose)
    )
    session.exec(
        update(Delivery)
        .where(col(Delivery.person_id) == family.id, col(Delivery.subject).in_(subjects))
        .values(person_id=nobody.id, to_key=nobody.phone_key, body_sealed=None)
        .execution_options(**loose)
    )
    session.exec(  # what others were told of them: a first name stands in it
        update(Delivery)
        .where(col(Delivery.subject).in_(subjects))
        .values(body_sealed=None)
        .execution_options(**loose)
    )
    session.exec(
        update(Inbound)
        .where(col(Inbound.subject).in_(subjects))
        .values(text_sealed=b"")
        .execution_options(**loose)
    )
    session.exec(
        update(Inbound)
        .where(col(Inbound.subject).in_(subjects), col(Inbound.person_id) == family.id)
        .values(person_id=nobody.id)
        .execution_options(**loose)
    )
    session.exec(
        update(VoiceCall)
        .where(col(VoiceCall.subject).in_(subjects))
        .values(says_sealed=b"")
        .execution_options(**loose)
    )
    session.exec(
        update(VoiceCall)
        .where(col(VoiceCall.subject).in_(subjects), col(VoiceCall.person_id) == family.id)
        .values(person_id=nobody.id)
        .execution_options(**loose)
    )


def _forget_safety(session: Session, check: SafetyCheck, family: Person, nobody: Person) -> None:
    check.person_id = nobody.id
    session.add(check)
    session.exec(
        update(SafetyStep)
        .where(col(SafetyStep.safety_id) == check.id, col(SafetyStep.person_id) == family.id)
        .values(person_id=nobody.id)
        .execution_options(synchronize_session=False)
    )
