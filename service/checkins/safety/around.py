"""Who stands around somebody on the day: who goes along, whom they named, who is on call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from service.accounts.tables import Organizer
from service.chapters.shifts import on_shift
from service.checkins.cast import only_guests, players
from service.checkins.safety.tables import Reporter, Rung, SafetyCheck
from service.checkins.tables import CheckIn
from service.people.find import people_by_id
from service.people.tables import EmergencyContact, Person
from service.rsvps.respond import rsvps_of
from service.rsvps.tables import COMING, SeatRole

ROLES = {
    SeatRole.LEAD: Reporter.LEAD,
    SeatRole.OUTSIDE_CONTACT: Reporter.OUTSIDE_CONTACT,
}


@dataclass(frozen=True)
class Around:
    """Everybody who can be asked or told about one safety check, by what they are to it."""

    family: Person
    people: dict[Reporter, list[Person]] = field(default_factory=dict)

    def those(self, *reporters: Reporter) -> list[Person]:
        """Return the people in these roles, each once."""
        found = [person for reporter in reporters for person in self.people.get(reporter, [])]
        return list({person.id: person for person in found}.values())

    @property
    def rungs(self) -> frozenset[Rung]:
        """Which rungs have somebody on them."""
        standing = {
            Rung.LEAD: Reporter.LEAD,
            Rung.OUTSIDE_CONTACT: Reporter.OUTSIDE_CONTACT,
            Rung.EMERGENCY_CONTACT: Reporter.EMERGENCY_CONTACT,
            Rung.SHIFT: Reporter.ON_CALL,
        }
        return frozenset(rung for rung, reporter in standing.items() if self.people.get(reporter))


def look_around(session: Session, check: SafetyCheck, *, now: datetime) -> Around:
    """Return who stands around this safety check now."""
    ids: dict[Reporter, list[UUID]] = {reporter: [] for reporter in Reporter}
    for rsvp in rsvps_of(session, [check.subject])[check.subject]:
        if rsvp.state in COMING and rsvp.person_id != check.person_id:
            role = ROLES.get(rsvp.role, Reporter.COMPANION) if rsvp.role else Reporter.COMPANION
            ids[role].append(rsvp.person_id)
    ids[Reporter.EMERGENCY_CONTACT] = list(_contacts(session, check.person_id))
    ids[Reporter.ON_CALL] = [
        shift.person_id for shift in on_shift(session, check.chapter_id, now=now)
    ]
    ids[Reporter.ORGANIZER] = list(_organizers(session, check.chapter_id))
    if check.is_drill and check.checkin_id is not None:
        _hand_out_the_parts(session, session.get_one(CheckIn, check.checkin_id), ids)
    people = people_by_id(session, {check.person_id, *(i for some in ids.values() for i in some)})
    return Around(
        family=people[check.person_id],
        people={role: [people[one] for one in dict.fromkeys(some)] for role, some in ids.items()},
    )


def _hand_out_the_parts(
    session: Session, checkin: CheckIn, ids: dict[Reporter, list[UUID]]
) -> None:
    """In a drill, leave nobody but guests; its stand-in plays those who are on call."""
    for role, some in ids.items():
        is_played = role in (Reporter.ON_CALL, Reporter.ORGANIZER)
        ids[role] = players(session, checkin, some) if is_played else only_guests(
            session, checkin, some
        )  # fmt: skip


def _contacts(session: Session, family_id: UUID) -> Iterable[UUID]:
    """Return the emergency contacts who have answered us and agreed."""
    return session.exec(
        select(EmergencyContact.person_id)
        .where(EmergencyContact.family_id == family_id, col(EmergencyContact.agreed))
        .order_by(col(EmergencyContact.id))
    )


def _organizers(session: Session, chapter_id: UUID) -> Iterable[UUID]:
    """Return the phones of the chapter's organizers."""
    rows = session.exec(
        select(Organizer.person_id).where(
            Organizer.chapter_id == chapter_id, col(Organizer.is_active),
            col(Organizer.person_id).is_not(None),
        )
    )  # fmt: skip
    return [person_id for person_id in rows if person_id is not None]
