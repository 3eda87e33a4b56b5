"""What there is about one appointment, and about one alarm: how texts name it, and what they said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session, and_, col, select, update

from service.calls.tables import CallState, VoiceCall
from service.checkins.safety.find import safety_of_checkin
from service.checkins.safety.tables import SafetyCheck
from service.checkins.tables import CheckIn, Relay, SheetLink
from service.inbox.tables import Inbound
from service.outbox.drill import named_like
from service.outbox.tables import WAITING, Delivery

LOOSE = {"synchronize_session": False}
TO_RING = (CallState.PLANNED, CallState.PLACING)


@dataclass(frozen=True)
class Day:
    """What there is about one appointment. subjects: how texts name it.

    marks: the ids, as hex, by which the reason for a text tells that it was about it.
    """

    check: SafetyCheck | None
    subjects: list[str]
    marks: frozenset[str]


def day_of(session: Session, checkin: CheckIn) -> Day:
    """Return what there is about an appointment, practised or real."""
    check = safety_of_checkin(session, checkin.id)
    subjects = [checkin.subject, *(checkin.about(what) for what in ("outcome", "ride"))]
    marks = {checkin.id}
    if check is not None:
        subjects.append(check.own_subject)
        marks.add(check.id)
    relays = session.exec(select(Relay).where(Relay.checkin_id == checkin.id)).all()
    links = session.exec(select(SheetLink).where(SheetLink.checkin_id == checkin.id)).all()
    carried = [one.subject for one in relays] + [one.subject for one in links]
    subjects += [named_like(checkin.subject, name) for name in carried]
    marks |= set(session.exec(select(Inbound.id).where(col(Inbound.subject).in_(subjects))))
    return Day(check, subjects, frozenset(mark.hex for mark in marks))


def forget_what_was_said(session: Session, subjects: list[str], *, now: datetime) -> None:
    """That texts were sent and came, and that phones rang, stays; what they said does not."""
    texts, calls = ~still_to_be_sent(now), ~still_to_ring(now)
    for about, emptied in (
        (col(Delivery.subject), update(Delivery).where(texts).values(body_sealed=None)),
        (col(Inbound.subject), update(Inbound).values(text_sealed=b"")),
        (col(VoiceCall.subject), update(VoiceCall).where(calls).values(says_sealed=b"")),
    ):
        session.exec(emptied.where(about.in_(subjects)).execution_options(**LOOSE))


def still_to_be_sent(now: datetime) -> ColumnElement[bool]:
    """What is on its way to somebody, and must keep its words until it is there."""
    return and_(col(Delivery.state).in_(WAITING), col(Delivery.not_after) > now)


def still_to_ring(now: datetime) -> ColumnElement[bool]:
    """The same for calls."""
    return and_(col(VoiceCall.state).in_(TO_RING), col(VoiceCall.not_after) > now)
