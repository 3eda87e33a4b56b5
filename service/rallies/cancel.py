"""Cancel a rally: exactly those who were asked hear of it, at once."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from service.blasts.drafts import drop_others
from service.blasts.launch import Plan, launch
from service.blasts.tables import Blast, BlastKind
from service.chapters.find import get_chapter
from service.db import new_id
from service.errors import WrongState
from service.messages.catalog import Catalog
from service.outbox.tables import Priority
from service.people.audience import Audience
from service.people.register import LANGUAGES
from service.privacy import audit
from service.privacy.policy import Viewer
from service.rallies.tables import Rally, RallyState
from service.rallies.words import words
from service.rsvps.ask import people_asked
from service.rsvps.close import close_event


def cancel(
    session: Session, catalog: Catalog, rally: Rally, *, by: Viewer, now: datetime
) -> Blast | None:
    """Cancel it and tell those who were asked; return that blast, or None if nobody was.

    Raises WrongState.
    """
    session.refresh(rally, with_for_update=True)  # two organizers at once take turns
    if rally.state not in (RallyState.DRAFT, RallyState.ANNOUNCED):
        raise WrongState("rally_not_in_state", f"rally {rally.id} is {rally.state}")
    asked = tuple(people_asked(session, rally.subject))
    rally.state, rally.ended_at, rally.remind_at = RallyState.CANCELLED, now, None
    session.add(rally)
    close_event(session, rally.subject, reason="cancelled", now=now)
    drop_others(session, rally.subject, BlastKind.CALL)
    audit.record(session, actor=by, action="rally.cancel", subject=rally.subject, now=now)
    if not asked or rally.starts_at <= now:
        return None
    chapter = get_chapter(session, rally.chapter_id)
    speaking = catalog.speaking_as(network=chapter.network_name)
    bodies = {}
    for language in LANGUAGES:
        said = words(rally, chapter.time_zone, language, catalog)
        values = {"event": said.event, "day": said.day, "time": said.time}
        bodies[language] = speaking.text("rally_cancelled", language, **values)
    plan = Plan(
        id=new_id(),
        subject=rally.subject,
        kind=BlastKind.CHANGE,
        audience=Audience(rally.chapter_id, only=asked),
        bodies=bodies,
        priority=Priority.URGENT,
        not_after=rally.starts_at,
        created_by=by.name,
    )
    return launch(session, plan, now=now)
