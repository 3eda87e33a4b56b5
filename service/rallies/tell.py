"""Tell those who were asked about a rally that something changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Session

from service.blasts.launch import Plan, launch
from service.blasts.tables import Blast, BlastKind
from service.outbox.tables import Priority
from service.people.audience import Audience
from service.privacy.policy import Viewer
from service.rallies.tables import Rally
from service.rsvps.ask import people_asked
from service.rsvps.respond import rsvps_of
from service.rsvps.tables import CONCERNED


class Whom(StrEnum):
    """Who hears of a change."""

    ASKED = "asked"  # everybody who was asked, whatever they said
    COMING = "coming"  # who said yes or maybe, and who waits for a place


def people_to_tell(session: Session, rally: Rally, whom: Whom) -> tuple[UUID, ...]:
    """Return who hears of a change, by id."""
    if whom is Whom.ASKED:
        return tuple(people_asked(session, rally.subject))
    answers = rsvps_of(session, [rally.subject])[rally.subject]
    return tuple(rsvp.person_id for rsvp in answers if rsvp.state in CONCERNED)


def tell(
    session: Session, rally: Rally, people: tuple[UUID, ...], bodies: Mapping[str, str], *,
    blast_id: UUID, by: Viewer, now: datetime, asks: bool = False,
) -> Blast:  # fmt: skip
    """Launch the change to these people, at once; return its blast. Safe to run twice: by `blast_id`.

    bodies: language -> text. asks: their next bare Y or N is about this rally.
    """
    plan = Plan(
        id=blast_id,
        subject=rally.subject,
        kind=BlastKind.CHANGE,
        audience=Audience(rally.chapter_id, only=people),
        bodies=bodies,
        priority=Priority.URGENT,
        not_after=rally.starts_at if rally.starts_at > now else rally.ends_at,
        created_by=by.name,
        asks=asks,
    )
    return launch(session, plan, now=now)
