"""Take a message from queued to its end, and tell its status callback on the way."""

from __future__ import annotations

import functools
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.sandbox.agenda import Agenda
from service.sandbox.clock import SandboxClock
from service.sandbox.config import Config
from service.sandbox.faults import CALLBACK, Faults, Rule
from service.sandbox.ledger import Ledger
from service.sandbox.messages import API_VERSION, Message
from service.sandbox.phones import Phones
from service.sandbox.webhooks import Webhooks

OUTCOME = frozenset({"outcome"})
REORDERED = frozenset({"callback-reordered"})

# How long each step takes, in seconds, before delay_scale.
TO_QUEUED = (0.05, 0.2)
TO_SENT = (0.2, 0.8)
TO_END = (0.5, 2.5)

USUAL_ERROR = {"undelivered": 30005, "failed": 30006}
EXPIRED = 30036


@dataclass(frozen=True)
class Step:
    """One status and when it is reached."""

    status: str
    due_at: datetime
    error_code: int | None = None
    is_last: bool = False


class Journeys:
    """Each message's way: accepted, queued, sent, and then delivered, undelivered or failed."""

    def __init__(
        self,
        config: Config,
        *,
        clock: SandboxClock,
        agenda: Agenda,
        ledger: Ledger,
        faults: Faults,
        phones: Phones,
        webhooks: Webhooks,
    ) -> None:
        self._config, self._clock, self._agenda, self._ledger = config, clock, agenda, ledger
        self._faults, self._phones, self._webhooks = faults, phones, webhooks
        self._dice = random.Random(config.seed)  # noqa: S311 - chance, not secrecy
        self._free_at: dict[str, datetime] = {}

    def begin(self, message: Message) -> None:
        """Put the message's steps on the agenda."""
        self._phones.show(message.to, message)
        outcome = self._faults.draw(OUTCOME, to=message.to, own=message.own_faults)
        for step in self._plan(message, outcome):
            self._agenda.at(step.due_at, functools.partial(self._take, message, step))

    def reset(self) -> None:
        """Forget which sender is busy until when."""
        self._free_at.clear()

    def _plan(self, message: Message, outcome: Rule | None) -> list[Step]:
        end = outcome.status if outcome else "delivered"
        error_code = (outcome.error_code if outcome else None) or USUAL_ERROR.get(end)
        at, steps = message.created_at, []
        if message.status == "accepted":
            at += self._delay(TO_QUEUED)
            steps.append(Step("queued", at, is_last=end == "queued"))
        if end == "queued":
            return steps
        at = self._turn_of(message, at + self._delay(TO_SENT))
        expires_at = message.created_at + timedelta(seconds=message.validity_seconds)
        if at > expires_at:
            return [*steps, Step("failed", expires_at, EXPIRED, is_last=True)]
        if end == "failed":
            return [*steps, Step("failed", at, error_code, is_last=True)]
        steps.append(Step("sent", at, is_last=end == "sent"))
        if end != "sent":
            steps.append(Step(end, at + self._delay(TO_END), error_code, is_last=True))
        return steps

    def _delay(self, bounds: tuple[float, float]) -> timedelta:
        return timedelta(seconds=self._dice.uniform(*bounds) * self._config.delay_scale)

    def _turn_of(self, message: Message, at: datetime) -> datetime:
        """Return when the sender's queue lets this message go: so many parts a second."""
        if self._config.segments_per_second is None:
            return at
        sender = message.sender or self._config.numbers[0]
        start = max(at, self._free_at.get(sender, at))
        took = timedelta(seconds=message.segments / self._config.segments_per_second)
        self._free_at[sender] = start + took
        return start

    async def _take(self, message: Message, step: Step) -> None:
        now = self._clock.now()
        message.status, message.updated_at = step.status, now
        message.error_code = step.error_code
        if message.sender is None:
            message.sender = self._config.numbers[0]
        if step.status in {"sent", "failed"}:
            message.sent_at = now
        self._ledger.note(
            "status",
            sid=message.sid,
            to=message.to,
            status=step.status,
            error_code=step.error_code,
        )
        if step.status == "delivered":
            self._phones.arrived(message.to)
        self._phones.touch(message.to)
        if message.status_callback:
            await self._report(message, self._form(message), is_last=step.is_last)

    def _form(self, message: Message) -> dict[str, str]:
        form = {
            "AccountSid": self._config.account_sid,
            "ApiVersion": API_VERSION,
            "From": message.sender or "",
            "MessageSid": message.sid,
            "MessageStatus": message.status,
            "SmsSid": message.sid,
            "SmsStatus": message.status,
            "To": message.to,
        }
        if message.messaging_service_sid:
            form["MessagingServiceSid"] = message.messaging_service_sid
        if message.error_code:
            form["ErrorCode"] = str(message.error_code)
        return form

    async def _report(self, message: Message, form: dict[str, str], *, is_last: bool) -> None:
        """Post one status, in order; or hold it back and post all of them backwards at the end."""
        if message.held_back or self._faults.draw(REORDERED, to=message.to, own=message.own_faults):
            message.held_back.append(form)
            if not is_last:
                return
        forms = list(reversed(message.held_back)) or [form]
        async with message.in_order:
            for each in forms:
                await self._post(message, each)

    async def _post(self, message: Message, form: dict[str, str]) -> None:
        fault = self._faults.draw(CALLBACK, to=message.to, own=message.own_faults)
        about = {"sid": message.sid, "to": message.to, "status": form["MessageStatus"]}
        if fault is not None and fault.fault == "callback-lost":
            self._ledger.note("callback-lost", **about)
            return
        copies = fault.copies if fault is not None else 1
        for _ in range(copies):
            answer = await self._webhooks.post(message.status_callback or "", form)
            self._ledger.note(
                "callback",
                **about,
                http_status=answer.status,
                error=answer.error,
                attempts=answer.attempts,
            )
