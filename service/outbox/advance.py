"""Carry a step out: read a delivery's life, take the step, write what changed, do what follows.

Everything that happens to a delivery after its claim comes through here, whoever saw it happen: the
worker, a webhook, the search for what is in doubt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import structlog
from sqlmodel import Session, col, func, select, update

from service.chapters.tables import Sender
from service.db import new_id
from service.db.insert import insert_new
from service.outbox import pace
from service.outbox.drill import is_drill
from service.outbox.events import (
    Alert,
    Answered,
    At,
    CapReached,
    Close,
    Effect,
    Event,
    Found,
    Left,
    MarkNumber,
    PauseSender,
    Reported,
    SlowSender,
    StopBlast,
)
from service.outbox.gate import withdraw_behind
from service.outbox.step import Life, step
from service.outbox.tables import Attempt, Delivery, Gate, GateState, Notice, Priority, State
from service.outbox.withdraw import withdraw_person
from service.people.consent import mark_unreachable, opt_out
from service.people.tables import Person
from service.sms.carrier import Accepted
from service.sms.codes import Does, look_up

log = structlog.get_logger()
E = TypeVar("E", bound=Effect)

FILTERED_SHARE = 0.02
FILTERED_LEAST = 3  # so that one odd phone does not stop a small network's message


@dataclass(frozen=True)
class Rules:
    """What a network decides about texts in doubt.

    settles_bulk: two empty lists let a bulk text go again. Off until the margin was probed on a
    live account: then bulk texts in doubt wait for a person.
    """

    settles_bulk: bool = False


def advance(session: Session, event: Event, at: At, rules: Rules) -> bool:
    """Take the event's step in the caller's transaction; return whether anything changed.

    Safe to repeat. An event about no attempt of ours, about an older one, or with a message id that
    belongs to another attempt changes nothing and is noticed.
    """
    attempt = session.get(Attempt, event.attempt_id, with_for_update=True, populate_existing=True)
    if attempt is None:
        log.warning("outbox.unknown_attempt", attempt=str(event.attempt_id))
        return False
    delivery = session.get_one(
        Delivery, attempt.delivery_id, with_for_update=True, populate_existing=True
    )
    if _is_foreign(session, attempt, delivery, event, at):
        return False
    before = life_of(delivery, attempt, at, rules)
    after, effects = step(before, event, at)
    if after == before and not effects:
        return False
    _write(session, delivery, attempt, after, at)
    for effect in effects:
        _EFFECTS[type(effect)](session, delivery, attempt, effect, at.now)
    session.flush()
    return True


def park(session: Session, attempt_id: UUID, *, reason: str, now: datetime) -> None:
    """Fail a claimed delivery that can never be sent, with a reason that a person can read.

    The queue behind it moves on: its attempt is closed, not a byte of it was written.
    """
    attempt = session.get_one(Attempt, attempt_id, with_for_update=True)
    delivery = session.get_one(Delivery, attempt.delivery_id, with_for_update=True)
    if not attempt.is_open or delivery.state is not State.SUBMITTING:
        return
    attempt.is_open, attempt.outcome = False, reason
    delivery.state, delivery.reason, delivery.changed_at = State.FAILED, reason, now
    session.add(attempt)
    session.add(delivery)
    notice(session, reason, 0, f"delivery:{delivery.id.hex}", now)


def life_of(delivery: Delivery, attempt: Attempt, at: At, rules: Rules) -> Life:
    """Return what decides the delivery's next step; `attempt` is its newest."""
    return Life(
        state=State(delivery.state),
        attempt_id=attempt.id,
        is_open=attempt.is_open,
        started_at=attempt.started_at,
        lease_until=attempt.started_at + at.timing.lease,
        not_before=delivery.not_before,
        not_after=delivery.not_after,
        sid=attempt.sid,
        reason=delivery.reason,
        retries=delivery.retries,
        look_at=attempt.look_at,
        first_empty_at=attempt.first_empty_at,
        resends=delivery.resends,
        waits_for_person=delivery.priority == Priority.BULK and not rules.settles_bulk,
        withdrawn=delivery.withdrawn,
    )


def _is_foreign(
    session: Session, attempt: Attempt, delivery: Delivery, event: Event, at: At
) -> bool:
    sid = _sid_in(event)
    if not _is_newest(session, attempt, delivery):
        if attempt.sid is None and sid is not None:
            # A try that was given up did arrive after all: the person has it twice.
            notice(session, "twice", 0, f"delivery:{delivery.id.hex}", at.now)
        return True
    if sid is None or sid == attempt.sid:
        return False
    other = session.exec(select(Attempt.id).where(Attempt.sid == sid)).first()
    if other is not None and other != attempt.id:
        log.warning("outbox.sid_of_another", attempt=str(attempt.id))
        return True
    return False


def _is_newest(session: Session, attempt: Attempt, delivery: Delivery) -> bool:
    if attempt.is_open:  # whatever the clocks said: nothing is claimed beside an open try
        return True
    if attempt.sid is not None and attempt.sid == delivery.sid:
        return True
    newest = session.exec(
        select(Attempt.id)
        .where(Attempt.delivery_id == delivery.id)
        .order_by(
            col(Attempt.is_open).desc(), col(Attempt.started_at).desc(), col(Attempt.id).desc()
        )
        .limit(1)
    ).one()
    return newest == attempt.id


def _sid_in(event: Event) -> str | None:
    if isinstance(event, Reported | Found):
        return event.sid
    if isinstance(event, Answered) and isinstance(event.outcome, Accepted):
        return event.outcome.sid
    return None


def _write(session: Session, delivery: Delivery, attempt: Attempt, after: Life, at: At) -> None:
    delivery.state, delivery.reason = after.state, after.reason
    delivery.not_before, delivery.retries = after.not_before, after.retries
    delivery.sid = None if after.state in (State.PLANNED, State.SUPPRESSED) else after.sid
    delivery.changed_at = at.now
    attempt.look_at, attempt.first_empty_at = after.look_at, after.first_empty_at
    attempt.is_open = after.is_open
    session.add(delivery)
    session.add(attempt)


# --- what follows ---------------------------------------------------------------------------------

Consequence = Callable[[Session, Delivery, Attempt, E, datetime], None]


def _close(
    session: Session, _delivery: Delivery, attempt: Attempt, effect: Close, _now: datetime
) -> None:
    attempt.is_open, attempt.outcome = False, effect.outcome
    attempt.sid = effect.sid or attempt.sid
    session.add(attempt)


def _left(
    session: Session, delivery: Delivery, _attempt: Attempt, _effect: Left, now: datetime
) -> None:
    person = session.get_one(Person, delivery.person_id)
    opt_out(session, person, how="carrier", now=now)
    withdraw_person(session, person.id, reason="opted_out", now=now)


def _mark(
    session: Session, delivery: Delivery, _attempt: Attempt, effect: MarkNumber, now: datetime
) -> None:
    person = session.get_one(Person, delivery.person_id)
    person.unknown_handsets += 1
    if effect.at_once or person.unknown_handsets > 1:
        mark_unreachable(person, why=str(effect.code))
        withdraw_person(session, person.id, reason="number_dead", now=now)
    session.add(person)


def _stop_blast(
    session: Session, delivery: Delivery, _attempt: Attempt, effect: StopBlast, now: datetime
) -> None:
    if delivery.gate_id is None:
        return
    gate = session.get_one(Gate, delivery.gate_id, with_for_update=True)
    if gate.state is GateState.STOPPED:
        return
    if not effect.at_once and not _is_filtered(session, delivery):
        return
    gate.state, gate.reason = GateState.STOPPED, str(effect.code)
    session.add(gate)
    withdraw_behind(session, gate.id, reason=str(effect.code), now=now)
    notice(session, "stopped", effect.code, f"message:{gate.id.hex}", now)


def _is_filtered(session: Session, delivery: Delivery) -> bool:
    """Return whether too large a share of the message is blocked on the way."""
    session.flush()
    behind = select(col(Delivery.reason), func.count()).where(Delivery.gate_id == delivery.gate_id)
    counts = session.exec(behind.group_by(col(Delivery.reason))).all()
    filtered = sum(
        count for reason, count in counts
        if reason.isdigit() and look_up(reason).does is Does.FILTERED
    )  # fmt: skip
    people = sum(count for _, count in counts)
    return filtered >= FILTERED_LEAST and filtered > FILTERED_SHARE * people


def _pause_sender(
    session: Session, delivery: Delivery, _attempt: Attempt, effect: PauseSender, now: datetime
) -> None:
    session.exec(update(Sender).where(col(Sender.id) == delivery.sender_id).values(is_paused=True))
    notice(session, "paused", effect.code, f"sender:{delivery.sender_id.hex}", now)


def _slow_sender(
    session: Session, delivery: Delivery, _attempt: Attempt, _effect: SlowSender, now: datetime
) -> None:
    sender = session.get_one(Sender, delivery.sender_id)
    pace.too_fast(session, sender, delivery.segments, now=now)


def _cap(
    session: Session, delivery: Delivery, _attempt: Attempt, effect: CapReached, now: datetime
) -> None:
    pace.cap(session, delivery.sender_id, until=effect.until)
    notice(session, f"cap-{now.date()}", effect.code, f"sender:{delivery.sender_id.hex}", now)


def _alert(
    session: Session, delivery: Delivery, _attempt: Attempt, effect: Alert, now: datetime
) -> None:
    kind = "in_doubt" if effect.code == 0 else "failed"
    notice(session, kind, effect.code, f"delivery:{delivery.id.hex}", now)


def notice(session: Session, kind: str, code: int, subject: str, now: datetime) -> None:
    """Leave a note for a person, once a kind, code and subject. What a drill runs into is no trouble."""
    if is_drill(subject):
        return
    log.warning("outbox.notice", kind=kind, code=code, subject=subject)
    session.execute(
        insert_new(session, Notice).values(
            id=new_id(), key=f"{kind}:{code}:{subject}", code=code, subject=subject, at=now,
            seen_by="",
        )
    )  # fmt: skip


_EFFECTS: dict[type[Effect], Consequence] = {  # type: ignore[type-arg]
    Close: _close,
    Left: _left,
    MarkNumber: _mark,
    StopBlast: _stop_blast,
    PauseSender: _pause_sender,
    SlowSender: _slow_sender,
    CapReached: _cap,
    Alert: _alert,
}
