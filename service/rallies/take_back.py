"""Take a call back while none of it has left: the rally is a draft again, its words kept."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from service.blasts.stop import stop
from service.blasts.tables import Blast, BlastKind, BlastState
from service.errors import WrongState
from service.privacy import audit
from service.privacy.policy import Viewer
from service.rallies.find import get_rally
from service.rallies.tables import Rally, RallyState
from service.rsvps.seats import remove_seats


def take_back(session: Session, blast: Blast, *, by: Viewer, now: datetime) -> Rally:
    """Stop a call that was only scheduled; return its rally, open to changes again.

    Raises WrongState once its copies are being written: from then on it can only be stopped.
    """
    session.refresh(blast, with_for_update=True)  # the clock may be launching it at this moment
    if blast.kind is not BlastKind.CALL or blast.state is not BlastState.SCHEDULED:
        raise WrongState("message_not_in_state", f"blast {blast.id} is {blast.state}")
    rally = get_rally(session, blast.chapter_id, UUID(blast.subject.partition(":")[2]))
    stop(session, blast, reason="taken_back", now=now)
    remove_seats(session, rally.subject)
    rally.state, rally.announced_at, rally.remind_at = RallyState.DRAFT, None, None
    session.add(rally)
    session.flush()
    audit.record(session, actor=by, action="rally.take_back", subject=rally.subject, now=now)
    return rally
