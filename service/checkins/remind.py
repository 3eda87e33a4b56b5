"""Remind the family and those who come along, each once, while it still helps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from service.chapters.find import get_chapter
from service.chapters.rules import EARLY, LATE, next_at, within
from service.chapters.tables import Chapter, Office
from service.checkins.rules import Due, due_reminders, next_reminder_at
from service.checkins.tables import CheckIn, CheckInState
from service.checkins.words import CheckInWords, words
from service.messages.catalog import Value
from service.outbox.enqueue import Outbox, Text
from service.people.members import trust_in
from service.people.tables import VETTED_LEVEL, Person
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader
from service.rsvps.ask import CONFIRM, open_asks
from service.rsvps.respond import rsvps_of
from service.rsvps.tables import COMING, Rsvp, SeatRole

BATCH = 200
WEEK_BEFORE = "7d"
AWAKE_FOR = timedelta(minutes=15)  # after a text of theirs


def queue_due_reminders(session: Session, outbox: Outbox, *, now: datetime) -> int:
    """Queue one reminder per person of each check-in due at `now` (UTC); return how many are new.

    Safe to run twice: (reminder, check-in, person) is unique.
    """
    due = session.exec(
        select(CheckIn)
        .where(col(CheckIn.remind_at) <= now, CheckIn.state == CheckInState.APPROVED)
        .order_by(col(CheckIn.remind_at))
        .limit(BATCH)
    ).all()
    return sum(_remind(session, outbox, checkin, now) for checkin in due)


def remind_again(session: Session, checkin: CheckIn, *, now: datetime) -> None:
    """Look at this check-in at the next tick: somebody new comes along and must hear the place."""
    checkin.remind_at = now
    session.add(checkin)


def _remind(session: Session, outbox: Outbox, checkin: CheckIn, now: datetime) -> int:
    office = session.get_one(Office, checkin.office_id)
    chapter = get_chapter(session, checkin.chapter_id)
    is_night = not within(now, office.time_zone, EARLY, LATE)
    due_now = due_reminders(checkin.starts_at, office.time_zone, now)
    new = 0
    told_at = checkin.moved_at or checkin.approved_at or now
    for due in due_now:
        if due.reminder.name == WEEK_BEFORE and due.since <= told_at:
            continue  # they heard of it later than that
        run = _Reminding(session, outbox, chapter, office, checkin, due, now)
        if due.reminder.to == "family":
            texts = iter(()) if is_night else run.to_family()
        else:
            texts = run.to_companions(only_awake=is_night)
        new += sum(
            outbox.of(chapter.id).text(session, person, text, now=now) for person, text in texts
        )
    following = next_reminder_at(checkin.starts_at, office.time_zone, now)
    if is_night and due_now:  # who slept hears it in the morning
        morning = next_at(now, office.time_zone, EARLY, LATE)
        following = min(following or morning, morning)
    checkin.remind_at = following
    session.add(checkin)
    return new


class _Reminding:
    """One reminder of one check-in, for everybody whom it concerns."""

    def __init__(
        self, session: Session, outbox: Outbox, chapter: Chapter, office: Office,
        checkin: CheckIn, due: Due, now: datetime,
    ) -> None:  # fmt: skip
        self._now = now
        self._session = session
        self._outbox = outbox
        self._chapter = chapter
        self._office = office
        self._checkin = checkin
        self._due = due
        everybody = rsvps_of(session, [checkin.subject])[checkin.subject]
        self._coming = [rsvp for rsvp in everybody if rsvp.state in COMING]

    def to_family(self) -> Iterator[tuple[Person, Text]]:
        """Give the family's reminder."""
        family = self._session.get_one(Person, self._checkin.family_id)
        said = self._words(family)
        values: dict[str, Value] = {"time": said.time}
        name = self._due.reminder.name
        template = f"family_reminder_{name}"
        if name == "7d":
            values["day"] = said.day
        else:
            values["when"] = self._when(family)
        if name == "1d":
            values["weekday"] = said.weekday
            lead = self._lead_name()
            if lead:
                values |= {"lead": lead, "meet_hour": said.meet_hour}
            else:
                template = "family_reminder_1d_call"
        yield family, self._text(template, family, values)

    def to_companions(self, *, only_awake: bool) -> Iterator[tuple[Person, Text]]:
        """Give each companion's reminder: the place, only to those who are vetted.

        only_awake: at night, only to who has just said yes.
        """
        for rsvp in self._coming:
            if only_awake and rsvp.answered_at < self._now - AWAKE_FOR:
                continue
            if trust_in(self._session, rsvp.person_id, self._chapter.id) < VETTED_LEVEL:
                continue
            person = self._session.get_one(Person, rsvp.person_id)
            if self._due.reminder.name == "nudge":
                said = self._words(person)
                values: dict[str, Value] = {
                    "time": said.meet_time, "place": said.place, "when": self._when(person),
                }  # fmt: skip
                yield person, self._text("two_hours", person, values)
            else:
                yield person, self._day_before(person, rsvp)

    def _day_before(self, person: Person, rsvp: Rsvp) -> Text:
        said = self._words(person)
        if rsvp.answered_at > self._checkin.starts_at - self._due.reminder.before:
            values: dict[str, Value] = {
                "day": said.day, "time": said.meet_time, "place": said.place,
                "lead": self._lead_name() or self._chapter.caller_name, "wear": said.wear,
                "hours": said.hours,
            }  # fmt: skip
            return self._text("meeting_place", person, values)
        open_asks(
            self._session, [person.id], self._checkin.subject, kind=CONFIRM, now=self._now,
            expires_at=self._checkin.starts_at,
        )  # fmt: skip
        common: dict[str, Value] = {
            "weekday": said.weekday, "time": said.meet_time, "place": said.place,
            "wear": said.wear, "when": self._when(person).capitalize(),
        }  # fmt: skip
        if rsvp.role is SeatRole.LEAD:
            party = self._outbox.catalog.count("party", len(self._coming) - 1, person.language)
            return self._text("day_before_lead", person, common | {"party": party})
        lead = self._lead_name() or self._chapter.caller_name
        return self._text("day_before", person, common | {"lead": lead, "hours": said.hours})

    def _lead_name(self) -> str:
        """Return the lead's first name, or "" while there is no lead."""
        reader = Reader(self._outbox.keyring, SYSTEM)
        for rsvp in self._coming:
            if rsvp.role is SeatRole.LEAD:
                lead = self._session.get_one(Person, rsvp.person_id)
                return (reader.show(lead.sealed_alias()).split() or [""])[0]
        return ""

    def _when(self, person: Person) -> str:
        """Return "today" or "tomorrow": a reminder before 5:30 goes the evening before."""
        zone = ZoneInfo(self._office.time_zone)
        is_today = (
            self._now.astimezone(zone).date() == self._checkin.starts_at.astimezone(zone).date()
        )
        word = "today" if is_today else "tomorrow"
        return self._outbox.catalog.word("when", word, person.language)

    def _words(self, person: Person) -> CheckInWords:
        return words(
            self._checkin, self._office, self._chapter, person.language, self._outbox.catalog
        )

    def _text(self, template: str, person: Person, values: dict[str, Value]) -> Text:
        name = self._due.reminder.name
        moved = f":{self._checkin.moves}" if self._checkin.moves else ""
        return Text(
            template,
            once_key=f"remind:{self._checkin.id.hex}:{name}:{person.id.hex}{moved}",
            subject=self._checkin.subject,
            values=values,
            # Its time was chosen for the morning, and it is never dropped; a week before can wait.
            quiet_exempt=name != WEEK_BEFORE,
            not_after=self._due.not_after,
        )
