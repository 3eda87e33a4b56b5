"""Pause, resume, stop or retry what is being sent. In force at the next claim."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from service.blasts.tables import Blast, BlastState
from service.errors import WrongState
from service.outbox.again import try_again
from service.outbox.gate import set_gate, withdraw_behind
from service.outbox.tables import GateState

NOT_YET_OUT = (BlastState.SCHEDULED, BlastState.PLANNING, BlastState.SENDING, BlastState.PAUSED)


def pause(session: Session, blast: Blast) -> None:
    """Hold back what has not left yet. Raises WrongState."""
    _refuse_unless(blast, BlastState.SENDING)
    blast.state = BlastState.PAUSED
    set_gate(session, blast.id, GateState.PAUSED)
    session.add(blast)


def resume(session: Session, blast: Blast) -> None:
    """Go on after a pause. Raises WrongState."""
    _refuse_unless(blast, BlastState.PAUSED)
    blast.state = BlastState.SENDING
    set_gate(session, blast.id, GateState.OPEN)
    session.add(blast)


def stop(
    session: Session, blast: Blast, *, reason: str, now: datetime, by: str | None = None
) -> int:
    """Send no more of it, for good; return how many were still waiting. Raises WrongState."""
    _refuse_unless(blast, *NOT_YET_OUT)
    blast.state, blast.stop_reason, blast.ended_at = BlastState.STOPPED, reason, now
    blast.ended_by = by
    set_gate(session, blast.id, GateState.STOPPED)
    session.add(blast)
    return withdraw_behind(session, blast.id, reason=reason, now=now)


def retry_failed(session: Session, blast: Blast, *, now: datetime) -> int:
    """Try those again whose failure may pass; return how many. Nobody is texted twice by it.

    Raises WrongState when it was stopped or is not out yet, comes too late, or nothing is left to try.
    """
    _refuse_unless(blast, BlastState.SENDING, BlastState.SENT)
    if blast.not_after <= now:
        raise WrongState("too_late_to_retry", f"blast {blast.id} was good until {blast.not_after}")
    many = try_again(session, blast.id, now=now)
    if many == 0:
        raise WrongState("nothing_to_retry", f"blast {blast.id}")
    blast.state, blast.ended_at = BlastState.SENDING, None
    session.add(blast)
    session.flush()
    return many


def held(session: Session, blast: Blast) -> Blast:
    """Return the blast as it is now, held until the end of this transaction: organizers take turns."""
    session.refresh(blast, with_for_update=True)
    return blast


def _refuse_unless(blast: Blast, *states: BlastState) -> None:
    if blast.state not in states:
        raise WrongState("message_not_in_state", f"blast {blast.id} is {blast.state}")
