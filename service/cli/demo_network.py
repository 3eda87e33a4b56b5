"""An invented network: nobody and nothing here exists. Every number is 555-01xx."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from service.accounts.sign_in import make_link
from service.accounts.tables import Organizer
from service.accounts.tokens import make_token
from service.chapters.shifts import add_shift
from service.chapters.tables import Chapter, Office, OfficeKind, Sender
from service.checkins.approve import USUAL_PLACES, Approval, approve
from service.checkins.register import Registration, register
from service.db import new_id
from service.messages import dates
from service.people.consent import opt_in
from service.people.register import Card, make_family, make_volunteer, register_person
from service.people.tables import Person
from service.privacy.policy import Role, Viewer
from service.rallies.draft import Draft, save_draft
from service.wiring import Wiring

ZONE = ZoneInfo("America/New_York")
SENDER = "+14135550100"
ORGANIZER = "Marta"
RALLY_PLACE = "South Green, 300 Main St, Hartford"


@dataclass(frozen=True)
class Someone:
    """One invented phone."""

    phone: str
    name: str
    language: str
    vetting: int = 0
    roles: tuple[str, ...] = ()


VOLUNTEERS = (
    Someone("+14135550101", "Rosa", "es", 3, ("driver",)),
    Someone("+14135550102", "Tom", "en", 2),
    Someone("+14135550103", "Ana", "es", 2, ("interpreter",)),
    Someone("+14135550104", "Grace", "en", 2, ("driver",)),
    Someone("+14135550105", "Luis", "es", 2),
    Someone("+14135550106", "Hannah", "en", 3),
    Someone("+14135550107", "Pilar", "es", 2),
    Someone("+14135550108", "Walter", "en", 2, ("legal_observer",)),
    Someone("+14135550109", "Noor", "en", 2),
    Someone("+14135550110", "Marisol", "es", 2),
    Someone("+14135550111", "Ben", "en", 1),
    Someone("+14135550112", "Yolanda", "es", 1),
    Someone("+14135550113", "Kwame", "en", 0),
    Someone("+14135550114", "Inés", "es", 0),
)
FAMILIES = (
    Someone("+14135550120", "Azucena", "es"),
    Someone("+14135550121", "Jasmine", "en"),
)
ORGANIZER_PHONE = Someone("+14135550130", ORGANIZER, "en")
ON_CALL = next(one for one in VOLUNTEERS if one.name == "Hannah")
EVERYBODY = (*FAMILIES, *VOLUNTEERS, ORGANIZER_PHONE)
DAYS_ON_CALL = 14


@dataclass(frozen=True)
class Network:
    """What a demo needs to know of the network it seeded."""

    chapter: Chapter
    organizer: Viewer
    offices: tuple[Office, Office]
    sign_in: str  # the secret of a one-time link
    token: str  # for the JSON API


def seed(session: Session, wiring: Wiring, *, now: datetime) -> Network:
    """Write the network: 1 chapter, 2 offices, 14 volunteers, 2 families, 1 organizer, 1 on call."""
    chapter = _chapter(session)
    offices = _offices(session, chapter.id)
    organizer = Organizer(
        id=new_id(), chapter_id=chapter.id, name=ORGANIZER, role=Role.ORGANIZER, created_at=now
    )
    session.add(organizer)
    session.flush()
    for someone in EVERYBODY:
        card = Card(someone.phone, alias=someone.name, language=someone.language)
        person = register_person(session, wiring.keyring, chapter, card, now=now)
        opt_in(session, person, how="demo", now=now)
        if someone is ORGANIZER_PHONE:
            organizer.person_id = person.id
        elif someone in FAMILIES:
            make_family(session, person, now=now)
        else:
            make_volunteer(session, person, now=now, vetting=someone.vetting, roles=someone.roles)
        if someone is ON_CALL:
            _put_on_call(session, chapter, person, now)
    return Network(
        chapter=chapter,
        organizer=Viewer(organizer.role, organizer.name, organizer.id, chapter.id),
        offices=offices,
        sign_in=make_link(session, organizer, now=now),
        token=make_token(session, organizer, label="demo", now=now),
    )


def _put_on_call(session: Session, chapter: Chapter, person: Person, now: datetime) -> None:
    """Give somebody every shift from yesterday on: each of 24 hours, one after the other."""
    begins = at_local(now, days=-1, hour=8)
    for day in range(DAYS_ON_CALL):
        starts_at = begins + timedelta(days=day)
        if starts_at + timedelta(days=1) > now:
            add_shift(
                session, chapter.id, person.id, starts_at=starts_at,
                ends_at=starts_at + timedelta(days=1), by=ORGANIZER, now=now,
            )  # fmt: skip


def seed_events(session: Session, wiring: Wiring, network: Network, *, now: datetime) -> None:
    """Add a check-in tomorrow with 4 places, approved, and a rally on Friday, drafted."""
    family = FAMILIES[0]
    checkin = register(
        session,
        wiring.outbox,
        network.chapter,
        Registration(
            card=Card(family.phone, alias=family.name, language=family.language),
            office_id=network.offices[0].id,
            starts_at=at_local(now, days=1, hour=9),
            how="web",
            people=2,
            note="Viene con su hija de 6 años.",
        ),
        now=now,
    )
    approval = Approval(USUAL_PLACES, agreed_to_texts=True)
    approve(session, wiring.outbox, checkin, approval, by=network.organizer, now=now)
    save_draft(session, network.chapter, friday_rally(wiring, network, now), by=ORGANIZER, now=now)


def friday_rally(wiring: Wiring, network: Network, now: datetime) -> Draft:
    """Return the call to a rally on the next Friday at 5 pm (a week on if today is Friday)."""
    starts_at = at_local(now, days=(4 - now.astimezone(ZONE).weekday()) % 7 or 7, hour=17)
    speaking = wiring.catalog.speaking_as(network=network.chapter.network_name)
    purposes = {"en": "rally to keep a family together", "es": "nos juntamos por una familia"}
    texts = {
        language: speaking.text(
            "rally_call",
            language,
            purpose=purpose,
            day=dates.day(starts_at, ZONE, language),
            time=dates.time(starts_at, ZONE),
            place=RALLY_PLACE,
        )
        for language, purpose in purposes.items()
    }
    return Draft(
        title="Friday rally", place=RALLY_PLACE, starts_at=starts_at,
        text_en=texts["en"], text_es=texts["es"],
    )  # fmt: skip


def at_local(now: datetime, *, days: int, hour: int) -> datetime:
    """Return that hour, so many days from now, in the network's zone."""
    day = now.astimezone(ZONE) + timedelta(days=days)
    return day.replace(hour=hour, minute=0, second=0, microsecond=0)


def _chapter(session: Session) -> Chapter:
    chapter = Chapter(
        id=new_id(),
        name="Valley",
        network_name="Acompaña",
        contact_phone="413-555-0142",
        caller_name=ORGANIZER,
        hotline="413-555-0188",
        time_zone=ZONE.key,
        quiet_from_minute=0,  # no quiet hours, so that the demo works at any hour of the day
        quiet_until_minute=0,
        wave_minutes=0,  # and whoever fits is asked at once
    )
    session.add(chapter)
    session.flush()
    sender_id: UUID = new_id()
    session.add(Sender(id=sender_id, chapter_id=chapter.id, number=SENDER, segments_per_second=3.0))
    return chapter


def _offices(session: Session, chapter_id: UUID) -> tuple[Office, Office]:
    made = (
        Office(
            id=new_id(), chapter_id=chapter_id, name="Hartford field office", kind=OfficeKind.ICE,
            area="Hartford", address="450 Invented St, Hartford",
            meeting_point="Café Sol, 90 Main St, Hartford", time_zone=ZONE.key,
        ),
        Office(
            id=new_id(), chapter_id=chapter_id, name="Springfield court", kind=OfficeKind.COURT,
            area="Springfield", address="12 Madeup Ave, Springfield",
            meeting_point="Library steps, 220 State St", time_zone=ZONE.key,
            usual_wait_minutes=180,
        ),
    )  # fmt: skip
    session.add_all(made)
    session.flush()
    return made
