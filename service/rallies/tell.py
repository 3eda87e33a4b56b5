"""Tell those who were asked about a rally that something changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from sqlmodel import Session

from service.blasts.launch import Plan, launch
from service.blasts.tables import Blast, BlastKind
from service.messages.catalog import Catalog
from service.outbox.tables import Priority
from service.people.audience import Audience, Count, count_audience
from service.privacy.policy import Viewer
from service.rallies.tables import Rally
from service.rallies.together import callers_of, voices
from service.rallies.words import bodies_after
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


def said_by_each(
    session: Session, catalog: Catalog, rally: Rally, template: str, starts_at: datetime, place: str
) -> dict[UUID, dict[str, str]]:
    """Return a text as each chapter that calls to the rally says it, held then and there."""
    return {
        caller: bodies_after(session, catalog, rally, template, starts_at, place, speaker=caller)
        for caller in callers_of(session, rally)
    }


def count_told(session: Session, rally: Rally, people: tuple[UUID, ...], *, now: datetime) -> Count:
    """Count whom a change reaches, over all chapters that speak to them."""
    each = [
        count_audience(session, Audience(caller, only=theirs), now=now)
        for caller, theirs in voices(session, rally, people).items()
    ]
    return Count(
        dict(sum((Counter(one.by_language) for one in each), Counter())),
        dict(sum((Counter(one.left_out) for one in each), Counter())),
    )


def tell(
    session: Session, rally: Rally, people: tuple[UUID, ...],
    says: Mapping[UUID, Mapping[str, str]], *,
    blast_id: UUID, by: Viewer, now: datetime, asks: bool = False,
) -> Blast | None:  # fmt: skip
    """Launch the change to these people, at once, each from the number that asked them.

    Returns the blast of the rally's own chapter, None where it speaks to nobody. Safe to run twice:
    by `blast_id`. says: chapter -> language -> text. asks: their next bare Y or N is about this rally.
    """
    made = {
        caller: _launch(
            session, rally, Audience(caller, only=theirs), says[caller], by=by, now=now, asks=asks,
            blast_id=blast_id if caller == rally.chapter_id else uuid5(blast_id, caller.hex),
        )
        for caller, theirs in voices(session, rally, people).items()
    }  # fmt: skip
    return made.get(rally.chapter_id)


def _launch(
    session: Session, rally: Rally, audience: Audience, bodies: Mapping[str, str], *,
    blast_id: UUID, by: Viewer, now: datetime, asks: bool,
) -> Blast:  # fmt: skip
    plan = Plan(
        id=blast_id,
        subject=rally.subject,
        kind=BlastKind.CHANGE,
        audience=audience,
        bodies=bodies,
        priority=Priority.URGENT,
        not_after=rally.starts_at if rally.starts_at > now else rally.ends_at,
        created_by=by.name,
        asks=asks,
    )
    return launch(session, plan, now=now)
