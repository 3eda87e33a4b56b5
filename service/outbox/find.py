"""Find a text by the reason for which it was written."""

from __future__ import annotations

from sqlmodel import Session, select

from service.outbox.tables import Delivery, State

MAY_HAVE_ARRIVED = (
    State.SUBMITTING, State.IN_DOUBT, State.ACCEPTED, State.SENT, State.DELIVERED,
)  # fmt: skip


def may_have_arrived(session: Session, once_key: str) -> bool:
    """Return whether the text with this key has left, as far as we know, and was not refused."""
    query = select(Delivery.state).where(Delivery.once_key == once_key)
    return session.exec(query).first() in MAY_HAVE_ARRIVED
