"""The ladder as a pure function: no clock, no database.

    step(ladder, event, at) -> (ladder, effects)

Nobody's silence ends it, and no word from the family's phone alone: whoever holds that phone may not be
them. While it is open there is always a moment at which the clock looks again, never farther off
than the longest wait, whatever the clock did in between.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from service.checkins.safety.tables import OVER, Reporter, Rung, SafetyState, Why

TRIES = 2
ROUNDS_ALONE = 3  # rounds of calls to the shift before the organizers are alarmed too
ASK_BEFORE_CLOSING = timedelta(minutes=30)
ONE_OF_US = frozenset(
    {Reporter.LEAD, Reporter.OUTSIDE_CONTACT, Reporter.ON_CALL, Reporter.ORGANIZER}
)
URGENT = frozenset({Why.HELP, Why.DISTRESS})
S = SafetyState


class Word(StrEnum):
    """What somebody says."""

    OUT_AND_OK = "out_and_ok"  # the 1; from one of us it means: we spoke
    WAITING = "waiting"  # the 2
    HELP = "help"  # the 3
    IN = "in"
    OUT = "out"
    DISTRESS = "distress"


@dataclass(frozen=True, slots=True)
class Times:
    """How long it waits at each place; a chapter sets the first three."""

    again: timedelta = timedelta(minutes=15)
    rung: timedelta = timedelta(minutes=5)
    call: timedelta = timedelta(minutes=3)
    waiting: timedelta = timedelta(minutes=45)
    speak: timedelta = timedelta(minutes=30)
    taken: timedelta = timedelta(minutes=30)

    def longest_in(self, state: SafetyState) -> timedelta:
        """Return how far off the next look may be in a state."""
        waits = {
            S.ASKED: self.again, S.WAITING: self.waiting, S.OK: self.speak,
            S.ESCALATED: max(self.rung, self.call), S.TAKEN: self.taken,
        }  # fmt: skip
        return waits[state]


@dataclass(frozen=True, slots=True)
class Ladder:
    """What decides the next step. wait: what the office usually takes, from IN on."""

    state: SafetyState
    starts_at: datetime
    due_at: datetime
    closes_at: datetime
    next_at: datetime
    wait: timedelta = timedelta(hours=4)
    times: Times = Times()
    why: Why | None = None
    rung: Rung | None = None
    tries: int = 0
    calls: int = 0


@dataclass(frozen=True, slots=True)
class At:
    """When a step is taken, and which rungs have somebody on them now."""

    now: datetime
    there: frozenset[Rung] = frozenset(Rung)


# --- what happens ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tick:
    """The clock looks. is_handed_over: whoever took it is no longer on shift, and others are."""

    is_handed_over: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody said something, by text, by a key of their phone, or on the page."""

    reporter: Reporter
    word: Word


@dataclass(frozen=True, slots=True)
class Took:
    """Somebody who was called pressed 1, or an organizer took it on the page."""


@dataclass(frozen=True, slots=True)
class CalledOff:
    """The appointment was cancelled."""


@dataclass(frozen=True, slots=True)
class Reopened:
    """What was said to be over is not. is_inside: still inside; else nobody knows how it ended."""

    is_inside: bool


Event = Tick | Said | Took | CalledOff | Reopened


# --- what follows ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask family and lead together; `again`: nobody answered the first time."""

    again: bool = False


@dataclass(frozen=True, slots=True)
class Warn:
    """Tell whoever stands on this rung."""

    rung: Rung


@dataclass(frozen=True, slots=True)
class AskToSpeak:
    """They are said to be out: one of us is to speak with them."""


@dataclass(frozen=True, slots=True)
class CallShift:
    """Call everybody on shift; the first who presses 1 has it."""


@dataclass(frozen=True, slots=True)
class AlarmOrganizers:
    """Tell and call every organizer. is_empty: nobody is on shift; else nobody on it answers."""

    is_empty: bool


@dataclass(frozen=True, slots=True)
class StandDown:
    """One of us has spoken with them: tell everybody who was troubled."""

    was_urgent: bool


Effect = Ask | Warn | AskToSpeak | CallShift | AlarmOrganizers | StandDown
Result = tuple[Ladder, tuple[Effect, ...]]


def first_look(starts_at: datetime, wait: timedelta, closes_at: datetime) -> datetime:
    """Return when to ask: after the usual wait, but early enough to be answered before closing."""
    return min(starts_at + wait, max(starts_at, closes_at - ASK_BEFORE_CLOSING))


def step(ladder: Ladder, event: Event, at: At) -> Result:
    """Return the ladder after the event, and what else is to be done. Safe to repeat an event."""
    match event:
        case Tick():
            return _tick(ladder, event, at)
        case Said():
            return _said(ladder, event, at)
        case Took() if ladder.state is S.ESCALATED:
            return _to(ladder, S.TAKEN, at.now + ladder.times.taken), ()
        case CalledOff() if ladder.state is S.ARMED:
            return replace(ladder, state=S.OFF), ()
        case Reopened() if ladder.state is S.RESOLVED:
            return _reopened(ladder, event, at)
    return ladder, ()


def _to(ladder: Ladder, state: SafetyState, next_at: datetime) -> Ladder:
    return replace(ladder, state=state, next_at=next_at)


# --- the clock --------------------------------------------------------------------------------------


def _tick(ladder: Ladder, event: Tick, at: At) -> Result:
    if ladder.state in OVER:
        return ladder, ()
    if at.now >= ladder.closes_at and ladder.state in (S.ARMED, S.ASKED, S.WAITING):
        was_never_asked = ladder.state is S.ARMED
        escalated, effects = _escalate(ladder, Why.NOT_OUT, at)
        return escalated, ((Ask(), *effects) if was_never_asked else effects)
    if ladder.state is S.TAKEN and event.is_handed_over:
        return _call(replace(ladder, calls=0), at)
    ladder = _after_a_leap_of_the_clock(ladder, at.now)
    if at.now < ladder.next_at:
        return ladder, ()
    match ladder.state:
        case S.ARMED | S.WAITING:
            return _ask(ladder, at, again=False)
        case S.ASKED if ladder.tries < TRIES:
            return _ask(ladder, at, again=True)
        case S.ASKED:
            return _escalate(ladder, Why.SILENT, at)
        case S.OK:
            return _escalate(ladder, Why.NOT_SPOKEN, at)
        case S.TAKEN:
            return _call(replace(ladder, calls=0), at)
    return _climb(ladder, at)


def _after_a_leap_of_the_clock(ladder: Ladder, now: datetime) -> Ladder:
    """Bring the next look near: a clock that leapt ahead and back must not put it off for hours."""
    if ladder.state is S.ARMED:
        return ladder
    latest = now + ladder.times.longest_in(ladder.state)
    return replace(ladder, next_at=latest) if ladder.next_at > latest else ladder


def _ask(ladder: Ladder, at: At, *, again: bool) -> Result:
    asked = _to(ladder, S.ASKED, at.now + ladder.times.again)
    return replace(asked, tries=ladder.tries + 1 if again else 1), (Ask(again),)


def _escalate(ladder: Ladder, why: Why, at: At) -> Result:
    """Begin to climb: rung by rung, or in one breath where somebody needs help."""
    fresh = replace(ladder, state=S.ESCALATED, why=why, rung=None, calls=0)
    if why not in URGENT:
        return _climb(fresh, at)
    warnings = tuple(Warn(rung) for rung in Rung if rung is not Rung.SHIFT and rung in at.there)
    called, effects = _call(fresh, at)
    return called, (*warnings, *effects)


def _climb(ladder: Ladder, at: At) -> Result:
    """Go up to the next rung with somebody on it; at the top call, again and again."""
    below = ladder.rung or 0
    for rung in Rung:
        if rung > below and rung is not Rung.SHIFT and rung in at.there:
            higher = replace(ladder, rung=rung, next_at=at.now + ladder.times.rung)
            return higher, (Warn(rung),)
    return _call(ladder, at)


def _call(ladder: Ladder, at: At) -> Result:
    calls = ladder.calls + 1
    effects: tuple[Effect, ...] = (CallShift(),)
    if Rung.SHIFT not in at.there:
        effects = (AlarmOrganizers(is_empty=True),)
    elif calls % ROUNDS_ALONE == 0:
        effects = (CallShift(), AlarmOrganizers(is_empty=False))
    next_at = at.now + ladder.times.call
    called = replace(
        ladder, state=S.ESCALATED, rung=Rung.SHIFT, calls=calls, next_at=next_at,
        why=ladder.why or Why.SILENT,
    )  # fmt: skip
    return called, effects


# --- what people say ------------------------------------------------------------------------------


def _said(ladder: Ladder, event: Said, at: At) -> Result:
    if ladder.state is S.OFF:
        return ladder, ()
    match event.word:
        case Word.HELP:
            return _cries(ladder, Why.HELP, at)
        case Word.DISTRESS:
            return _cries(ladder, Why.DISTRESS, at)
    if ladder.state is S.RESOLVED:
        return ladder, ()
    match event.word:
        case Word.OUT_AND_OK if event.reporter in ONE_OF_US:
            return _resolved(ladder, at)
        case Word.OUT_AND_OK | Word.OUT:
            return _is_said_to_be_out(ladder, event.reporter, at)
        case Word.IN if ladder.state is S.ARMED:
            latest = max(at.now, ladder.closes_at - ASK_BEFORE_CLOSING)
            due_at = min(at.now + ladder.wait, latest)
            return replace(ladder, due_at=due_at, next_at=due_at), ()
        case Word.WAITING | Word.IN:
            return _waits(ladder, event.reporter, at)
    return ladder, ()


def _resolved(ladder: Ladder, at: At) -> Result:
    """End it; an alarm before the appointment ends alone, and the question afterwards stays armed."""
    told = (StandDown(was_urgent=ladder.why in URGENT),)
    if at.now >= ladder.starts_at:
        return replace(ladder, state=S.RESOLVED), told
    armed = replace(
        ladder, state=S.ARMED, next_at=ladder.due_at, why=None, rung=None, tries=0, calls=0
    )
    return armed, () if ladder.state is S.ARMED else told


def _reopened(ladder: Ladder, event: Reopened, at: At) -> Result:
    """Ask again later, or have one of us speak with them first; the ladder goes on from there."""
    fresh = replace(ladder, why=None, rung=None, tries=0, calls=0)
    if event.is_inside:
        return _to(fresh, S.WAITING, at.now + ladder.times.waiting), ()
    return _to(fresh, S.OK, at.now + ladder.times.speak), (AskToSpeak(),)


def _cries(ladder: Ladder, why: Why, at: At) -> Result:
    """Call people at once; a cry that is repeated while they are being called changes nothing."""
    is_being_called = (
        ladder.state is S.ESCALATED and ladder.why in URGENT and ladder.rung is Rung.SHIFT
    )
    return (ladder, ()) if is_being_called else _escalate(ladder, why, at)


def _is_said_to_be_out(ladder: Ladder, reporter: Reporter, at: At) -> Result:
    """Believe it as far as to stop asking: one of us must still speak with them, and soon.

    Whoever has the family's phone can't hold the ladder back twice, nor after a cry or past closing.
    """
    is_calm = ladder.state in (S.ARMED, S.ASKED, S.WAITING)
    if ladder.state is S.ESCALATED and ladder.rung is not Rung.SHIFT:
        is_calm = ladder.why is Why.SILENT or (
            ladder.why is Why.NOT_OUT and reporter is not Reporter.FAMILY
        )
    if not is_calm:
        return ladder, ()
    return _to(ladder, S.OK, at.now + ladder.times.speak), (AskToSpeak(),)


def _waits(ladder: Ladder, reporter: Reporter, at: At) -> Result:
    """Ask again later. One of ours who says "still inside" outweighs a family's phone that says "out"."""
    is_silent = (
        ladder.state is S.ESCALATED
        and ladder.why is Why.SILENT
        and (ladder.rung is not Rung.SHIFT or reporter in ONE_OF_US)
    )
    is_doubted = ladder.state is S.OK and reporter in ONE_OF_US
    if not (ladder.state in (S.ASKED, S.WAITING) or is_silent or is_doubted):
        return ladder, ()
    return _to(ladder, S.WAITING, at.now + ladder.times.waiting), ()
