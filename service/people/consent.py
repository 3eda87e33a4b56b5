"""Who agreed to be texted. Every change is also a line that is never changed."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from service.chapters.find import get_chapter
from service.db import new_id
from service.people.tables import Consent, ConsentEvent, Person

WORDING = "2026-11"  # the version of the welcome and opt-out texts that people see
# A chapter with words of its own has versions too: "2026-11, own 3" (chapter.texts_version).


def opt_in(session: Session, person: Person, *, how: str, now: datetime) -> bool:
    """Make the consent active; return whether that is new. Only the person themself can do it."""
    return _change(session, person, Consent.ACTIVE, how=how, now=now)


def opt_out(session: Session, person: Person, *, how: str, now: datetime) -> bool:
    """End the consent; return whether that is new. In force when the caller's transaction commits."""
    return _change(session, person, Consent.OPTED_OUT, how=how, now=now)


def opt_out_in_force(session: Session, person: Person) -> ConsentEvent | None:
    """Return when and how they left, as long as they are gone; None where they are not, or were so
    from the first."""
    if person.consent is not Consent.OPTED_OUT:
        return None
    return session.exec(
        select(ConsentEvent)
        .where(ConsentEvent.person_id == person.id, ConsentEvent.consent == Consent.OPTED_OUT)
        .order_by(col(ConsentEvent.at).desc(), col(ConsentEvent.id).desc())
        .limit(1)
    ).first()


def hold(session: Session, person: Person, *, how: str, now: datetime) -> bool:
    """Note that they may have asked us to stop; return whether that is new. Ends by any of the others."""
    if person.consent is not Consent.ACTIVE:
        return False
    return _change(session, person, Consent.HELD, how=how, now=now)


def release(session: Session, person: Person, *, how: str, now: datetime) -> bool:
    """End a hold: it was no wish to leave. Returns whether there was one; what waited goes on its way."""
    if person.consent is not Consent.HELD:
        return False
    return _change(session, person, Consent.ACTIVE, how=how, now=now)


def undo_opt_out(
    session: Session, person: Person, *, since: datetime, how: str, now: datetime
) -> bool:
    """Put back what they had agreed to before an opt-out from `since` on that was a misreading.

    Returns whether it was put back: an older opt-out stays in force.
    """
    events = session.exec(
        select(ConsentEvent)
        .where(ConsentEvent.person_id == person.id)
        .order_by(col(ConsentEvent.at).desc(), col(ConsentEvent.id).desc())
    ).all()
    if person.consent is not Consent.OPTED_OUT or not events or events[0].at < since:
        return False
    earlier = (event.consent for event in events if event.consent is not Consent.OPTED_OUT)
    return _change(session, person, next(earlier, Consent.NONE), how=how, now=now)


def invite(session: Session, person: Person, *, how: str, now: datetime) -> bool:
    """Note that somebody else brought them; return whether that is new. Never overrides an answer."""
    if person.consent is not Consent.NONE:
        return False
    return _change(session, person, Consent.INVITED, how=how, now=now)


def ask_to_be_erased(session: Session, person: Person, *, now: datetime, how: str = "text") -> None:
    """Note that they want to be forgotten: no more texts but the answer, and erasure/ does the rest."""
    _change(session, person, Consent.OPTED_OUT, how=how, now=now)
    person.erase_at = now
    session.add(person)
    session.flush()


def mark_unreachable(person: Person, *, why: str) -> None:
    """Note that the number takes no texts; `why` is the carrier's code or our own word."""
    person.is_unreachable, person.unreachable_why = True, why


def _change(session: Session, person: Person, consent: Consent, *, how: str, now: datetime) -> bool:
    if person.consent is consent:
        return False
    person.consent = consent
    session.add(person)
    session.add(
        ConsentEvent(
            id=new_id(),
            person_id=person.id,
            consent=consent,
            how=how,
            wording=_wording(session, person),
            at=now,
        )
    )
    session.flush()
    return True


def _wording(session: Session, person: Person) -> str:
    own = get_chapter(session, person.chapter_id).texts_version
    return f"{WORDING}, own {own}" if own else WORDING
