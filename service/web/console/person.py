"""One person's page: what they offer, agreed to, were asked and answered; a family's dates and contacts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from fastapi import APIRouter
from sqlmodel import Session, col, select
from starlette.responses import HTMLResponse, Response

from service.chapters.find import get_chapter
from service.chapters.tables import Office
from service.checkins.tables import CheckIn
from service.errors import NotFound
from service.people.change import change_ticks
from service.people.find import get_family, people_by_id
from service.people.members import as_seen, family_in
from service.people.tables import (
    LEAD_LEVEL,
    Consent,
    ConsentEvent,
    EmergencyContact,
    Person,
    Volunteer,
)
from service.rsvps.commitments import coming_to
from service.rsvps.tables import Ask, Rsvp
from service.web.console.about import About, abouts
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.forms import Form
from service.web.session import Read, Write

router = APIRouter()

MOST_SHOWN = 30
# How somebody's agreement came to us, as [consent_how] says it; what it does not know is left out.
HOW = ("text", "web", "api", "organizer", "carrier", "console", "list", "family")


@dataclass(frozen=True)
class Answered:
    """One thing they were asked. answer: an RSVP's state, "open" or "silent"."""

    about: About
    asked_at: datetime
    answer: str


@dataclass(frozen=True)
class Date:
    """One appointment of a family."""

    checkin: CheckIn
    office: Office


@dataclass(frozen=True)
class ContactLine:
    """Somebody whom the family named, masked."""

    contact: EmergencyContact
    alias: str
    phone: str


@router.get("/people/{person_id}")
def person(session: Read, desk: AtDesk, person_id: UUID) -> HTMLResponse:
    """Show one person, masked."""
    found = own_person(session, desk, person_id)
    volunteer = as_seen(session, found, desk.chapter_id)
    family = family_in(session, found, desk.chapter_id)
    vouched = (
        session.get(Person, volunteer.vouched_by) if volunteer and volunteer.vouched_by else None
    )
    reader = desk.reader()
    return desk.page(
        "person_page.html",
        person=found,
        volunteer=volunteer,
        family=family,
        alias=reader.show(found.sealed_alias()),
        phone_shown=reader.show(found.sealed_phone()),
        vouched=vouched,
        vouched_alias=reader.show(vouched.sealed_alias()) if vouched else "",
        levels=range(LEAD_LEVEL + 1),
        break_last=_break_last(volunteer, desk.now),
        events=_events(session, person_id),
        known_how=HOW,
        answered=_answered(session, desk, found),
        commitments=_commitments(session, desk, found),
        dates=_dates(session, desk, found) if family else [],
        contacts=_contacts(session, desk, found) if family else [],
        zone=get_chapter(session, desk.chapter_id).time_zone,
        today=desk.now.date().isoformat(),
    )


@router.post("/people/{person_id}/ticks")
def save_ticks(session: Write, desk: AtDesk, person_id: UUID, form: Form) -> Response:
    """Note what a family has arranged."""
    found, family = get_family(session, desk.chapter_id, person_id)
    change_ticks(
        session, found, family, has_lawyer=form.is_ticked("has_lawyer"),
        papers_are_held=form.is_ticked("papers_are_held"), by=desk.viewer, now=desk.now,
    )  # fmt: skip
    return go_to(f"/people/{person_id}")


def own_person(session: Session, desk: Desk, person_id: UUID) -> Person:
    """Return one of the chapter's people. Raises NotFound, for who was erased too."""
    found = session.get(Person, person_id)
    if found is None or not found.is_known_to(desk.chapter_id) or found.consent is Consent.ERASED:
        raise NotFound(None, f"no person {person_id}")
    return found


def _break_last(volunteer: Volunteer | None, now: datetime) -> datetime | None:
    """Return a moment of the last day of a volunteer's break, None where they take none."""
    if volunteer is None or volunteer.paused_until is None or volunteer.paused_until <= now:
        return None
    return volunteer.paused_until - timedelta(minutes=1)


def _events(session: Session, person_id: UUID) -> list[ConsentEvent]:
    query = select(ConsentEvent).where(ConsentEvent.person_id == person_id)
    newest = (col(ConsentEvent.at).desc(), col(ConsentEvent.id).desc())
    return list(session.exec(query.order_by(*newest).limit(MOST_SHOWN)))


def _answered(session: Session, desk: Desk, found: Person) -> list[Answered]:
    """Return what they were asked, newest first, each event once. Four queries."""
    asks = session.exec(
        select(Ask)
        .where(Ask.person_id == found.id)
        .order_by(col(Ask.asked_at).desc(), col(Ask.id).desc())
        .limit(MOST_SHOWN)
    ).all()
    newest = {ask.subject: ask for ask in reversed(asks)}
    states = session.exec(
        select(Rsvp.subject, Rsvp.state).where(
            Rsvp.person_id == found.id, col(Rsvp.subject).in_(newest)
        )
    ).all()
    answers = {subject: str(state) for subject, state in states}
    about = abouts(session, desk, newest)
    return [
        Answered(
            about[ask.subject], ask.asked_at, answers.get(ask.subject) or _silence(ask, desk.now)
        )
        for ask in sorted(newest.values(), key=lambda ask: ask.asked_at, reverse=True)
        if ask.subject in about
    ]


def _silence(ask: Ask, now: datetime) -> str:
    is_open = ask.answered_at is None and ask.closed_at is None and ask.expires_at > now
    return "open" if is_open else "silent"


def _commitments(session: Session, desk: Desk, found: Person) -> list[tuple[Rsvp, About]]:
    rsvps = coming_to(session, found.id, now=desk.now)
    about = abouts(session, desk, (rsvp.subject for rsvp in rsvps))
    return [(rsvp, about[rsvp.subject]) for rsvp in rsvps if rsvp.subject in about]


def _dates(session: Session, desk: Desk, found: Person) -> list[Date]:
    rows = session.exec(
        select(CheckIn, Office)
        .join(Office, col(Office.id) == CheckIn.office_id)
        .where(
            CheckIn.family_id == found.id,
            CheckIn.chapter_id == desk.chapter_id,
            ~col(CheckIn.is_drill),
        )
        .order_by(col(CheckIn.starts_at).desc())
        .limit(MOST_SHOWN)
    )
    return [Date(checkin, office) for checkin, office in rows]


def _contacts(session: Session, desk: Desk, found: Person) -> list[ContactLine]:
    contacts = session.exec(
        select(EmergencyContact)
        .where(EmergencyContact.family_id == found.id)
        .order_by(col(EmergencyContact.id))
    ).all()
    people = people_by_id(session, (contact.person_id for contact in contacts))
    reader = desk.reader()
    reader.fetch_keys([each.sealed_phone() for each in people.values()])
    return [
        ContactLine(
            contact,
            reader.show(people[contact.person_id].sealed_alias()),
            reader.show(people[contact.person_id].sealed_phone()),
        )
        for contact in contacts
    ]
