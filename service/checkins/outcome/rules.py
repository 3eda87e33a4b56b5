"""What an outcome leads to. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from service.checkins.tables import CheckInState, Outcome
from service.rallies.tables import RallyKind

# The law is needed: the legal contact is paged, organizers are told, a call to come is drafted.
GRAVE = frozenset({Outcome.TICKET, Outcome.REMOVAL_DATE, Outcome.DETAINED})
WITH_A_DEADLINE = frozenset({Outcome.TICKET, Outcome.REMOVAL_DATE})
# Organizers read of these at once too.
TOLD = GRAVE | {Outcome.MONITOR}
NOT_AN_END = frozenset({Outcome.STILL_INSIDE, Outcome.UNKNOWN})
# There is another date, and whoever knows it is asked for it.
GOES_ON = frozenset({Outcome.NEW_DATE, Outcome.RESCHEDULED})
BEGUN = (CheckInState.APPROVED, CheckInState.UNDERWAY, CheckInState.CLOSED)

ASK_AGAIN_AFTER = timedelta(minutes=15)
ALARM_AFTER = timedelta(minutes=30)  # after that
OPEN_FOR = timedelta(days=2)

EVENING = time(17, 30)
BEFORE_THE_DEADLINE = timedelta(days=2)
LEAST_NOTICE = timedelta(hours=20)
DRAFTED = {
    Outcome.DETAINED: RallyKind.VIGIL,
    Outcome.REMOVAL_DATE: RallyKind.RALLY,
    Outcome.TICKET: RallyKind.RALLY,
}


def end_state(outcome: Outcome) -> CheckInState:
    """Return where an outcome leaves the appointment."""
    if outcome is Outcome.RESCHEDULED:
        return CheckInState.RESCHEDULED
    return CheckInState.UNDERWAY if outcome in NOT_AN_END else CheckInState.CLOSED


def draft_start(deadline_on: date | None, zone: ZoneInfo, now: datetime) -> datetime:
    """Return when the drafted call is for: an evening before the deadline, tomorrow at the earliest.

    Organizers choose; it is a start. In UTC, for storage.
    """
    local = (now + LEAST_NOTICE).astimezone(zone)
    earliest = datetime.combine(local.date(), EVENING, zone)
    if earliest < local:
        earliest = datetime.combine(local.date() + timedelta(days=1), EVENING, zone)
    if deadline_on is None:
        return earliest.astimezone(UTC)
    wanted = datetime.combine(deadline_on - BEFORE_THE_DEADLINE, EVENING, zone)
    return max(wanted, earliest).astimezone(UTC)
