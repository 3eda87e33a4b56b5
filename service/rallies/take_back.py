"""Take a message back while none of it has left: it is a draft again, its words kept."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from service.accounts.tables import CodeFor
from service.accounts.text_codes import drop_codes
from service.blasts.drafts import Author, again
from service.blasts.stop import stop
from service.blasts.tables import Blast, BlastKind, BlastState, MessageDraft
from service.errors import WrongState
from service.outbox.drill import is_drill
from service.privacy import audit
from service.privacy.policy import Viewer
from service.rallies.actions.announce import take_action_back
from service.rallies.tables import Rally, RallyState
from service.rallies.together import unjoin_unheard
from service.rsvps.ask import count_asked
from service.rsvps.seats import remove_seats


def take_back_draft(
    session: Session, blast: Blast, *, by: Viewer, now: datetime
) -> MessageDraft | None:
    """Stop a message that was only scheduled; return it as a new draft (None: nobody drafted it).

    Raises WrongState once its copies are being written: from then on it can only be stopped.
    """
    if is_drill(blast.subject):  # it is ended, and its guests hear so
        raise WrongState("message_not_in_state", f"blast {blast.id} is of a drill")
    drafted = session.get(MessageDraft, blast.id) or _dropped(session, blast)
    if blast.kind is BlastKind.CALL:
        take_back(session, blast, by=by, now=now)
    elif blast.kind is BlastKind.ACTION:
        take_action_back(session, blast, by=by, now=now)
    else:
        session.refresh(blast, with_for_update=True)
        if blast.kind is not BlastKind.NOTE or blast.state is not BlastState.SCHEDULED:
            raise WrongState("message_not_in_state", f"blast {blast.id} is {blast.state}")
        stop(session, blast, reason="taken_back", now=now)
        subject = f"message:{blast.id.hex}"
        audit.record(session, actor=by, action="message.take_back", subject=subject, now=now)
    drop_codes(session, CodeFor.UNDO, blast.id.hex)
    return None if drafted is None else again(session, drafted, by=Author(by.name, by.id), now=now)


def _dropped(session: Session, blast: Blast) -> MessageDraft | None:
    """Return what the console had drafted of a call that a program has sent."""
    return session.exec(
        select(MessageDraft)
        .where(MessageDraft.subject == blast.subject, MessageDraft.kind == blast.kind)
        .order_by(col(MessageDraft.made_at).desc())
        .limit(1)
    ).first()


def take_back(session: Session, blast: Blast, *, by: Viewer, now: datetime) -> Rally:
    """Stop a call that was only scheduled; return its rally, open to changes again if it was the first.

    Raises WrongState once its copies are being written: from then on it can only be stopped.
    """
    session.refresh(blast, with_for_update=True)  # the clock may be launching it at this moment
    if blast.kind is not BlastKind.CALL or blast.state is not BlastState.SCHEDULED:
        raise WrongState("message_not_in_state", f"blast {blast.id} is {blast.state}")
    rally = session.get_one(Rally, UUID(blast.subject.partition(":")[2]))
    stop(session, blast, reason="taken_back", now=now)
    if blast.chapter_id != rally.chapter_id:
        unjoin_unheard(session, rally, blast.chapter_id)
    elif not count_asked(session, [rally.subject]):  # nobody knows of it yet
        remove_seats(session, rally.subject)
        rally.state, rally.announced_at, rally.remind_at = RallyState.DRAFT, None, None
    session.add(rally)
    session.flush()
    audit.record(session, actor=by, action="rally.take_back", subject=rally.subject, now=now)
    return rally
