"""How fast a sender may go: one row a sender, charged in segments, shared by all workers.

The generic cell rate algorithm: `next_at` is when all segments so far are paid for. A grant is
small, so that an urgent text never waits behind a long queue that was already taken.

What the carrier refuses as too fast was never processed and is paid back. Where it refuses much, the
sender goes slower, but never much slower than what the carrier has just taken: so a carrier that
takes less finds us at its own speed, and one that is merely in trouble does not bring us to a halt.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from service.chapters.tables import Sender
from service.db.insert import insert_new
from service.outbox.tables import Pace, Priority

GRANT_SECONDS = 0.1
UNPACED_BATCH = 1000
MOST_SEGMENTS = 24  # that one text can have
WINDOW = timedelta(seconds=4)  # what was taken and refused is looked at so often
SLOWER, SLOWEST = 0.5, 0.05
ABOVE_TAKEN = 1.5  # times what the carrier has just taken
RECOVERS_EVERY = timedelta(seconds=10)
RECOVERY = 1.25


def grant(session: Session, sender: Sender, *, now: datetime) -> tuple[int, Priority]:
    """Return how many segments may go now (0: none yet), and the least pressing priority allowed.

    Holds the sender's row until the transaction ends: workers take turns. A sender without a rate
    is unpaced. At a daily cap only urgent texts go on.
    """
    pace = _row(session, sender, now)
    allowed = _under_cap(pace, sender, now)
    if sender.segments_per_second <= 0:
        return UNPACED_BATCH, allowed
    if pace.next_at > now:
        return 0, allowed
    rate = _rate(pace, sender, now)
    return max(1, int(rate * GRANT_SECONDS)), allowed


def charge(session: Session, sender: Sender, segments: int, *, now: datetime) -> None:
    """Pay for what was claimed in this transaction."""
    if segments == 0:
        return
    pace = session.get_one(Pace, sender.id)
    if sender.segments_per_second > 0:
        rate = _rate(pace, sender, now)
        # Up to one grant of idle time is kept, so that the time between two claims is not lost.
        earliest = now - timedelta(seconds=GRANT_SECONDS)
        pace.next_at = max(pace.next_at, earliest) + timedelta(seconds=segments / rate)
    pace.day_segments += segments
    pace.window_sent += segments
    session.add(pace)


def too_fast(session: Session, sender: Sender, segments: int, *, now: datetime) -> None:
    """The carrier refused a text as too fast: pay its segments back, and count the complaint."""
    pace = _row(session, sender, now)
    pace.window_refused += segments
    pace.day_segments = max(0, pace.day_segments - segments)
    if sender.segments_per_second > 0:
        pace.next_at -= timedelta(seconds=segments / _rate(pace, sender, now))
    session.add(pace)


def cap(session: Session, sender_id: object, *, until: datetime) -> None:
    """The carrier's daily limit is used up: only urgent texts until then."""
    pace = session.get_one(Pace, sender_id, with_for_update=True)
    pace.capped_until = until
    session.add(pace)


def _row(session: Session, sender: Sender, now: datetime) -> Pace:
    found = session.get(Pace, sender.id, with_for_update=True, populate_existing=True)
    if found is None:
        session.execute(
            insert_new(session, Pace).values(
                sender_id=sender.id,
                next_at=now,
                slowed_to=1.0,
                day_segments=0,
                window_sent=0,
                window_refused=0,
            )
        )
        found = session.get_one(Pace, sender.id, with_for_update=True)
    _go_back_with_the_clock(found, sender, now)
    _look_at_the_window(found, now)
    today = now.astimezone(UTC).date()
    if found.day != today:
        found.day, found.day_segments = today, 0
        session.add(found)
    return found


def _go_back_with_the_clock(pace: Pace, sender: Sender, now: datetime) -> None:
    """Forget what lies farther ahead than one grant can reach: the clock was set back since."""
    rate = sender.segments_per_second
    if rate > 0:
        most = max(1.0, rate * GRANT_SECONDS) * MOST_SEGMENTS / (rate * SLOWEST)
        if pace.next_at > now + timedelta(seconds=most):
            pace.next_at = now
    if pace.slowed_at is not None and pace.slowed_at > now:
        pace.slowed_at = now
    if pace.window_at is not None and pace.window_at > now:
        pace.window_at = now


def _look_at_the_window(pace: Pace, now: datetime) -> None:
    """Go slower if the carrier refused much of what it got; then start to count anew."""
    ended_at = now if pace.window_at is None else pace.window_at + WINDOW
    if now < ended_at:
        return
    if pace.window_refused:
        # A refusal may be counted a window after its request.
        asked = max(pace.window_sent, pace.window_refused)
        taken = 1 - pace.window_refused / asked
        slower = max(SLOWER, min(1.0, ABOVE_TAKEN * taken))
        if slower < 1:
            pace.slowed_to = max(SLOWEST, _recovered(pace, ended_at) * slower)
            pace.slowed_at = ended_at
    pace.window_at, pace.window_sent, pace.window_refused = now, 0, 0


def _under_cap(pace: Pace, sender: Sender, now: datetime) -> Priority:
    is_capped = pace.capped_until is not None and now < pace.capped_until
    cap_ = sender.daily_cap_segments
    if is_capped or (cap_ is not None and pace.day_segments >= cap_):
        return Priority.URGENT
    return Priority.BULK


def _rate(pace: Pace, sender: Sender, now: datetime) -> float:
    return sender.segments_per_second * _recovered(pace, now)


def _recovered(pace: Pace, now: datetime) -> float:
    """Return the share of the rate that applies now."""
    if pace.slowed_at is None or pace.slowed_to >= 1:
        return 1.0
    steps = max(0.0, (now - pace.slowed_at) / RECOVERS_EVERY)
    return float(min(1.0, pace.slowed_to * RECOVERY**steps))
