"""Who did what, written once and never changed: each line carries the hash of the one before."""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlmodel import Field, Session, col, select, update

from service.db import Table, new_id
from service.privacy.policy import Viewer

GENESIS = "0" * 64


class AuditLine(Table, table=True):
    """One reveal, approval, send or sign-in. Append only."""

    __tablename__ = "audit"
    id: UUID = Field(primary_key=True)
    number: int = Field(unique=True)
    at: datetime
    actor: str
    actor_id: UUID | None = None
    action: str
    subject: str
    detail: str = ""
    previous_hash: str
    hash: str


class AuditHead(Table, table=True):
    """The newest line's number and hash: one row, made by the first migration."""

    __tablename__ = "audit_head"
    id: int = Field(primary_key=True)
    number: int
    hash: str


def record(
    session: Session, *, actor: Viewer, action: str, subject: str, now: datetime, detail: str = ""
) -> None:
    """Append a line in the caller's transaction.

    subject: "person:<id>", "checkin:<id>" and the like. detail: a reason or a count; no number,
    no name, no text of a message.
    """
    session.exec(
        update(AuditHead).where(col(AuditHead.id) == 1).values(number=AuditHead.number + 1)
    )
    # The update above holds the row: whoever else writes a line waits here for its turn.
    head = session.exec(select(AuditHead).execution_options(populate_existing=True)).one()
    line = AuditLine(
        id=new_id(),
        number=head.number,
        at=now,
        actor=actor.name,
        actor_id=actor.id,
        action=action,
        subject=subject,
        detail=detail,
        previous_hash=head.hash,
        hash="",
    )
    line.hash = head.hash = _hash(line)
    session.add(line)
    session.flush()


def first_broken(session: Session) -> int | None:
    """Return the number of the first line that was changed, removed or slipped in; None if none."""
    previous, expected = GENESIS, 1
    for line in session.exec(select(AuditLine).order_by(col(AuditLine.number))):
        if line.number != expected or line.previous_hash != previous or line.hash != _hash(line):
            return expected
        previous, expected = line.hash, expected + 1
    head = session.get(AuditHead, 1)
    if head is not None and (head.hash != previous or head.number != expected - 1):
        return expected
    return None


def _hash(line: AuditLine) -> str:
    facts = [
        line.number, line.at.isoformat(), line.actor, str(line.actor_id), line.action,
        line.subject, line.detail, line.previous_hash,
    ]  # fmt: skip
    return sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()
