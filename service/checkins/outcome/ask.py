"""Ask how it ended: whoever went along, once the family is known to be out; again; then organizers."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from service.checkins.outcome.rules import ALARM_AFTER, ASK_AGAIN_AFTER, BEGUN, OPEN_FOR
from service.checkins.outcome.tell import alarm_organizers, in_words
from service.checkins.safety.around import look_around
from service.checkins.safety.tables import Reporter, SafetyCheck, SafetyState
from service.checkins.safety.tell import first_name
from service.checkins.tables import CheckIn, Outcome, OutcomeAsk
from service.db import new_id
from service.messages.catalog import Value
from service.outbox.enqueue import Outbox, Text
from service.people.tables import Consent, Person
from service.rsvps.hold import quiet_of
from service.rsvps.rules import texting_time

ASKED_FIRST = (Reporter.LEAD, Reporter.OUTSIDE_CONTACT, Reporter.COMPANION)


def ask_how_it_ended(session: Session, outbox: Outbox, *, now: datetime) -> int:
    """Ask about appointments whose family is out; ask again; alarm; return how many steps.

    Safe to run twice: what was done stands in the rows.
    """
    return _begin(session, outbox, now) + _go_on(session, outbox, now)


def _begin(session: Session, outbox: Outbox, now: datetime) -> int:
    over = session.exec(
        select(CheckIn, SafetyCheck)
        .join(SafetyCheck, col(SafetyCheck.checkin_id) == CheckIn.id)
        .where(
            SafetyCheck.state == SafetyState.RESOLVED,
            col(SafetyCheck.resolved_at) > now - OPEN_FOR,
            CheckIn.starts_at <= now,
            col(CheckIn.state).in_(BEGUN),
            col(CheckIn.outcome).is_(None),
            col(CheckIn.outcome_asked_at).is_(None),
        )
    ).all()
    for checkin, check in over:
        checkin.outcome_asked_at = now
        session.add(checkin)
        person = _whom_to_ask(session, check, now)
        if person is None:
            alarm_organizers(session, outbox, checkin, now=now)
        else:
            ask = open_ask(session, checkin, person, now=now)
            if ask.said is None:  # they have not told us unasked
                put_question(session, outbox, ask, person, now=now)
    return len(over)


def _whom_to_ask(session: Session, check: SafetyCheck, now: datetime) -> Person | None:
    """Return the lead, else who stood outside, else who went along: the first who gets our texts."""
    around = look_around(session, check, now=now)
    return next(
        (person for role in ASKED_FIRST for person in around.those(role) if _gets_texts(person)),
        None,
    )


def _go_on(session: Session, outbox: Outbox, now: datetime) -> int:
    """Ask once more what has no answer; then tell organizers. A question ends after two days."""
    waiting = session.exec(
        select(OutcomeAsk).where(col(OutcomeAsk.closed_at).is_(None)).order_by(col(OutcomeAsk.id))
    ).all()
    done = 0
    for ask in waiting:
        since = max(ask.asked_at, ask.said_at or ask.asked_at)
        if ask.asked_at + OPEN_FOR <= now:
            ask.closed_at = now
        elif ask.reminded_at is None and since + ASK_AGAIN_AFTER <= now:
            ask.reminded_at = now
            person = session.get_one(Person, ask.person_id)
            put_question(session, outbox, ask, person, now=now)
        elif (
            ask.reminded_at is not None
            and ask.alarmed_at is None
            and max(since, ask.reminded_at) + ALARM_AFTER <= now
        ):
            ask.alarmed_at = now
            checkin = session.get_one(CheckIn, ask.checkin_id)
            alarm_organizers(session, outbox, checkin, now=now)
        else:
            continue
        session.add(ask)
        done += 1
    return done


def open_ask(session: Session, checkin: CheckIn, person: Person, *, now: datetime) -> OutcomeAsk:
    """Return the question to this person about this appointment, open; made if need be."""
    found = session.exec(
        select(OutcomeAsk).where(
            OutcomeAsk.checkin_id == checkin.id, OutcomeAsk.person_id == person.id
        )
    ).first()
    if found is None:
        found = OutcomeAsk(id=new_id(), checkin_id=checkin.id, person_id=person.id, asked_at=now)
    elif found.closed_at is not None:
        found.asked_at, found.closed_at, found.said, found.said_at = now, None, None, None
        found.unclear, found.reminded_at, found.alarmed_at = 0, None, None
    session.add(found)
    session.flush()
    return found


def open_ask_of(session: Session, person_id: UUID) -> OutcomeAsk | None:
    """Return the oldest question of this kind that waits for this person's answer."""
    return session.exec(
        select(OutcomeAsk)
        .where(OutcomeAsk.person_id == person_id, col(OutcomeAsk.closed_at).is_(None))
        .order_by(col(OutcomeAsk.asked_at), col(OutcomeAsk.id))
        .limit(1)
    ).first()


def hear(
    session: Session, ask: OutcomeAsk, outcome: Outcome, deadline_on: date | None, *, now: datetime
) -> None:
    """Note what they said; it counts once they have confirmed it."""
    ask.said, ask.said_at, ask.deadline_on = outcome, now, deadline_on
    ask.unclear, ask.reminded_at, ask.alarmed_at = 0, None, None
    session.add(ask)
    session.flush()


def hear_no(session: Session, ask: OutcomeAsk, *, now: datetime) -> None:
    """They say that it was read wrongly: the question is open again."""
    ask.said, ask.said_at, ask.deadline_on = None, None, None
    ask.asked_at, ask.reminded_at, ask.alarmed_at = now, None, None
    session.add(ask)
    session.flush()


def close_asks_about(session: Session, checkin: CheckIn, *, now: datetime) -> None:
    """End every question about this appointment: it is known how it ended."""
    for ask in session.exec(
        select(OutcomeAsk).where(
            OutcomeAsk.checkin_id == checkin.id, col(OutcomeAsk.closed_at).is_(None)
        )
    ):
        ask.closed_at = now
        session.add(ask)


def question(
    session: Session, outbox: Outbox, ask: OutcomeAsk, person: Person
) -> tuple[str, dict[str, Value]]:
    """Return the text that asks, or reads back what they said, and its values.

    A name is said only where they went with more than one family.
    """
    if ask.said is not None:
        said = in_words(outbox.catalog, ask.said, ask.deadline_on, person.language)
        return "outcome_read_back", {"outcome": said}
    others = session.exec(
        select(OutcomeAsk.id).where(
            OutcomeAsk.person_id == person.id,
            col(OutcomeAsk.closed_at).is_(None),
            OutcomeAsk.id != ask.id,
        )
    ).first()
    if others is None:
        return "outcome_ask", {}
    checkin = session.get_one(CheckIn, ask.checkin_id)
    family = session.get_one(Person, checkin.family_id)
    someone = outbox.catalog.word("safety", "someone", person.language)
    return "outcome_ask_about", {"name": first_name(outbox, family) or someone}


def put_question(
    session: Session, outbox: Outbox, ask: OutcomeAsk, person: Person, *, now: datetime
) -> None:
    """Text the question: on the day from 5:30 to 22:00, or when that opens again."""
    checkin = session.get_one(CheckIn, ask.checkin_id)
    template, values = question(session, outbox, ask, person)
    text = Text(
        template,
        once_key=f"outcome:{ask.id.hex}:{template}:{now.isoformat()}",
        subject=checkin.about("outcome"),
        values=values,
        quiet_exempt=True,
        not_before=texting_time(
            now, checkin.starts_at, quiet_of(session, person, checkin.chapter_id)
        ),
        not_after=now + OPEN_FOR,
    )
    outbox.of(checkin.chapter_id).text(session, person, text, now=now)


def _gets_texts(person: Person) -> bool:
    return person.consent is Consent.ACTIVE and not person.is_unreachable
