"""What was said in a thread, in both directions, as far back as is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from service.inbox.tables import Inbound
from service.inbox.threads import numbers_of
from service.outbox.tables import Delivery, Wording
from service.people.tables import Person
from service.privacy.read import Reader


@dataclass(frozen=True)
class Said:
    """One text. `inbound`: from the person; `delivery`: to them. `text` as the viewer sees it."""

    id: UUID
    at: datetime
    text: str
    inbound: Inbound | None = None
    delivery: Delivery | None = None


def history(
    session: Session,
    reader: Reader,
    person: Person,
    chapter_id: UUID,
    *,
    limit: int,
    before: UUID | None = None,
) -> list[Said]:
    """Return the newest texts from a person to a chapter and back, oldest of them first.

    before: the id of a text of theirs or ours; only what is older is returned.
    """
    theirs = select(Inbound).where(
        Inbound.person_id == person.id, col(Inbound.sender_id).in_(numbers_of(chapter_id))
    )
    ours = (
        select(Delivery, Wording)
        .join(Wording, col(Wording.id) == Delivery.wording_id, isouter=True)
        .where(Delivery.person_id == person.id, col(Delivery.sender_id).in_(numbers_of(chapter_id)))
    )
    if before is not None:
        theirs, ours = theirs.where(col(Inbound.id) < before), ours.where(col(Delivery.id) < before)
    came = session.exec(theirs.order_by(col(Inbound.id).desc()).limit(limit)).all()
    went = session.exec(ours.order_by(col(Delivery.id).desc()).limit(limit)).all()
    said = [
        Said(text.id, text.received_at, reader.show(text.sealed_text(chapter_id)), inbound=text)
        for text in came
    ]
    for delivery, wording in went:
        body = wording.body if wording else reader.show(delivery.sealed_body(chapter_id))
        said.append(Said(delivery.id, delivery.created_at, body, delivery=delivery))
    newest = sorted(said, key=lambda one: one.id)[-limit:]
    return sorted(newest, key=lambda one: (one.at, one.id))
