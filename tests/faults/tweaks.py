"""Changes to one process: safeguards taken out, or parts made slow. Applied in the child, before its
parts are made; the code on disk and the other processes stay as they are.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import aiohttp
from fastapi import FastAPI
from sqlalchemy import Engine, event
from sqlalchemy.engine import Connection
from sqlmodel import Session, col, text, update

import service.cli.processes
import service.wiring
from schedules import lead
from service.chapters.tables import Sender
from service.checkins import move
from service.db import Database
from service.db import database as database_room
from service.errors import Unavailable
from service.outbox import claim as claiming
from service.outbox import deliver, step
from service.outbox.claim import Claimed
from service.outbox.deliver import Worker
from service.outbox.events import At, Close, Reported
from service.outbox.record import Result as Answer
from service.outbox.step import Life, Result
from service.outbox.tables import Attempt, Delivery, State
from service.replies import receive
from service.rsvps import respond
from service.rsvps.tables import Seat
from service.sms import post
from service.sms.carrier import Accepted, Carrier, Outcome, OutgoingText
from service.sms.signature import Signatures
from service.web import session as web_session
from service.web.api import problems
from service.web.webhooks import inbound
from service.wiring import Wiring

T = TypeVar("T")
MOST_PAGES = 1_000_000


def both(*tweaks: Callable[[], None]) -> None:
    """Apply several."""
    for tweak in tweaks:
        tweak()


def _put(where: object, name: str, what: object) -> None:
    setattr(where, name, what)


# --- slow parts ------------------------------------------------------------------------------------


class Dawdling:
    """A carrier line that waits before it begins, within the time that a claim allows."""

    def __init__(self, inner: Carrier, seconds: float) -> None:
        self._inner, self._seconds = inner, seconds

    async def send(self, text: OutgoingText, *, deadline: float) -> Outcome:
        await asyncio.sleep(self._seconds)
        return await self._inner.send(text, deadline=deadline)

    async def close(self) -> None:
        await self._inner.close()


def dawdle(seconds: float) -> None:
    """Let the worker wait so long between a claim and its request."""

    def make_worker(wiring: Wiring) -> Worker:
        parts = service.wiring.make_parts(wiring)
        return Worker(dataclasses.replace(parts, carrier=Dawdling(parts.carrier, seconds)))

    _put(service.cli.processes, "make_worker", make_worker)


# --- safeguards taken out --------------------------------------------------------------------------


def blind_retry() -> None:
    """What looks natural: no answer means "send it again"."""

    def in_doubt(life: Life, why: str, at: At) -> Result:
        return step._again(life, why, "sent again", at.now)

    _put(step, "_in_doubt", in_doubt)


def belief() -> None:
    """What also looks natural: no answer means "it will have arrived"."""

    def in_doubt(life: Life, _why: str, _at: At) -> Result:
        return step._accept(life, f"SM{life.started_at.timestamp()}{id(life)}")

    _put(step, "_in_doubt", in_doubt)


def no_two_second_rule() -> None:
    """Write a request however long ago it was claimed."""
    _put(post, "_Request", aiohttp.ClientRequest)


def no_waiting_before_the_answer() -> None:
    """Confirm an opt-out as soon as it is written down."""

    async def at_once(*_: object) -> None:
        return

    _put(inbound, "_until_nothing_leaves", at_once)


def no_second_look_at_consent() -> None:
    """Believe what was true when the message was launched."""
    choice = claiming._CHOICE
    start, end = choice.index("and (p.consent"), choice.index("and not p.is_unreachable")
    _put(claiming, "_CHOICE", choice[:start] + choice[end:])


def no_withdrawal() -> None:
    """Leave what waits for somebody who opts out."""

    def nothing(*_: object, **__: object) -> int:
        return 0

    _put(receive, "withdraw_person", nothing)


def look_then_take() -> None:
    """Take a place if there was one a moment ago: what looks natural, and sells the last seat twice."""

    def take(session: Session, seat_id: UUID, places: int) -> bool:
        now = session.get_one(Seat, seat_id, populate_existing=True)
        if now.capacity is not None and now.taken + places > now.capacity:
            return False
        more = update(Seat).where(col(Seat.id) == seat_id).values(taken=col(Seat.taken) + places)
        session.execute(more)
        return True

    _put(respond, "take_places", take)


def always_room() -> None:
    """Let everybody who says yes come in."""

    def take(*_: object) -> bool:
        return True

    _put(respond, "take_places", take)


def question_stays_behind() -> None:
    """Move an appointment without the question that is asked after it."""

    def stay(*_: object) -> None:
        return

    _put(move, "follow", stay)


def nothing_given_back() -> None:
    """End without a word about what was claimed and not begun."""

    def forget(worker: Worker) -> None:
        while not worker._queue.empty():
            worker._queue.get_nowait()

    _put(Worker, "_give_back", forget)


def no_signatures() -> None:
    """Believe every webhook."""

    def is_valid(*_: object) -> bool:
        return True

    _put(Signatures, "is_valid", is_valid)


def no_stand_by() -> None:
    """Tick whether or not another clock does."""

    class Always:
        def __init__(self, _url: object) -> None:
            pass

        def take(self) -> bool:
            return True

        def wait_for_loss(self, seconds: float) -> bool:
            time.sleep(seconds)
            return False

        def release(self) -> None:
            return

    _put(lead, "make_lock", Always)


def claims_in_memory() -> None:
    """Remember what was claimed in the process alone: nothing of it is written down."""
    mine: dict[UUID, Claimed] = {}
    real = claiming.claim

    def claim(session: Session, sender: Sender, *, limit: int, now: datetime) -> list[Claimed]:
        taken = real(session, sender, limit=limit, now=now)
        ids = [one.delivery_id for one in taken]
        undo = update(Delivery).where(col(Delivery.id).in_(ids)).values(state=State.PLANNED)
        session.execute(undo)
        tries = [one.attempt_id for one in taken]
        session.execute(update(Attempt).where(col(Attempt.id).in_(tries)).values(is_open=False))
        new = [one for one in taken if one.delivery_id not in mine]
        mine.update({one.delivery_id: one for one in new})
        return new

    def record(session: Session, results: Sequence[Answer], at: At, _rules: object) -> None:
        for _, delivery_id, outcome in results:
            if isinstance(outcome, Accepted):
                done = {"state": State.ACCEPTED, "sid": outcome.sid, "changed_at": at.now}
                session.execute(
                    update(Delivery).where(col(Delivery.id) == delivery_id).values(**done)
                )
            else:
                mine.pop(delivery_id, None)

    _put(deliver, "claim", claim)
    _put(deliver, "record", record)


def last_receipt_counts() -> None:
    """Believe whatever the carrier said last."""

    def reported(life: Life, news: Reported, _at: At) -> Result:
        after = dataclasses.replace(life, state=news.state, sid=news.sid, is_open=False)
        return after, (Close("accepted", news.sid),)

    _put(step, "_reported", reported)


def no_parking() -> None:
    """Let what cannot be opened fail the whole batch, each time."""
    _put(Worker, "_open_safely", Worker._open)


def no_unique_reasons(database: Database) -> None:
    """Let the same reason write a text again and again (PostgreSQL)."""
    with database.write() as session:
        session.execute(text("alter table delivery drop constraint uq_delivery_once_key"))


def bad_values_not_foreseen() -> None:
    """Fail at whatever a request says wrong."""

    def read(*_: object) -> None:
        raise KeyError("not foreseen")

    _put(problems, "_read", read)


def answer_200_whatever_happens() -> None:
    """Tell the carrier that a text was taken in, whether or not it could be written down."""
    real = web_session.write_in_turn

    async def write(app: FastAPI, work: Callable[[Session], T]) -> T | None:
        try:
            return await real(app, work)
        except Unavailable:
            return None

    _put(inbound, "write_in_turn", write)


# --- a disk with little room -----------------------------------------------------------------------


def small_disk(full: Path) -> None:
    """Let a SQLite file not grow by a page while the file `full` exists."""
    real = database_room._sqlite_engine

    def make(url: str, begin: str, cache_kib: int) -> Engine:
        engine = real(url, begin, cache_kib)

        @event.listens_for(engine, "begin", insert=True)
        def limit(connection: Connection) -> None:
            pages = 1 if full.exists() else MOST_PAGES  # never below what it has
            connection.exec_driver_sql(f"pragma max_page_count = {pages}")

        return engine

    _put(database_room, "_sqlite_engine", make)
