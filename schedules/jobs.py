"""Everything that happens by itself: one line a job. What is due lives in tables, never here.

Each job may tick twice at the same moment, or late, or after a crash: it does what is due and not
done yet, and says how much that was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from service.blasts.progress import finish_blasts
from service.checkins.close import close_past_checkins
from service.checkins.companions import tell_families_who_comes
from service.checkins.drill import end_forgotten_drills
from service.checkins.outcome.ask import ask_how_it_ended
from service.checkins.remind import queue_due_reminders as remind_of_checkins
from service.checkins.ride import erase_rides, tell_of_rides
from service.checkins.safety.arm import arm_what_is_not
from service.checkins.safety.arrive import alarm_missing_leads
from service.checkins.safety.climb import climb, hand_shifts_over
from service.checkins.sheet import send_sheets
from service.checkins.unconfirmed import look_after_unconfirmed
from service.checkins.waves import ask_for_company
from service.checkins.weekly import send_weekly_lists
from service.erasure.erase import erase_who_asked
from service.erasure.forget import forget_what_ended_well
from service.erasure.forms import forget_forms
from service.outbox.import_list import apply_lists
from service.people.import_.keep import drop_old_lists
from service.rallies.actions.announce import send_due_actions
from service.rallies.actions.tell import tell_progress
from service.rallies.close import begin_rallies, close_past_rallies
from service.rallies.remind import queue_due_reminders as remind_of_rallies
from service.replies.holds import offer_free_places, pass_on_lapsed
from service.replies.next_date import propose_next_dates
from service.replies.receive import Reception, act_on_what_is_left
from service.replies.recover import recover_missed_texts
from service.replies.talks.keep import look_after_stopped
from service.rsvps.plan import launch_due_blasts
from service.wiring import Wiring


@dataclass(frozen=True)
class Job:
    """One thing to do again and again. `every_ticks`: 1 is each tick, 12 is one in twelve."""

    id: str
    every_ticks: int
    run: Callable[[Wiring, datetime], int]


def _in_one_transaction(
    work: Callable[[Session, Wiring, datetime], int],
) -> Callable[[Wiring, datetime], int]:
    def run(wiring: Wiring, now: datetime) -> int:
        with wiring.database.write() as session:
            return work(session, wiring, now)

    return run


def _answer_what_is_left(wiring: Wiring, now: datetime) -> int:
    reception = Reception(wiring.outbox, wiring.settings.countries)
    return act_on_what_is_left(wiring.database, reception, now=now)


def _recover_missed_texts(wiring: Wiring, now: datetime) -> int:
    if wiring.directory is None:
        return 0
    reception = Reception(wiring.outbox, wiring.settings.countries)
    return recover_missed_texts(wiring.database, reception, wiring.directory, now=now)


JOBS = (
    Job(
        "arm safety checks",
        6,
        _in_one_transaction(lambda s, _w, now: arm_what_is_not(s, now=now)),
    ),
    Job("climb the safety ladders", 1, lambda w, now: climb(w.database, w.outbox, now=now)),
    Job(
        "alarm missing leads",
        1,
        _in_one_transaction(lambda s, w, now: alarm_missing_leads(s, w.outbox, now=now)),
    ),
    Job(
        "ask how appointments ended",
        1,
        _in_one_transaction(lambda s, w, now: ask_how_it_ended(s, w.outbox, now=now)),
    ),
    Job(
        "propose dates that repeat",
        60,
        _in_one_transaction(lambda s, w, now: propose_next_dates(s, w.outbox, now=now)),
    ),
    Job(
        "hand shifts over",
        1,
        _in_one_transaction(lambda s, w, now: hand_shifts_over(s, w.outbox, now=now)),
    ),
    Job(
        "send weekly lists",
        1,
        lambda w, now: send_weekly_lists(w.database, w.outbox, now=now),
    ),
    Job(
        "ask volunteers to come along",
        1,
        _in_one_transaction(lambda s, w, now: ask_for_company(s, w.outbox, now=now)),
    ),
    Job(
        "ask for actions",
        1,
        _in_one_transaction(lambda s, _, now: send_due_actions(s, now=now)),
    ),
    Job(
        "tell how far actions have come",
        6,
        _in_one_transaction(lambda s, w, now: tell_progress(s, w.catalog, now=now)),
    ),
    Job("launch messages that are due", 1, lambda w, now: launch_due_blasts(w.database, now=now)),
    Job(
        "look after dates that nobody confirmed",
        6,
        _in_one_transaction(lambda s, w, now: look_after_unconfirmed(s, w.outbox, now=now)),
    ),
    Job(
        "remind of check-ins",
        1,
        _in_one_transaction(lambda s, w, now: remind_of_checkins(s, w.outbox, now=now)),
    ),
    Job(
        "tell families who comes",
        1,
        _in_one_transaction(lambda s, w, now: tell_families_who_comes(s, w.outbox, now=now)),
    ),
    Job(
        "tell drivers of rides",
        1,
        _in_one_transaction(lambda s, w, now: tell_of_rides(s, w.outbox, now=now)),
    ),
    Job(
        "send leads the run sheet",
        1,
        _in_one_transaction(lambda s, w, now: send_sheets(s, w.outbox, now=now)),
    ),
    Job(
        "erase rides that are past",
        60,
        _in_one_transaction(lambda s, _w, now: erase_rides(s, now=now)),
    ),
    Job(
        "remind of rallies",
        1,
        _in_one_transaction(lambda s, w, now: remind_of_rallies(s, w.outbox, now=now)),
    ),
    Job(
        "apply uploaded lists",
        1,
        lambda w, now: apply_lists(w.database, w.outbox, w.settings.countries, now=now),
    ),
    Job(
        "drop lists that nobody applied",
        60,
        _in_one_transaction(lambda s, w, now: drop_old_lists(s, w.keyring, now=now)),
    ),
    Job("answer texts that were left", 1, _answer_what_is_left),
    Job(
        "look after conversations that stopped",
        6,
        _in_one_transaction(lambda s, _w, now: look_after_stopped(s, now=now)),
    ),
    Job(
        "forget who asked for it",
        6,
        lambda w, now: erase_who_asked(w.database, w.keyring, now=now),
    ),
    Job(
        "forget forms that nobody confirmed",
        12,
        lambda w, now: forget_forms(w.database, w.keyring, now=now),
    ),
    Job(
        "forget appointments that ended well",
        60,
        lambda w, now: forget_what_ended_well(w.database, w.keyring, now=now),
    ),
    Job(
        "pass on places that were held",
        1,
        lambda w, now: pass_on_lapsed(w.database, w.outbox, now=now),
    ),
    Job(
        "offer places that are free",
        6,
        lambda w, now: offer_free_places(w.database, w.outbox, now=now),
    ),
    Job("recover missed texts", 6, _recover_missed_texts),
    Job(
        "finish messages",
        1,
        _in_one_transaction(lambda s, _w, now: finish_blasts(s, now=now)),
    ),
    Job(
        "close past check-ins",
        6,
        _in_one_transaction(lambda s, _w, now: close_past_checkins(s, now=now)),
    ),
    Job(
        "end drills of appointments that nobody ended",
        60,
        _in_one_transaction(lambda s, w, now: end_forgotten_drills(s, w.outbox, now=now)),
    ),
    Job(
        "begin rallies",
        1,
        _in_one_transaction(lambda s, _w, now: begin_rallies(s, now=now)),
    ),
    Job(
        "close past rallies",
        6,
        _in_one_transaction(lambda s, _w, now: close_past_rallies(s, now=now)),
    ),
)


def run_all(wiring: Wiring, *, now: datetime) -> dict[str, int]:
    """Run every job once, in order; return what each did. What the clock does, for tests."""
    return {job.id: job.run(wiring, now) for job in JOBS}
