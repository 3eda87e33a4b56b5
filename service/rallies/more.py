"""Call more people to a rally that is announced: who was asked is never asked again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from service.blasts.drafts import Author, Words, drop_others, new_draft, open_draft_about, write
from service.blasts.launch import Plan, launch
from service.blasts.second import needs_second
from service.blasts.tables import Blast, BlastKind, MessageDraft
from service.chapters.find import get_chapter
from service.db import new_id
from service.errors import InvalidValue, WrongState
from service.outbox.tables import Priority
from service.people.audience import Audience
from service.privacy import audit
from service.privacy.policy import Viewer
from service.rallies.letter import call_words
from service.rallies.move import is_call_waiting
from service.rallies.tables import Rally, RallyState
from service.rallies.together import check_joins, event_of, note_joined
from service.rsvps.choose import Event, choose_people, count_people


def draft_more(
    session: Session, rally: Rally, chapter_id: UUID, *, by: Author, now: datetime
) -> MessageDraft:
    """Return the draft of a chapter's further call, with the words of the first; one at a time.

    Another chapter joins with it. Raises WrongState where nobody more can be called.
    """
    session.refresh(rally, with_for_update=True)  # two organizers at once take turns
    check_more(session, rally, chapter_id, now=now)
    found = open_draft_about(session, rally.subject, BlastKind.CALL, chapter_id=chapter_id)
    if found is not None:
        return found
    draft = new_draft(
        session, chapter_id, new_id(), BlastKind.CALL, rally.subject,
        audience=Audience(chapter_id), by=by, now=now,
    )  # fmt: skip
    said = call_words(session, rally, chapter_id)
    write(session, draft, Words(rally.title, said["en"], said["es"]), by=by, now=now)
    return draft


def check_more(session: Session, rally: Rally, chapter_id: UUID, *, now: datetime) -> None:
    """Raise WrongState where it is not announced, has begun, is a drill, or a call still goes out;
    to another chapter also where it is not open.
    """
    if rally.state is not RallyState.ANNOUNCED or rally.is_drill:
        raise WrongState("rally_not_in_state", f"rally {rally.id} is {rally.state}")
    if rally.starts_at <= now:
        raise WrongState("rally_over", f"rally {rally.id} starts at {rally.starts_at}")
    if is_call_waiting(session, rally):
        raise WrongState("call_on_its_way", f"a call to {rally.id} is not out")
    check_joins(session, rally, chapter_id)


def call_more(
    session: Session, rally: Rally, audience: Audience, bodies: Mapping[str, str], *,
    blast_id: UUID, by: Viewer, now: datetime, at: datetime | None = None,
    is_seconded: bool = False,
) -> Blast:  # fmt: skip
    """Send a further call now or at a time; return its blast. Safe to send twice: by `blast_id`.

    The audience's chapter calls: another than the rally's joins it with this. Whoever was asked, is
    busy then or hears from another chapter is left out. bodies: as they arrive, by language. is_seconded:
    as for the first call. Raises WrongState, and InvalidValue on `blast_id`.
    """
    session.refresh(rally, with_for_update=True)
    existing = session.get(Blast, blast_id)
    if existing is not None:
        if (existing.subject, existing.chapter_id) != (rally.subject, audience.chapter_id):
            raise InvalidValue("blast_id", "id_taken")
        return existing
    check_more(session, rally, audience.chapter_id, now=now)
    if at is not None and at >= rally.starts_at:
        raise WrongState("rally_over", f"rally {rally.id} starts at {rally.starts_at}")
    event = event_of(session, rally)
    if not is_seconded:
        _refuse_many(session, audience, event, now)
    if audience.chosen != blast_id:
        audience = choose_people(session, audience, blast_id, calls_to=event, now=now)
    plan = Plan(
        id=blast_id,
        subject=rally.subject,
        kind=BlastKind.CALL,
        audience=audience,
        bodies=bodies,
        priority=Priority.BULK,
        not_after=rally.starts_at,
        created_by=by.name,
        asks=True,
        at=at,
    )
    blast = launch(session, plan, now=now)
    drop_others(
        session, rally.subject, BlastKind.CALL, but=blast_id, chapter_id=audience.chapter_id
    )
    note_joined(session, rally, audience.chapter_id, by=by, now=now)
    audit.record(session, actor=by, action="rally.call_more", subject=rally.subject, now=now)
    return blast


def _refuse_many(session: Session, audience: Audience, event: Event, now: datetime) -> None:
    chapter = get_chapter(session, audience.chapter_id)
    people = count_people(session, audience, calls_to=event, now=now).people
    if needs_second(chapter, people):
        raise WrongState("second_needed", limit=chapter.second_over, people=people)
