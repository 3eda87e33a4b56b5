"""Announce a rally: the call goes to every volunteer of the chapter, once. Families never get it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from service.blasts.drafts import drop_others
from service.blasts.launch import Plan, launch
from service.blasts.second import needs_second
from service.blasts.tables import Blast, BlastKind
from service.chapters.find import get_chapter
from service.errors import InvalidValue, WrongState
from service.outbox.drill import guests_of
from service.outbox.tables import Priority
from service.people.audience import Audience
from service.privacy import audit
from service.privacy.policy import Viewer
from service.rallies.rules import check_move, next_reminder_at
from service.rallies.tables import Rally, RallyState
from service.rsvps.choose import count_people
from service.rsvps.seats import make_seats
from service.rsvps.tables import SeatRole


def audience_of(rally: Rally) -> Audience:
    """Return who is called to a rally."""
    return Audience(rally.chapter_id)


def whom(session: Session, rally: Rally) -> Audience:
    """Return who is called: every volunteer of the chapter; to a drill, its guests."""
    if not rally.is_drill:
        return audience_of(rally)
    return Audience(rally.chapter_id, only=tuple(guests_of(session, rally.chapter_id)))


def announce(
    session: Session,
    rally: Rally,
    *,
    blast_id: UUID,
    by: Viewer,
    now: datetime,
    at: datetime | None = None,
    audience: Audience | None = None,
    bodies: Mapping[str, str] | None = None,
    is_seconded: bool = False,
) -> Blast:
    """Send the call now or at a time; return its blast. Safe to send twice: by `blast_id`.

    audience: every volunteer of the chapter by default. bodies: the texts as they arrive, by
    language; the rally's own words by default. is_seconded: a second person has said yes, or need
    not: without it a call to more people than the chapter's limit is refused.
    Raises WrongState when it has been announced with another id, is cancelled or is over, needs a
    second person, or was texted in by the very person who would send it; InvalidValue on `blast_id`
    when something else was sent under it.
    """
    session.refresh(rally, with_for_update=True)  # two organizers at once take turns
    existing = session.get(Blast, blast_id)
    if existing is not None:
        if existing.subject != rally.subject:
            raise InvalidValue("blast_id", "id_taken")
        return existing
    check_move(rally, RallyState.ANNOUNCED)
    if rally.texted_by is not None and by.id == rally.texted_by:
        raise WrongState("second_person_needed", f"rally {rally.id} was texted in by {by.id}")
    if rally.starts_at <= now or (at is not None and at >= rally.starts_at):
        raise WrongState("rally_over", f"rally {rally.id} starts at {rally.starts_at}")
    if not (is_seconded or rally.is_drill):  # who practices has agreed to
        _refuse_many(session, rally, audience, now)
    places = {SeatRole.CROWD: rally.people_limit}
    make_seats(
        session, rally.subject, places, starts_at=rally.starts_at, ends_at=rally.ends_at,
        chapter_id=rally.chapter_id,
    )  # fmt: skip
    blast = launch(
        session,
        Plan(
            id=blast_id,
            subject=rally.subject,
            kind=BlastKind.CALL,
            audience=audience or whom(session, rally),
            bodies=bodies or {"en": rally.text_en, "es": rally.text_es},
            priority=Priority.BULK,
            not_after=rally.starts_at,
            created_by=by.name,
            asks=True,
            at=at,
        ),
        now=now,
    )
    zone = get_chapter(session, rally.chapter_id).time_zone
    rally.state, rally.announced_at = RallyState.ANNOUNCED, now
    rally.remind_at = next_reminder_at(rally.starts_at, zone, now)
    session.add(rally)
    drop_others(session, rally.subject, BlastKind.CALL, but=blast_id)
    audit.record(session, actor=by, action="rally.announce", subject=rally.subject, now=now)
    return blast


def _refuse_many(session: Session, rally: Rally, audience: Audience | None, now: datetime) -> None:
    chapter = get_chapter(session, rally.chapter_id)
    people = count_people(session, audience or whom(session, rally), now=now).people
    if needs_second(chapter, people):
        raise WrongState("second_needed", limit=chapter.second_over, people=people)
