"""The family hears who comes: the evening before, and again when that changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, select

from service.chapters.find import get_chapter
from service.chapters.rules import EARLY, LATE, within
from service.chapters.tables import Chapter, Office
from service.checkins.safety.tell import first_name
from service.checkins.tables import CheckIn, CheckInState
from service.checkins.words import words
from service.messages.catalog import Value
from service.outbox.enqueue import Outbox, Text
from service.people.find import people_by_id
from service.people.tables import Person, Volunteer
from service.rsvps.respond import rsvps_of
from service.rsvps.rules import ORDER
from service.rsvps.tables import COMING, Rsvp, SeatRole

EVENING = time(18)
NO_USE = timedelta(minutes=30)  # before the start: they meet anyway
NOBODY = "nobody"
MOST_NAMES = 3  # in one text; the others are counted
LONGEST_NAME, LONGEST_SIGN, LONGEST_LIST = 12, 20, 40  # letters: it has to fit into one text


def tell_families_who_comes(session: Session, outbox: Outbox, *, now: datetime) -> int:
    """Text every family whose evening before has come, once, and again when it changes.

    Returns how many texts are new. Families are texted 5:30 to 22:00. Safe to run twice.
    """
    near = session.exec(
        select(CheckIn).where(
            CheckIn.state == CheckInState.APPROVED,
            CheckIn.starts_at > now + NO_USE,
            CheckIn.starts_at <= now + timedelta(hours=48),
        )
    ).all()
    return sum(_tell(session, outbox, checkin, now) for checkin in near)


def evening_before(starts_at: datetime, zone: str) -> datetime:
    """Return 18:00 of the day before, where the office is."""
    local = starts_at.astimezone(ZoneInfo(zone))
    day = local.date() - timedelta(days=1)
    return datetime.combine(day, EVENING, ZoneInfo(zone)).astimezone(UTC)


def _tell(session: Session, outbox: Outbox, checkin: CheckIn, now: datetime) -> bool:
    office = session.get_one(Office, checkin.office_id)
    family = session.get_one(Person, checkin.family_id)
    if now < evening_before(checkin.starts_at, office.time_zone):
        return False
    if not within(now, family.time_zone, EARLY, LATE):
        return False
    coming = _coming(session, checkin)
    who = _fingerprint(checkin, coming)
    if who == checkin.companions_told:
        return False
    was_told = checkin.companions_told
    checkin.companions_told = who
    session.add(checkin)
    if who == NOBODY and not was_told:
        return False  # the reminder of the day before says so, and that somebody calls
    chapter = get_chapter(session, checkin.chapter_id)
    return outbox.of(checkin.chapter_id).text(
        session, family, _text(session, outbox, chapter, office, checkin, coming, family, now),
        now=now,
    )  # fmt: skip


def _coming(session: Session, checkin: CheckIn) -> list[Rsvp]:
    """Return who comes, the lead first."""
    rsvps = rsvps_of(session, [checkin.subject])[checkin.subject]
    coming = [rsvp for rsvp in rsvps if rsvp.state in COMING and rsvp.role is not None]
    return sorted(coming, key=lambda rsvp: ORDER.index(rsvp.role or SeatRole.ACCOMPANIER))


def _fingerprint(checkin: CheckIn, coming: Sequence[Rsvp]) -> str:
    """Return what they were told of, short enough for a column."""
    if not coming:
        return NOBODY
    lead = "L" if coming[0].role is SeatRole.LEAD else ""
    ids = "".join(sorted(rsvp.person_id.hex[-4:] for rsvp in coming))
    return f"{checkin.moves}:{lead}{coming[0].person_id.hex[-4:]}:{ids}:{checkin.sign}"[:250]


def _text(
    session: Session, outbox: Outbox, chapter: Chapter, office: Office, checkin: CheckIn,
    coming: Sequence[Rsvp], family: Person, now: datetime,
) -> Text:  # fmt: skip
    said = words(checkin, office, chapter, family.language, outbox.catalog)
    values: dict[str, Value] = {"day": said.day}
    if not coming:
        template = "family_companions_none"
        values["name"] = chapter.caller_name
    else:
        values |= {"names": _names(session, outbox, coming, family)}
        template = "family_companions_no_lead"
        if coming[0].role is SeatRole.LEAD:
            template = "family_companions"
            lead = session.get_one(Person, coming[0].person_id)
            values |= {"lead": _short(first_name(outbox, lead)), "wear": said.wear}
    return Text(
        template,
        once_key=f"companions:{checkin.id.hex}:{now.isoformat()}",
        subject=checkin.subject,
        values=values,
        quiet_exempt=True,  # its hour was looked at above
        not_after=checkin.starts_at,
    )


def _names(session: Session, outbox: Outbox, coming: Sequence[Rsvp], family: Person) -> str:
    """Return "Rosa (speaks Spanish), Ana and Tom": the language is said where it is the family's."""
    catalog, language = outbox.catalog, family.language
    people = people_by_id(session, (rsvp.person_id for rsvp in coming))
    someone = catalog.word("safety", "one_of_us", language)
    names, is_said = [], False
    for rsvp in coming:
        person = people[rsvp.person_id]
        name = _short(first_name(outbox, person)) or someone
        if not is_said and _speaks(session, person, family):
            is_said, tongue = True, catalog.word("language", language, language)
            name = catalog.text("companion_speaks", language, name=name, tongue=tongue)
        names.append(name)
    for most in range(min(MOST_NAMES, len(names)), 0, -1):
        more = len(names) - most
        said = [*names[:most], *([catalog.count("more", more, language)] if more else [])]
        joined = catalog.join(said, language, last="and")
        if len(joined) <= LONGEST_LIST:
            break
    return joined


def _speaks(session: Session, person: Person, family: Person) -> bool:
    volunteer = session.get(Volunteer, person.id)
    return volunteer is not None and family.language in volunteer.languages


def _short(name: str) -> str:
    return name[:LONGEST_NAME]


def set_sign(session: Session, checkin: CheckIn, sign: str) -> None:
    """Note how this family finds whoever leads: a scarf, a cap. Empty: as the chapter always does."""
    checkin.sign = " ".join(sign.split())[:LONGEST_SIGN]
    session.add(checkin)
