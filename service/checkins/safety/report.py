"""Take what people say: by text, by a key of their phone, or an organizer on the page."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from service.checkins.rules import check_move
from service.checkins.safety.advance import advance
from service.checkins.safety.find import ended_lately
from service.checkins.safety.rules import Said, Took, Word
from service.checkins.safety.tables import OVER, Reporter, SafetyCheck, SafetyState
from service.checkins.safety.tell import first_name
from service.checkins.tables import CheckIn, CheckInState
from service.db import new_id
from service.db.insert import insert_new
from service.errors import WrongState
from service.messages.catalog import Value
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import ConsentNeeded, Priority
from service.people.tables import Person
from service.privacy import audit
from service.privacy.policy import Viewer


def say(
    session: Session, outbox: Outbox, check: SafetyCheck, reporter: Reporter, word: Word, *,
    person: Person, now: datetime,
) -> SafetyCheck:  # fmt: skip
    """Take one word of one person; return the check as it is then."""
    if word is Word.IN and check.checkin_id is not None:
        set_underway(session, check.checkin_id)
    return advance(session, outbox, check.id, Said(reporter, word), now=now, person=person)


def raise_alarm(session: Session, outbox: Outbox, person: Person, *, now: datetime) -> SafetyCheck:
    """Call people: somebody wrote that there is danger, and no question about them is open.

    Within a day of the end of their own safety check that one is opened again; otherwise the alarm
    is a safety check without an appointment. One that is open already is not doubled.
    """
    lately = ended_lately(session, person.id, now=now)
    safety_id = lately.id if lately is not None else _alarm_of(session, person, now)
    cry = Said(Reporter.FAMILY, Word.DISTRESS)
    return advance(session, outbox, safety_id, cry, now=now, person=person)


def take(
    session: Session, outbox: Outbox, check: SafetyCheck, *, person: Person, now: datetime
) -> bool:
    """Give it to whoever was called and pressed 1; return whether it is theirs.

    They get a text that says what it is about. Somebody else who presses later does not get it.
    """
    taken = advance(session, outbox, check.id, Took(), now=now, person=person)
    if taken.state is not SafetyState.TAKEN or taken.taken_person_id != person.id:
        return False
    about = session.get_one(Person, taken.person_id)
    catalog, language = outbox.catalog, person.language
    values: dict[str, Value] = {
        "name": first_name(outbox, about) or catalog.word("safety", "someone", language),
        "why": catalog.word("safety_why", (taken.why or "silent"), language),
    }
    text = Text(
        "safety_taken",
        once_key=f"{taken.own_subject}:{taken.turn}:taken:{person.id.hex}",
        subject=taken.own_subject,
        values=values,
        priority=Priority.URGENT,
        consent_needed=ConsentNeeded.ANSWER,
        quiet_exempt=True,
        resends=True,
    )
    outbox.of(taken.chapter_id).text(session, person, text, now=now)
    return True


def take_on_page(
    session: Session, outbox: Outbox, check: SafetyCheck, *, by: Viewer, now: datetime
) -> SafetyCheck:
    """Give it to the organizer who says "I have it" on the page. Raises WrongState when it is over."""
    _must_be_open(check)
    taken = advance(session, outbox, check.id, Took(), now=now, who=by.name)
    audit.record(session, actor=by, action="safety.take", subject=check.own_subject, now=now)
    return taken


def resolve(
    session: Session, outbox: Outbox, check: SafetyCheck, *, by: Viewer, now: datetime
) -> SafetyCheck:
    """End it: this organizer has spoken with them. Safe to send twice. Raises WrongState."""
    if check.state is SafetyState.RESOLVED:
        return check
    _must_be_open(check)
    if check.state is SafetyState.ARMED:
        raise WrongState("safety_not_asked", f"safety check {check.id} is armed")
    spoke = Said(Reporter.ORGANIZER, Word.OUT_AND_OK)
    ended = advance(session, outbox, check.id, spoke, now=now, who=by.name)
    audit.record(session, actor=by, action="safety.resolve", subject=check.own_subject, now=now)
    return ended


def _must_be_open(check: SafetyCheck) -> None:
    if check.state in OVER:
        raise WrongState("safety_not_open", f"safety check {check.id} is {check.state}")


def set_underway(session: Session, checkin_id: UUID) -> None:
    """Note that an approved check-in has begun. Safe to run twice."""
    checkin = session.get_one(CheckIn, checkin_id)
    if checkin.state is CheckInState.APPROVED:
        check_move(checkin.state, CheckInState.UNDERWAY)
        checkin.state = CheckInState.UNDERWAY
        session.add(checkin)


def _alarm_of(session: Session, person: Person, now: datetime) -> UUID:
    """Return the person's open alarm, made if need be."""
    session.execute(
        insert_new(session, SafetyCheck).values(
            id=new_id(), chapter_id=person.chapter_id, person_id=person.id, checkin_id=None,
            subject=f"person:{person.id.hex}", state=SafetyState.ARMED, tries=0, calls=0, turn=0,
            starts_at=now, day_from=now, due_at=now, closes_at=now, next_at=now, taken_by="",
            resolved_by="", created_at=now,
        )
    )  # fmt: skip
    return session.exec(
        select(SafetyCheck.id).where(
            SafetyCheck.person_id == person.id,
            col(SafetyCheck.checkin_id).is_(None),
            col(SafetyCheck.state).not_in(OVER),
        )
    ).one()
