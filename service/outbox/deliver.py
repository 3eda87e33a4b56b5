"""The worker: claim and commit, send with no session open, write down what came of it, commit.

One thread does the database's work: in one transaction it writes down the answers that have come in
and claims the next texts. Meanwhile the loop keeps requests in flight. A claim is never larger than
what can be written within two seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import structlog
from sqlmodel import Session, col, select

from service.chapters.tables import Sender
from service.clock import Clock, monotonic_seconds
from service.db import Database
from service.errors import Unavailable
from service.outbox.advance import Rules, park
from service.outbox.claim import Claimed, claim, expire_what_is_late
from service.outbox.events import At, Timing
from service.outbox.open import CannotOpen, Opener
from service.outbox.record import Result, record
from service.outbox.settle import note_leases_over, settle
from service.privacy.keyring import Keyring
from service.sms.carrier import (
    Carrier,
    Directory,
    InDoubt,
    NeverSent,
    NotWritten,
    Outcome,
    OutgoingText,
)
from service.sms.signature import callback_url

log = structlog.get_logger()
T = TypeVar("T")

MOST_CLAIMED = 1000
MOST_TRIES = 5  # to open a text whose opening fails for a reason nobody foresaw
IDLE_SECONDS = 0.05
REST_SECONDS = 0.25
AFTER_TROUBLE_SECONDS = 1.0
EXPIRE_EVERY_SECONDS = 5.0
LONGEST_VALIDITY_SECONDS = 36_000


class Ready(NamedTuple):
    """A claimed delivery, opened, as the carrier takes it. `deadline`: monotonic seconds."""

    claimed: Claimed
    text: OutgoingText
    deadline: float


@dataclass
class Parts:
    """What a worker works with."""

    database: Database
    keyring: Keyring
    carrier: Carrier
    directory: Directory
    clock: Clock
    public_url: str
    connections: int = 10
    timing: Timing = field(default_factory=Timing)
    rules: Rules = field(default_factory=Rules)


class Worker:
    """Sends what is due, until told to stop."""

    def __init__(self, parts: Parts) -> None:
        self._p = parts
        self._opener = Opener(parts.keyring)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="outbox-db")
        self._queue: asyncio.Queue[Ready] = asyncio.Queue()
        self._results: list[Result] = []
        self._news = asyncio.Event()
        self._enough = asyncio.Event()  # to rest: half of what was queued has been sent, or the end
        self._low_at = -1
        self._in_flight = 0
        self._per_second = float(parts.connections)
        self._counted_at = monotonic_seconds()
        self._expired_at = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`; then finish what is in flight and give the rest back."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(self._news.set)

        self._p.database.bell.listen(wake)
        senders = [asyncio.create_task(self._send()) for _ in range(self._p.connections)]
        settling = asyncio.create_task(self._settle(stop))
        ending = asyncio.create_task(self._end_rest(stop))
        try:
            while not stop.is_set():
                room = self._room()
                taken = await self._turn_safely(room)
                if not stop.is_set():
                    await self._rest(taken, room)
            self._give_back()
            while self._in_flight or self._results:
                await self._turn_safely(0)
                await _wait_for(self._news, IDLE_SECONDS)
        finally:
            for task in (*senders, settling, ending):
                task.cancel()
            await asyncio.gather(*senders, settling, ending, return_exceptions=True)
            await self._p.carrier.close()
            self._thread.shutdown()

    async def drain_once(self) -> int:
        """Claim one batch, send it, write it down; return how many were claimed. For tests."""
        ready = await self._in_thread(lambda: self._turn([], MOST_CLAIMED))
        results = [
            (one.claimed.attempt_id, one.claimed.delivery_id, await self._post(one))
            for one in ready
        ]
        results, self._results = results + self._results, []
        await self._in_thread(lambda: self._turn(results, 0))
        return len(ready)

    # --- the loop ---

    async def _turn_safely(self, room: int) -> int:
        """Do one turn with the database; return how many texts may now be sent.

        Where it fails, the answers wait for the next one.
        """
        self._news.clear()
        results, self._results = self._results, []
        self._note_speed(results)
        try:
            ready = await self._in_thread(lambda: self._turn(results, room))
        except Exception as error:  # noqa: BLE001  (a worker outlives any one turn)
            log.error("worker.turn_failed", kind=type(error).__name__, why=_why(error))
            if not isinstance(error, Unavailable):
                results = await self._in_thread(lambda: self._record_singly(results))
            self._results = results + self._results
            await asyncio.sleep(AFTER_TROUBLE_SECONDS)
            return 0
        for one in ready:
            self._queue.put_nowait(one)
        return len(ready)

    async def _rest(self, taken: int, room: int) -> None:
        """Wait before the next turn: a turn costs much the same for a few texts and for many."""
        if taken == 0 and not self._results:
            await _wait_for(self._news, IDLE_SECONDS)
            return
        self._enough.clear()
        if taken >= room:  # there is more: until half of what is queued has been sent
            self._low_at = self._queue.qsize() // 2
            await _wait_for(self._enough, REST_SECONDS)
        else:  # all that may go now has been taken
            self._low_at = -1
            await _wait_for(self._enough, IDLE_SECONDS)

    def _room(self) -> int:
        """Return how many more texts are sure to be written within two seconds."""
        soon = self._per_second * self._p.timing.post_within.total_seconds() / 4
        free = self._p.connections - self._in_flight
        return int(min(MOST_CLAIMED, max(free, soon) - self._queue.qsize()))

    def _note_speed(self, results: list[Result]) -> None:
        """Learn how many texts a second are written, from the answers since the last turn.

        Time without work does not count, nor does what was only dropped: whoever takes that for
        speed claims ever more than can be written, and then writes nothing at all.
        """
        now = monotonic_seconds()
        sent = sum(not isinstance(outcome, NotWritten) for _, _, outcome in results)
        if sent:
            measured = sent / max(0.001, now - self._counted_at)
            self._per_second = 0.7 * self._per_second + 0.3 * measured
        if sent or not (self._in_flight or self._queue.qsize()):
            self._counted_at = now

    async def _send(self) -> None:
        while True:
            one = await self._queue.get()
            if self._queue.qsize() <= self._low_at:
                self._enough.set()
            self._in_flight += 1
            try:
                outcome = await self._post(one)
            finally:
                self._in_flight -= 1
            self._results.append((one.claimed.attempt_id, one.claimed.delivery_id, outcome))
            self._news.set()

    async def _post(self, one: Ready) -> Outcome:
        if monotonic_seconds() > one.deadline:  # it waited too long for its turn
            return NotWritten()
        try:
            return await self._p.carrier.send(one.text, deadline=one.deadline)
        except Exception as error:  # noqa: BLE001
            # A carrier raises nothing. If one does, who knows how far it came: one text is in
            # doubt, and the others go on.
            log.error(
                "worker.send_failed", attempt=str(one.claimed.attempt_id), kind=type(error).__name__
            )
            return InDoubt(type(error).__name__)

    def _give_back(self) -> None:
        """Hand back what was claimed and not begun."""
        while not self._queue.empty():
            one = self._queue.get_nowait()
            self._results.append((one.claimed.attempt_id, one.claimed.delivery_id, NotWritten()))

    async def _end_rest(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._enough.set()
        self._news.set()

    async def _settle(self, stop: asyncio.Event) -> None:
        """Now and then look after what is in doubt, on a thread of its own."""
        pause = self._p.timing.look_every.total_seconds() / 4
        while not stop.is_set():
            try:
                await asyncio.to_thread(self._settle_once)
            except Exception as error:  # noqa: BLE001  (and any one search)
                log.error("worker.settle_failed", kind=type(error).__name__, why=_why(error))
            await _wait_for(stop, pause)

    def _settle_once(self) -> None:
        p, at = self._p, self._at()
        note_leases_over(p.database, at, p.rules)
        settle(p.database, self._opener, p.directory, at, p.rules)

    # --- on the database's thread ---

    def _turn(self, results: list[Result], room: int) -> list[Ready]:
        """Write answers down and claim anew, in one transaction; return what may now be sent."""
        if not results and room < 1:
            return []
        # Read first: the attempt's own start is never later than what its deadline counts from.
        deadline = monotonic_seconds() + self._p.timing.post_within.total_seconds()
        at = self._at()
        with self._p.database.write() as session:
            record(session, results, at, self._p.rules)
            if room < 1:
                return []
            self._expire(session, at)
            # Always in one order: workers that take turns at several senders do not deadlock.
            senders = session.exec(
                select(Sender).where(~col(Sender.is_paused)).order_by(col(Sender.id))
            ).all()
            taken: list[tuple[Sender, Claimed]] = []
            for sender in senders:
                room_left = room - len(taken)
                taken += [
                    (sender, one) for one in claim(session, sender, limit=room_left, now=at.now)
                ]
        with contextlib.suppress(Unavailable):  # then one by one, where each can be put aside
            self._opener.fetch_keys(one.person_id for _, one in taken)
        return [
            ready
            for sender, one in taken
            if (ready := self._open_safely(sender, one, at, deadline)) is not None
        ]

    def _record_singly(self, results: list[Result]) -> list[Result]:
        """Write answers down one by one; return those that the database could not take.

        One that can't be written down at all is left out: its lease runs out, and what became of
        it is found like that of any text in doubt.
        """
        left: list[Result] = []
        for result in results:
            try:
                with self._p.database.write() as session:
                    record(session, [result], self._at(), self._p.rules)
            except Unavailable:
                left.append(result)
            except Exception as error:  # noqa: BLE001  (the others are written down)
                log.error("worker.cannot_record", attempt=str(result[0]), kind=type(error).__name__)
        return left

    def _expire(self, session: Session, at: At) -> None:
        if monotonic_seconds() - self._expired_at > EXPIRE_EVERY_SECONDS:
            expire_what_is_late(session, now=at.now)
            self._expired_at = monotonic_seconds()

    def _open_safely(self, sender: Sender, one: Claimed, at: At, deadline: float) -> Ready | None:
        try:
            return self._open(sender, one, at, deadline)
        except Exception as error:  # noqa: BLE001  (the others of its batch go on)
            log.error(
                "worker.cannot_open", delivery=str(one.delivery_id), kind=type(error).__name__
            )
            self._put_aside(one, error, at)
            return None

    def _put_aside(self, one: Claimed, error: Exception, at: At) -> None:
        """Park what can never be opened; what may open later goes back, not a byte was written."""
        is_tired = one.tries >= MOST_TRIES and not isinstance(error, Unavailable)
        with contextlib.suppress(Unavailable):
            if isinstance(error, CannotOpen) or is_tired:
                with self._p.database.write() as session:
                    park(session, one.attempt_id, reason="cannot_open", now=at.now)
                return
        result = one.attempt_id, one.delivery_id, NeverSent(type(error).__name__)
        self._results.append(result)

    def _open(self, sender: Sender, one: Claimed, at: At, deadline: float) -> Ready:
        body = one.body() if one.wording is None else one.wording
        to, text = self._opener.open(one.phone(), body)
        left = int((one.not_after - at.now).total_seconds())
        mac = self._p.keyring.callback_mac(one.attempt_id)
        outgoing = OutgoingText(
            to=to,
            body=text,
            sender_number=sender.number,
            messaging_service_sid=sender.messaging_service_sid,
            status_callback=callback_url(self._p.public_url, one.attempt_id.hex, mac),
            validity_seconds=max(1, min(left, LONGEST_VALIDITY_SECONDS)),
        )
        return Ready(one, outgoing, deadline)

    def _at(self) -> At:
        return At(self._p.clock.now(), random.random(), self._p.timing)  # noqa: S311  (jitter)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _why(error: Exception) -> str:
    """Return an error's own words where they are ours; others may quote what they were given."""
    return str(error) if isinstance(error, Unavailable) else ""


async def _wait_for(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), timeout=seconds)
    except TimeoutError:
        return
