"""The next appointment: told by a family or whoever went along, or proposed where dates repeat."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from service.chapters.tables import Office
from service.checkins.find import all_of_family
from service.checkins.follow import earlier_days, follower_of, newest_of
from service.checkins.outcome.rules import GRAVE
from service.checkins.repeats import Every, every_of, read_every, said_every, without_every
from service.checkins.tables import CheckIn, CheckInState
from service.messages import dates
from service.messages.catalog import Catalog, Value
from service.outbox.enqueue import Outbox, Text
from service.people.tables import Consent, Person
from service.replies.intents import Intent, Reply
from service.replies.tables import TalkKind
from service.replies.talks.intake import Intake, Step, Told
from service.replies.talks.keep import find_talk, is_running, keep, open_talk

if TYPE_CHECKING:
    from service.replies.converse import Conversation

ASK_AFTER = timedelta(hours=20)  # of the outcome: the day after
ASK_UNTIL = timedelta(days=7)


class NextDate:
    """What one text says of the next appointment."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk

    def take(self, reply: Reply) -> bool:
        """Ask for what is missing and read it back; False where they have no appointment with us."""
        talk = self._talk
        before = newest_of(talk.session, talk.person.id, now=talk.now)
        if before is None:
            return False
        talk.inbound.intent, talk.inbound.subject = Intent.NEXT, before.subject
        talk.inbound.certainty = ""
        talk.inbound.needs_person = False
        every = said_every(talk.body)
        told = _told(before, is_own=before.family_id == talk.person.id, every=every)
        talk.talking.begin_next(told, without_every(reply.remainder))
        return True


def propose_next_dates(session: Session, outbox: Outbox, *, now: datetime) -> int:
    """Ask families whose dates repeat whether the next one is as usual; return how many.

    Once an appointment, the day after it ended. Nothing is registered before their yes, nothing is
    open to volunteers before an organizer has approved it. Safe to run twice.
    """
    over = session.exec(
        select(CheckIn).where(
            col(CheckIn.state).in_([CheckInState.CLOSED, CheckInState.RESCHEDULED]),
            ~col(CheckIn.is_drill),
            col(CheckIn.outcome).is_not(None),
            col(CheckIn.outcome).not_in(GRAVE),
            col(CheckIn.outcome_at) <= now - ASK_AFTER,
            col(CheckIn.outcome_at) > now - ASK_UNTIL,
            col(CheckIn.proposed_at).is_(None),
            col(CheckIn.forgotten_at).is_(None),
        )
    ).all()
    return sum(_propose(session, outbox, checkin, now) for checkin in over)


def usual_next(session: Session, checkin: CheckIn) -> tuple[Every, datetime] | None:
    """Return how this family's dates repeat and when the next would be; None where they don't."""
    every = read_every(checkin.repeats) or every_of(earlier_days(session, checkin))
    if every is None:
        return None
    zone = ZoneInfo(session.get_one(Office, checkin.office_id).time_zone)
    local = checkin.starts_at.astimezone(zone)
    at = datetime.combine(every.after(local.date()), local.time(), zone)
    return every, at.astimezone(checkin.starts_at.tzinfo)


def every_in_words(catalog: Catalog, every: Every, language: str) -> str:
    """Return "4 weeks" or "a month" in words."""
    return catalog.count("weeks" if every.unit == "w" else "months", every.count, language)


def _propose(session: Session, outbox: Outbox, checkin: CheckIn, now: datetime) -> bool:
    usual = usual_next(session, checkin)
    family = session.get_one(Person, checkin.family_id)
    is_known = bool(all_of_family(session, family.id, now=now)) or follower_of(session, checkin.id)
    if usual is None or is_known or usual[1] <= now or family.consent is not Consent.ACTIVE:
        checkin.proposed_at = now
        session.add(checkin)
        return False
    if is_running(find_talk(session, family.id), now):
        return False  # asked once that conversation is over
    checkin.proposed_at = now
    session.add(checkin)
    every, at = usual
    zone = ZoneInfo(session.get_one(Office, checkin.office_id).time_zone)
    local = at.astimezone(zone)
    told = _told(checkin, is_own=True, every=every)
    told = replace(told, day=local.date(), at=local.time())
    state = open_talk(session, family.id, TalkKind.NEXT, now=now)
    keep(
        session, outbox.keyring, state, step=Step.READ_BACK, told=Intake().dump(told),
        asked_again="", now=now,
    )  # fmt: skip
    values: dict[str, Value] = {
        "every": every_in_words(outbox.catalog, every, family.language),
        "day": dates.day(at, zone, family.language),
        "time": dates.time(at, zone),
    }
    text = Text(
        "family_repeat",
        once_key=f"repeat:{checkin.id.hex}",
        subject=f"person:{family.id.hex}",
        values=values,
        not_after=now + timedelta(days=1),
    )
    return outbox.of(checkin.chapter_id).text(session, family, text, now=now)


def _told(before: CheckIn, *, is_own: bool, every: Every | None) -> Told:
    """Return what is known of the next appointment from the one before."""
    return Told(
        office=before.office_id, people=before.people, ride=before.needs_ride, speaks="known",
        is_for_other=not is_own, phone="", follows=before.id, repeats=str(every or ""),
    )  # fmt: skip
