"""What a calendar address shows: when and roughly where, never who and never what for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, or_, select

from service.chapters.tables import Office
from service.checkins.tables import CheckIn, CheckInState
from service.messages.catalog import Catalog
from service.messages.ical import Entry
from service.outbox.drill import id_in, is_drill
from service.people.tables import Person
from service.privacy.keyring import Keyring
from service.rallies.tables import Rally, RallyChapter, RallyState
from service.rsvps.tables import COMING, IN_LINE, Rsvp

LOOKS_BACK = timedelta(days=30)
OFF = (RallyState.CANCELLED, RallyState.ALL_CLEAR)


class Almanac:
    """Writes a chapter's events as calendar entries, in one language."""

    def __init__(
        self, session: Session, catalog: Catalog, keyring: Keyring, language: str, now: datetime
    ) -> None:
        self._session = session
        self._catalog = catalog
        self._keyring = keyring
        self._language = language
        self._since = now - LOOKS_BACK

    def of_chapter(self, chapter_id: UUID) -> list[Entry]:
        """Return all of a chapter's appointments and events, and what it joined of others'."""
        checkins = select(CheckIn).where(
            CheckIn.chapter_id == chapter_id,
            CheckIn.starts_at >= self._since,
            ~col(CheckIn.is_drill),
        )
        joined = select(RallyChapter.rally_id).where(RallyChapter.chapter_id == chapter_id)
        rallies = select(Rally).where(
            or_(Rally.chapter_id == chapter_id, col(Rally.id).in_(joined)),
            Rally.starts_at >= self._since, Rally.state != RallyState.DRAFT, ~col(Rally.is_drill),
        )  # fmt: skip
        return self._sorted(
            self._checkins(self._session.exec(checkins)), self._rallies(self._session.exec(rallies))
        )

    def of_person(self, person: Person) -> list[Entry]:
        """Return what somebody said yes to; what they wait for is tentative."""
        rsvps = self._session.exec(
            select(Rsvp).where(
                Rsvp.person_id == person.id, col(Rsvp.state).in_([*COMING, *IN_LINE])
            )
        ).all()
        waiting = {rsvp.subject for rsvp in rsvps if rsvp.state in IN_LINE}
        ids = {id_in(rsvp.subject) for rsvp in rsvps if not is_drill(rsvp.subject)}
        checkins = select(CheckIn).where(col(CheckIn.id).in_(ids), CheckIn.starts_at >= self._since)
        rallies = select(Rally).where(col(Rally.id).in_(ids), Rally.starts_at >= self._since)
        return self._sorted(
            self._checkins(self._session.exec(checkins), waiting),
            self._rallies(self._session.exec(rallies), waiting),
        )

    def _checkins(self, rows: Iterable[CheckIn], waiting: Iterable[str] = ()) -> Iterator[Entry]:
        offices = {office.id: office for office in self._session.exec(select(Office))}
        for checkin in rows:
            office = offices[checkin.office_id]
            is_off = checkin.state is CheckInState.CANCELLED
            yield Entry(
                uid=self._uid(checkin.subject),
                title=self._catalog.word("calendar", "visit", self._language),
                starts_at=checkin.starts_at,
                ends_at=checkin.starts_at + timedelta(minutes=office.usual_wait_minutes),
                place=office.area,
                status=_status(is_off, checkin.subject in waiting),
                sequence=checkin.moves + is_off,
            )

    def _rallies(self, rows: Iterable[Rally], waiting: Iterable[str] = ()) -> Iterator[Entry]:
        for rally in rows:
            is_off = rally.state in OFF
            yield Entry(
                uid=self._uid(rally.subject),
                title=self._catalog.word("calendar", "event", self._language),
                starts_at=rally.starts_at,
                ends_at=rally.ends_at,
                status=_status(is_off, rally.subject in waiting),
                sequence=rally.moves + is_off,
            )

    def _uid(self, subject: str) -> str:
        """Return an id that stays the same and tells nothing of ours."""
        return f"{self._keyring.word_key(f'calendar {subject}').hex()}@acompana"

    def _sorted(self, *entries: Iterable[Entry]) -> list[Entry]:
        return sorted((one for some in entries for one in some), key=lambda one: one.starts_at)


def _status(is_off: bool, waits: bool) -> str:
    if is_off:
        return "CANCELLED"
    return "TENTATIVE" if waits else "CONFIRMED"
