"""Place calls that are due: claim and commit, one request each, write down what came of it.

A call that was handed over, or of which nobody knows whether it was, is never placed again: whoever
planned it plans another for the next reason.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement
from sqlmodel import Session, col, exists, or_, select, update

from service.calls.rules import moved
from service.calls.tables import CallState, VoiceCall
from service.chapters.tables import Sender
from service.clock import Clock, monotonic_seconds
from service.db import Database
from service.errors import Unavailable
from service.outbox.advance import notice
from service.outbox.events import Timing
from service.outbox.open import CannotOpen, Opener
from service.outbox.tables import DRILL, DrillGuest
from service.people.tables import Consent, Person
from service.privacy.keyring import Keyring
from service.sms.carrier import (
    Accepted,
    InDoubt,
    NeverSent,
    NotWritten,
    Outcome,
    OutgoingCall,
    Refused,
    TooFast,
    Voice,
)
from service.sms.voice import callback_url

log = structlog.get_logger()

MOST_AT_ONCE = 10
RING_SECONDS = 25  # shorter than most voicemail waits
LOOK_SECONDS = 0.5
AGAIN_AFTER = timedelta(seconds=5)


@dataclass
class CallParts:
    """What it takes to place calls."""

    database: Database
    keyring: Keyring
    voice: Voice
    clock: Clock
    public_url: str
    timing: Timing = field(default_factory=Timing)


class Ready(NamedTuple):
    """A claimed call, opened, as the carrier takes it. `deadline`: monotonic seconds."""

    call_id: UUID
    call: OutgoingCall
    deadline: float


class Caller:
    """Places what is due, until told to stop."""

    def __init__(self, parts: CallParts) -> None:
        self._p = parts
        self._opener = Opener(parts.keyring)

    async def run(self, stop: asyncio.Event) -> None:
        """Place calls until `stop`; a failed turn is logged and tried again."""
        loop = asyncio.get_running_loop()
        news = asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(news.set)

        self._p.database.bell.listen(wake)
        try:
            while not stop.is_set():
                news.clear()
                try:
                    await self.place_once()
                except Exception as error:  # noqa: BLE001  (a caller outlives any one turn)
                    why = str(error) if isinstance(error, Unavailable) else ""
                    log.error("caller.turn_failed", kind=type(error).__name__, why=why)
                await _first_of(news, stop)
        finally:
            await self.close()

    async def close(self) -> None:
        """Let the carrier's connections go."""
        await self._p.voice.close()

    async def place_once(self) -> int:
        """Claim what is due, place it, write it down; return how many were claimed."""
        ready = await asyncio.to_thread(self._claim)
        if not ready:
            return 0
        outcomes = await asyncio.gather(*(self._place(one) for one in ready))
        results = [(one.call_id, outcome) for one, outcome in zip(ready, outcomes, strict=True)]
        await asyncio.to_thread(self._record, results)
        return len(ready)

    async def _place(self, one: Ready) -> Outcome:
        try:
            return await self._p.voice.place(one.call, deadline=one.deadline)
        except Exception as error:  # noqa: BLE001  (who knows how far it came)
            log.error("caller.place_failed", call=str(one.call_id), kind=type(error).__name__)
            return InDoubt(type(error).__name__)

    # --- on a thread ---

    def _claim(self) -> list[Ready]:
        p, now = self._p, self._p.clock.now()
        with p.database.read() as session:
            if not _is_work(session, now, now - p.timing.lease):
                return []
        deadline = monotonic_seconds() + p.timing.post_within.total_seconds()
        with p.database.write() as session:
            tidy(session, now=now, lease=p.timing.lease)
            return [
                ready
                for call in claim(session, now=now)
                if (ready := self._open(session, call, deadline, now)) is not None
            ]

    def _open(
        self, session: Session, call: VoiceCall, deadline: float, now: datetime
    ) -> Ready | None:
        person = session.get_one(Person, call.person_id)
        try:
            to, _ = self._opener.open(person.sealed_phone(), call.sealed_says(person.chapter_id))
        except CannotOpen:
            _fail(session, call, "cannot_open", now)
            return None
        mac = self._p.keyring.callback_mac(call.id)
        return Ready(
            call.id,
            OutgoingCall(
                to=to,
                sender_number=session.get_one(Sender, call.sender_id).number,
                url=callback_url(self._p.public_url, "", call.id.hex, mac),
                status_callback=callback_url(self._p.public_url, "/status", call.id.hex, mac),
                ring_seconds=RING_SECONDS,
            ),
            deadline,
        )

    def _record(self, results: list[tuple[UUID, Outcome]]) -> None:
        with self._p.database.write() as session:
            for call_id, outcome in results:
                record(session, call_id, outcome, now=self._p.clock.now())


def _is_work(session: Session, now: datetime, lease_over: datetime) -> bool:
    planned = select(VoiceCall.id).where(
        VoiceCall.state == CallState.PLANNED, VoiceCall.not_before <= now
    )
    stuck = select(VoiceCall.id).where(
        VoiceCall.state == CallState.PLACING, col(VoiceCall.placing_at) <= lease_over
    )
    return any(session.exec(query.limit(1)).first() is not None for query in (planned, stuck))


def claim(session: Session, *, now: datetime) -> list[VoiceCall]:
    """Take calls that are due, oldest first. Nothing may be placed before the commit."""
    due = session.exec(
        select(VoiceCall)
        .where(
            VoiceCall.state == CallState.PLANNED,
            VoiceCall.not_before <= now,
            VoiceCall.not_after > now,
            _may_be_rung(),
        )
        .order_by(col(VoiceCall.not_before), col(VoiceCall.id))
        .limit(MOST_AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    for call in due:
        call.state, call.placing_at, call.changed_at = CallState.PLACING, now, now
        session.add(call)
    session.flush()
    return list(due)


def _may_be_rung() -> ColumnElement[bool]:
    """Hold a drill's calls to its guests, and to those of them who get our texts."""
    is_guest = exists().where(
        col(DrillGuest.person_id) == VoiceCall.person_id,
        col(Person.id) == VoiceCall.person_id,
        col(Person.consent) == Consent.ACTIVE,
    )
    return or_(~col(VoiceCall.subject).startswith(DRILL), is_guest)


def tidy(session: Session, *, now: datetime, lease: timedelta) -> None:
    """Note what was claimed and never written down, and what has lost its use."""
    session.exec(
        update(VoiceCall)
        .where(col(VoiceCall.state) == CallState.PLACING, col(VoiceCall.placing_at) <= now - lease)
        .values(state=CallState.IN_DOUBT, reason="no answer was written down", changed_at=now)
    )
    session.exec(
        update(VoiceCall)
        .where(col(VoiceCall.state) == CallState.PLANNED, col(VoiceCall.not_after) <= now)
        .values(state=CallState.EXPIRED, reason="too_late", changed_at=now)
    )


def record(session: Session, call_id: UUID, outcome: Outcome, *, now: datetime) -> None:
    """Write down what the carrier answered. Safe to repeat; news that came first is kept."""
    call = session.get_one(VoiceCall, call_id, with_for_update=True, populate_existing=True)
    was_placing = call.state in (CallState.PLACING, CallState.IN_DOUBT)
    match outcome:
        case Accepted(sid=sid):
            call.sid = call.sid or sid
            call.state = moved(call.state, CallState.PLACED)
        case Refused(code=code) if was_placing:
            _fail(session, call, str(code), now)
        case NeverSent() | NotWritten() | TooFast() if call.state is CallState.PLACING:
            call.state, call.not_before = CallState.PLANNED, now + AGAIN_AFTER
            call.reason = type(outcome).__name__
        case InDoubt(why=why) if was_placing:
            call.state, call.reason = CallState.IN_DOUBT, why[:60]
    call.changed_at = now
    session.add(call)


def _fail(session: Session, call: VoiceCall, reason: str, now: datetime) -> None:
    call.state, call.reason, call.changed_at = CallState.FAILED, reason, now
    session.add(call)
    code = int(reason) if reason.isdecimal() else 0
    notice(session, "call_failed", code, call.subject, now)


async def _first_of(news: asyncio.Event, stop: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(news.wait()), asyncio.ensure_future(stop.wait())]
    try:
        await asyncio.wait(waits, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
