"""End a rally before it has been held: cancelled, or all clear. Who was asked hears of it at once."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from service.blasts.drafts import drop_others
from service.blasts.tables import Blast, BlastKind
from service.db import new_id
from service.messages.catalog import Catalog
from service.privacy import audit
from service.privacy.policy import Viewer
from service.rallies.rules import check_move
from service.rallies.tables import Rally, RallyState
from service.rallies.tell import Whom, people_to_tell, said_by_each, tell
from service.rsvps.close import close_event


def cancel(
    session: Session, catalog: Catalog, rally: Rally, *, by: Viewer, now: datetime
) -> Blast | None:
    """Cancel it and tell those who were asked; return that blast, or None if nobody was.

    Raises WrongState.
    """
    return _end(session, catalog, rally, RallyState.CANCELLED, by=by, now=now)


def stand_down(
    session: Session, catalog: Catalog, rally: Rally, *, by: Viewer, now: datetime
) -> Blast | None:
    """All clear: nobody is needed any more. Tells those who were asked; returns that blast, or None.

    Raises WrongState.
    """
    return _end(session, catalog, rally, RallyState.ALL_CLEAR, by=by, now=now)


def _end(
    session: Session, catalog: Catalog, rally: Rally, state: RallyState, *, by: Viewer,
    now: datetime,
) -> Blast | None:  # fmt: skip
    session.refresh(rally, with_for_update=True)  # two organizers at once take turns
    check_move(rally, state)
    asked = people_to_tell(session, rally, Whom.ASKED)
    rally.state, rally.ended_at, rally.remind_at = state, now, None
    session.add(rally)
    close_event(session, rally.subject, reason=state.value, now=now)
    drop_others(session, rally.subject, BlastKind.CALL)
    action = {RallyState.CANCELLED: "rally.cancel"}.get(state, "rally.stand_down")
    audit.record(session, actor=by, action=action, subject=rally.subject, now=now)
    if not asked or rally.ends_at <= now:
        return None
    template = {RallyState.CANCELLED: "rally_cancelled"}.get(state, "all_clear")
    told = said_by_each(session, catalog, rally, template, rally.starts_at, rally.place)
    return tell(session, rally, asked, told, blast_id=new_id(), by=by, now=now)
