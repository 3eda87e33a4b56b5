"""One delivery's life after the claim, as a pure function: no clock, no database, no dice of its own.

    step(life, event, at) -> (life, effects)

        planned ──claim──▶ submitting ──201──▶ accepted ──▶ sent ──▶ delivered
           ▲                   │ │                             └──▶ undelivered, failed
           │  never written,   │ └─ no answer ─▶ in_doubt ─ a receipt, or found in the list ─▶ accepted
           └──429, refused ────┘                    │
           └──────────── two empty lists ───────────┘

Whatever does not fit the life (another attempt, a message id that is not its own, a step back) leaves
it as it is. The workers, the webhooks and the simulation all go through here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from service.outbox.events import (
    Alert,
    Answered,
    At,
    CapReached,
    Close,
    Decided,
    Effect,
    Event,
    Found,
    LeaseOver,
    Left,
    MarkNumber,
    NoList,
    NothingFound,
    PauseSender,
    Reported,
    SlowSender,
    StopBlast,
)
from service.outbox.tables import State
from service.sms.carrier import (
    Accepted,
    InDoubt,
    NeverSent,
    NotWritten,
    Outcome,
    Refused,
    TooFast,
)
from service.sms.codes import Code, Does, look_up

RANK = {
    State.PLANNED: 0,
    State.SUPPRESSED: 0,
    State.EXPIRED: 0,
    State.SUBMITTING: 0,
    State.IN_DOUBT: 0,
    State.ACCEPTED: 1,
    State.SENT: 2,
    State.FAILED: 3,
    State.UNDELIVERED: 4,
    State.DELIVERED: 5,
}
ENDED_BADLY = (State.FAILED, State.UNDELIVERED)
TAKEN_BACK = (State.SUPPRESSED, State.EXPIRED)


@dataclass(frozen=True, slots=True)
class Life:
    """What decides a delivery's next step.

    attempt_id: the newest try; is_open: nobody knows yet what became of it, and nothing else goes to
    its number meanwhile; sid: the carrier's id for it, kept while another try is planned.
    lease_until: the moment after which no byte of it can still be written. first_empty_at: when the
    carrier's list was first empty, late enough to mean something. resends: an urgent text that
    would rather come twice than not at all. waits_for_person: two empty lists do not settle it.
    withdrawn: why it was taken back while it was under way; then there is no further try.
    """

    state: State
    attempt_id: UUID | None
    is_open: bool
    started_at: datetime
    lease_until: datetime
    not_before: datetime
    not_after: datetime
    sid: str | None = None
    reason: str = ""
    retries: int = 0
    look_at: datetime | None = None
    first_empty_at: datetime | None = None
    resends: bool = False
    waits_for_person: bool = False
    withdrawn: str = ""


Result = tuple[Life, tuple[Effect, ...]]


def step(life: Life, event: Event, at: At) -> Result:
    """Return the life after the event, and what else is to be done. Safe to repeat an event."""
    if event.attempt_id != life.attempt_id:
        return life, ()
    match event:
        case Answered(outcome=outcome) if life.is_open or _is_news(life, outcome):
            return _answered(life, outcome, at)
        case Answered(outcome=Accepted(sid=sid)):  # after it was given up: as good as a receipt
            return _reported(life, Reported(event.attempt_id, sid, State.ACCEPTED), at)
        case Answered():
            return life, ()
        case Reported():
            return _reported(life, event, at)
        case LeaseOver():
            if life.state is not State.SUBMITTING or at.now < life.lease_until:
                return life, ()
            return _in_doubt(life, "no answer was written down", at)
        case Found(sid=sid):
            return _accept(life, sid) if _is_doubtful(life) else (life, ())
        case NothingFound():
            return _nothing_found(life, at) if _is_doubtful(life) else (life, ())
        case NoList():
            return _look_later(life, at) if _is_doubtful(life) else (life, ())
        case Decided(again=again):
            return _decided(life, at, again=again) if _waits_for_person(life) else (life, ())


def _is_doubtful(life: Life) -> bool:
    return life.state is State.IN_DOUBT and life.is_open


def _waits_for_person(life: Life) -> bool:
    return life.state is State.IN_DOUBT and not life.is_open


def _is_news(life: Life, outcome: Outcome) -> bool:
    """Return whether this answer, late as it is, ends a doubt that was left to a person."""
    return life.state is State.IN_DOUBT and not isinstance(outcome, InDoubt)


def _accept(life: Life, sid: str) -> Result:
    accepted = replace(life, state=State.ACCEPTED, sid=sid, is_open=False, reason="", look_at=None)
    return accepted, (Close("accepted", sid),)


def _again(life: Life, reason: str, outcome: str, when: datetime) -> Result:
    """Back to planned: this attempt is known not to have reached the carrier.

    One that was taken back meanwhile ends here.
    """
    if life.withdrawn:
        ended = replace(
            life, state=State.SUPPRESSED, is_open=False, reason=life.withdrawn, sid=None,
            look_at=None, first_empty_at=None,
        )  # fmt: skip
        return ended, (Close(outcome, None),)
    planned = replace(
        life, state=State.PLANNED, is_open=False, reason=reason, sid=None, look_at=None,
        first_empty_at=None, not_before=max(life.not_before, when),
    )  # fmt: skip
    return planned, (Close(outcome, None),)


def _in_doubt(life: Life, why: str, at: At) -> Result:
    return replace(life, state=State.IN_DOUBT, reason=why[:60], look_at=at.now), ()


def _answered(life: Life, outcome: Outcome, at: At) -> Result:
    match outcome:
        case Accepted(sid=sid):
            return _accept(life, sid)
        case Refused(code=code):
            return _refused(life, code, at)
        case TooFast(retry_after_seconds=seconds):
            wait = timedelta(seconds=seconds) if seconds else at.timing.backoff
            planned, effects = _again(life, "too_fast", "too fast", at.now + at.jittered(wait))
            return planned, (*effects, SlowSender())
        case NeverSent(why=why):
            when = at.now + at.jittered(at.timing.backoff)
            return _again(life, "no_connection", f"never sent: {why}", when)
        case InDoubt(why=why):
            return _in_doubt(life, why, at)
        case NotWritten():
            return _again(life, "never_written", "not written in time", at.now)


def _refused(life: Life, code: int, at: At) -> Result:
    """The carrier has not taken it, and said why."""
    means = look_up(code)
    outcome = f"refused {code}"
    match means.does:
        case Does.LATER:
            planned, effects = _again(
                life, str(code), outcome, at.now + at.jittered(at.timing.backoff)
            )
            return planned, (*effects, SlowSender())
        case Does.CAP:
            until = at.now + at.timing.cap_wait
            planned, effects = _again(life, str(code), outcome, until)
            return planned, (*effects, CapReached(code, until))
        case Does.PAUSE:
            planned, effects = _again(life, str(code), outcome, at.now)
            return planned, (*effects, PauseSender(code))
        case Does.RETRY if (when := _next_try(life, means, at)) is not None:
            planned, effects = _again(life, str(code), outcome, when)
            return replace(planned, retries=life.retries + 1), effects
    failed = replace(life, state=State.FAILED, is_open=False, reason=str(code), look_at=None)
    return failed, (Close(outcome, None), *_consequences(means, code, at))


def _next_try(life: Life, means: Code, at: At) -> datetime | None:
    """Return when to try again; None when the tries or the time are used up."""
    if life.retries >= len(means.after):
        return None
    when = at.now + means.after[life.retries]
    return when if when < life.not_after else None


def _consequences(means: Code, code: int, at: At) -> tuple[Effect, ...]:
    match means.does:
        case Does.MARK_NUMBER:
            return (MarkNumber(code, at_once=True),)
        case Does.MARK_SECOND:
            return (MarkNumber(code, at_once=False),)
        case Does.OPT_OUT:
            return (Left(),)
        case Does.STOP:
            return (StopBlast(code, at_once=True), Alert(code))
        case Does.FILTERED:
            return (StopBlast(code, at_once=False),)
        case Does.PAUSE:
            return (PauseSender(code),)
        case Does.CAP:
            return (CapReached(code, at.now + at.timing.cap_wait),)
        case Does.ALERT:
            return (Alert(code),)
    return ()


def _reported(life: Life, event: Reported, at: At) -> Result:
    """A receipt: it proves acceptance, and only moves forward. "delivered" beats the rest."""
    if life.sid not in (None, event.sid):
        return life, ()
    effects: tuple[Effect, ...] = (Close("accepted", event.sid),) if life.sid is None else ()
    # With a message id and still waiting: it ended badly and is to be tried again. Only the news
    # that it did arrive changes that.
    is_retrying = life.sid is not None and RANK[life.state] == RANK[State.PLANNED]
    reached = State.UNDELIVERED if is_retrying else life.state
    if RANK[event.state] <= RANK[reached]:
        return replace(life, sid=event.sid, is_open=False), effects
    moved = replace(
        life, state=event.state, sid=event.sid, is_open=False, look_at=None,
        reason=str(event.code or ""),
    )  # fmt: skip
    if event.state not in ENDED_BADLY:
        return moved, effects
    means = look_up(event.code)
    has_ended = life.withdrawn or life.state in (*ENDED_BADLY, *TAKEN_BACK)
    if means.does in (Does.RETRY, Does.LATER) and not has_ended:
        when = (
            _next_try(life, means, at) if means.does is Does.RETRY else at.now + at.timing.backoff
        )
        if when is not None:
            again, _ = _again(moved, str(event.code), "", when)
            slow = (SlowSender(),) if means.does is Does.LATER else ()
            return replace(again, sid=event.sid, retries=life.retries + 1), (*effects, *slow)
    return moved, (*effects, *_consequences(means, event.code, at))


def _nothing_found(life: Life, at: At) -> Result:
    """The carrier's list does not show it. Only a late and repeated silence means anything."""
    if life.resends and at.now >= life.started_at + at.timing.resend_after:
        return _again(life, "sent_again_unsure", "given up: at least once", at.now)
    if at.now < life.lease_until + at.timing.list_margin:
        return _look_later(life, at)
    if life.first_empty_at is None:
        return replace(life, first_empty_at=at.now, look_at=at.now + at.timing.empty_gap), ()
    if at.now < life.first_empty_at + at.timing.empty_gap:
        return replace(life, look_at=life.first_empty_at + at.timing.empty_gap), ()
    if life.waits_for_person:
        # Whatever the list can show it has shown by now: other texts to this number need not wait.
        waiting = replace(life, look_at=None, reason="waits_for_person", is_open=False)
        return waiting, (Close("waits for a person", None), Alert(0))
    return _again(life, "never_accepted", "never accepted", at.now)


def _decided(life: Life, at: At, *, again: bool) -> Result:
    if again:
        return _again(life, "sent_again_unsure", "sent again by a person", at.now)
    return replace(life, state=State.FAILED, reason="given_up", look_at=None), ()


def _look_later(life: Life, at: At) -> Result:
    return replace(life, look_at=at.now + at.timing.look_every), ()
