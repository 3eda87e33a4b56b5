"""Invite somebody who gave an organizer their number: one text, and no more until they answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from service.chapters.tables import Chapter
from service.errors import InvalidValue
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import ConsentNeeded
from service.people.consent import invite
from service.people.members import as_seen, is_in_another
from service.people.register import Card, make_volunteer, register_person
from service.people.tables import Consent, Membership, Person, Volunteer
from service.privacy import audit
from service.privacy.policy import Viewer

TEXTS_A_WEEK = 4  # what the invitation promises at most, usually
LONGEST_GATHERING = 40


@dataclass(frozen=True)
class Offer:
    """What somebody offered when they gave their number. `met_at`: where, as they would say it."""

    met_at: str
    vetting: int = 0
    roles: Iterable[str] = ()
    languages: Iterable[str] = ()
    car_seats: int = 0


def invite_volunteer(
    session: Session, outbox: Outbox, chapter: Chapter, card: Card, offer: Offer, *, how: str,
    by: Viewer, now: datetime,
) -> tuple[Person, Volunteer]:  # fmt: skip
    """Write the volunteer down and ask once whether we may text them.

    Safe to run twice: nobody is invited a second time, nor who has answered already.
    how: web, api or console. Raises InvalidValue naming the field.
    """
    if not offer.met_at.strip():
        raise InvalidValue("met_at", "missing")
    if len(offer.met_at) > LONGEST_GATHERING:
        raise InvalidValue("met_at", "too_long", limit=LONGEST_GATHERING)
    person = register_person(session, outbox.keyring, chapter, card, now=now)
    if is_in_another(session, person, chapter.id):
        return person, _invite_second(session, outbox, chapter, person, offer, how, by, now)
    make_volunteer(
        session, person, chapter.id, now=now, how=how, vetting=offer.vetting, roles=offer.roles,
        languages=offer.languages, car_seats=offer.car_seats,
    )  # fmt: skip
    volunteer = as_seen(session, person, chapter.id) or session.get_one(Volunteer, person.id)
    if invite(session, person, how=how, now=now):
        subject = f"person:{person.id.hex}"
        audit.record(
            session, actor=by, action="volunteer.invite", subject=subject, now=now,
            detail=f"vetting {volunteer.vetting}",
        )  # fmt: skip
    if person.consent is Consent.INVITED:
        _ask(session, outbox.of(chapter.id), person, offer.met_at.strip(), now)
    return person, volunteer


def _invite_second(
    session: Session, outbox: Outbox, chapter: Chapter, person: Person, offer: Offer, how: str,
    by: Viewer, now: datetime,
) -> Volunteer:  # fmt: skip
    """Ask somebody of another chapter, once: they are none of ours before they text JOIN."""
    theirs = session.get_one(Membership, (person.id, chapter.id), with_for_update=True)
    if theirs.invited_at is None:
        theirs.invited_at, theirs.vetting, theirs.how = now, offer.vetting, how
        session.add(theirs)
        subject = f"person:{person.id.hex}"
        detail = f"vetting {offer.vetting}, of another chapter"
        audit.record(
            session, actor=by, action="volunteer.invite", subject=subject, now=now, detail=detail
        )
        _ask(session, outbox.of(chapter.id), person, offer.met_at.strip(), now, chapter.id.hex)
    return Volunteer(
        person_id=person.id, vetting=offer.vetting, roles=[], languages=[], created_at=now
    )


def _ask(
    session: Session, outbox: Outbox, person: Person, met_at: str, now: datetime, where: str = ""
) -> None:
    outbox.text(
        session,
        person,
        Text(
            "invitation",
            once_key=f"invite:{person.id.hex}{where and ':' + where}",
            subject=f"person:{person.id.hex}",
            values={"gathering": met_at, "count": TEXTS_A_WEEK},
            consent_needed=ConsentNeeded.ANSWER,
        ),
        now=now,
    )
