"""The worker: claim and commit, send with no session open, write down what came of it, commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import structlog
from sqlmodel import col, select

from service.chapters.tables import Sender
from service.clock import Clock
from service.db import Database
from service.errors import Unavailable
from service.outbox.claim import Claimed, claim, expire_what_is_late
from service.outbox.record import record_outcome
from service.people.tables import Person
from service.privacy.keyring import Keyring
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader
from service.sms.carrier import Carrier, Outcome, OutgoingText
from service.sms.signature import callback_url

log = structlog.get_logger()
T = TypeVar("T")

BATCH = 50
IDLE_SECONDS = 0.2
AFTER_TROUBLE_SECONDS = 2.0
LONGEST_VALIDITY_SECONDS = 36_000


@dataclass(frozen=True)
class Ready:
    """A claimed delivery, opened, as the carrier takes it."""

    claimed: Claimed
    text: OutgoingText


class Worker:
    """Sends what is due, until told to stop. The database work runs on one thread of its own."""

    def __init__(
        self, *, database: Database, keyring: Keyring, carrier: Carrier, clock: Clock,
        public_url: str,
    ) -> None:  # fmt: skip
        self._database = database
        self._keyring = keyring
        self._carrier = carrier
        self._clock = clock
        self._public_url = public_url
        self._reader = Reader(keyring, SYSTEM)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="outbox-db")

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`; what is in flight then is finished first."""
        while not stop.is_set():
            try:
                sent = await self.drain_once()
                pause = 0.0 if sent else IDLE_SECONDS
            except Unavailable as error:
                log.error("worker.database_unavailable", why=str(error))
                pause = AFTER_TROUBLE_SECONDS
            await _wait(stop, pause)
        await self._carrier.close()
        self._thread.shutdown()

    async def drain_once(self) -> int:
        """Claim a batch of every sender, send it, record it; return how many were claimed."""
        ready = await self._in_thread(self._claim)
        if not ready:
            return 0
        outcomes = await asyncio.gather(*(self._carrier.send(each.text) for each in ready))
        await self._in_thread(lambda: self._record(list(zip(ready, outcomes, strict=True))))
        return len(ready)

    def _claim(self) -> list[Ready]:
        now = self._clock.now()
        with self._database.write() as session:
            expire_what_is_late(session, now=now)
            senders = session.exec(select(Sender).where(~col(Sender.is_paused))).all()
            taken = [
                (sender, one)
                for sender in senders
                for one in claim(session, sender, limit=BATCH, now=now)
            ]
        self._reader.fetch_keys(one.person.sealed_phone() for _, one in taken)
        return [self._open(sender, one, now) for sender, one in taken]

    def _open(self, sender: Sender, one: Claimed, now: datetime) -> Ready:
        left = (one.delivery.not_after - now).total_seconds()
        mac = self._keyring.callback_mac(one.attempt_id)
        return Ready(
            one,
            OutgoingText(
                to=self._reader.show(one.person.sealed_phone()),
                body=self._body(one, one.person),
                sender_number=sender.number,
                messaging_service_sid=sender.messaging_service_sid,
                status_callback=callback_url(self._public_url, one.attempt_id.hex, mac),
                validity_seconds=max(1, min(int(left), LONGEST_VALIDITY_SECONDS)),
            ),
        )

    def _body(self, one: Claimed, person: Person) -> str:
        if one.wording is not None:
            return one.wording
        return self._reader.show(one.delivery.sealed_body(person.chapter_id))

    def _record(self, results: list[tuple[Ready, Outcome]]) -> None:
        now = self._clock.now()
        with self._database.write() as session:
            for ready, outcome in results:
                one = ready.claimed
                record_outcome(session, one.attempt_id, one.delivery.id, outcome, now=now)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), timeout=seconds or 0.001)
    except TimeoutError:
        return
