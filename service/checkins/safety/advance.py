"""Take one step of one ladder in the caller's transaction: read it, step, write, tell people.

The row is locked while that happens, so two ticks, or a tick and an answer, take turns.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from service.calls.plan import withdraw_calls
from service.chapters.find import get_chapter
from service.chapters.shifts import on_shift
from service.chapters.tables import Chapter, Office
from service.checkins.safety.around import look_around
from service.checkins.safety.rules import (
    At,
    Event,
    Ladder,
    Reopened,
    Said,
    Tick,
    Times,
    Took,
    Word,
    step,
)
from service.checkins.safety.tables import OVER, Reporter, Rung, SafetyCheck, SafetyState
from service.checkins.safety.tell import Telling, first_name, note_step
from service.checkins.tables import CheckIn
from service.outbox.enqueue import Outbox
from service.outbox.withdraw import withdraw_subject
from service.people.tables import Person

NO_WAIT = timedelta(0)


def advance(
    session: Session, outbox: Outbox, safety_id: UUID, event: Event, *, now: datetime,
    person: Person | None = None, who: str = "",
) -> SafetyCheck:  # fmt: skip
    """Take the event's step and return the check as it is then. Safe to repeat.

    person: whose phone said it; who: the organizer who said it on the page.
    """
    check = session.get_one(SafetyCheck, safety_id, with_for_update=True, populate_existing=True)
    around = look_around(session, check, now=now)
    before = ladder_of(session, check)
    if isinstance(event, Tick):
        event = Tick(is_handed_over=_is_handed_over(session, check, now))
    after, effects = step(before, event, At(now, around.rungs))
    name = who or (first_name(outbox, person) if person is not None else "")
    if not isinstance(event, Tick):
        _note_word(session, check, event, person, who, now)
    if after == before and not effects:
        return check
    _write(check, before, after, event, now)
    _write_who(check, before, after, event, person, who, now)
    session.add(check)
    session.flush()
    if after.state in (SafetyState.RESOLVED, SafetyState.TAKEN, SafetyState.OK):
        withdraw_calls(session, check.own_subject, reason=after.state.value, now=now)
    if after.state is SafetyState.RESOLVED:
        withdraw_subject(session, check.own_subject, reason="resolved", now=now)
    telling = Telling(session, outbox, check, around, now, by=name)
    for effect in effects:
        telling.do(effect)
    return check


def ladder_of(session: Session, check: SafetyCheck) -> Ladder:
    """Return what decides its next step."""
    chapter = get_chapter(session, check.chapter_id)
    return Ladder(
        state=check.state,
        starts_at=check.starts_at,
        due_at=check.due_at,
        closes_at=check.closes_at,
        next_at=check.next_at,
        wait=_wait_of(session, check),
        times=times_of(chapter),
        why=check.why,
        rung=None if check.rung is None else Rung(check.rung),
        tries=check.tries,
        calls=check.calls,
    )


def times_of(chapter: Chapter) -> Times:
    """Return how long this chapter waits at each place; never less than a minute."""
    return Times(
        again=timedelta(minutes=max(1, chapter.safety_again_minutes)),
        rung=timedelta(minutes=max(1, chapter.safety_rung_minutes)),
        call=timedelta(minutes=max(1, chapter.safety_call_minutes)),
    )


def _wait_of(session: Session, check: SafetyCheck) -> timedelta:
    checkin = session.get(CheckIn, check.checkin_id) if check.checkin_id else None
    if checkin is None:
        return NO_WAIT
    office = session.get_one(Office, checkin.office_id)
    return timedelta(minutes=office.usual_wait_minutes)


def _is_handed_over(session: Session, check: SafetyCheck, now: datetime) -> bool:
    """Return whether whoever took it on a shift has gone off it, and others have come."""
    if check.state is not SafetyState.TAKEN or check.taken_at is None:
        return False
    if check.taken_person_id is None:
        return False
    on_then = {one.person_id for one in on_shift(session, check.chapter_id, now=check.taken_at)}
    on_now = {one.person_id for one in on_shift(session, check.chapter_id, now=now)}
    taker = check.taken_person_id
    return taker in on_then and taker not in on_now and bool(on_now)


def _note_word(
    session: Session, check: SafetyCheck, event: Event, person: Person | None, who: str,
    now: datetime,
) -> None:  # fmt: skip
    """Keep what was said, by whom and when: every word, also one that changes nothing."""
    did, role = "took", ""
    if isinstance(event, Said):
        did, role = f"said_{event.word}", event.reporter.value
    elif isinstance(event, Reopened):
        did = "reopened"
    elif not isinstance(event, Took):
        did = "called_off"
    source = person.id.hex if person is not None else who
    key = f"{check.own_subject}:{did}:{source}:{now.isoformat()}"
    note_step(session, check, did, key, role=role, person=person, who=who, now=now)


def _write(check: SafetyCheck, before: Ladder, after: Ladder, event: Event, now: datetime) -> None:
    check.state, check.why = after.state, after.why
    check.rung, check.tries, check.calls = after.rung, after.tries, after.calls
    check.due_at, check.next_at = after.due_at, after.next_at
    check.turn += 1
    if before.state is SafetyState.ARMED and after.state is not SafetyState.ARMED:
        check.silent_since = now
    if isinstance(event, Said):
        check.silent_since = now
        is_ours = event.reporter is not Reporter.FAMILY
        if is_ours and event.word in (Word.OUT, Word.OUT_AND_OK) and check.seen_out_at is None:
            check.seen_out_at = now


def _write_who(
    check: SafetyCheck, before: Ladder, after: Ladder, event: Event, person: Person | None,
    who: str, now: datetime,
) -> None:  # fmt: skip
    """Keep who took it or ended it: a phone by its person and role, an organizer by name."""
    source = who or (event.reporter.value if isinstance(event, Said) else Reporter.ON_CALL.value)
    person_id = person.id if person is not None else None
    if after.state is SafetyState.TAKEN and before.state is not SafetyState.TAKEN:
        check.taken_by, check.taken_person_id, check.taken_at = source, person_id, now
    if after.state is SafetyState.RESOLVED and before.state is not SafetyState.RESOLVED:
        check.resolved_by, check.resolved_person_id, check.resolved_at = source, person_id, now
    if after.state not in OVER and before.state in OVER:
        check.resolved_by, check.resolved_person_id, check.resolved_at = "", None, None
