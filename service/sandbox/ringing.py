"""Take a call from queued to its end: it rings, somebody picks up, hears, presses a key, or not."""

from __future__ import annotations

import functools
import random
from datetime import timedelta
from typing import TYPE_CHECKING

from service.sandbox.agenda import Agenda
from service.sandbox.calls import Call, Calls, Verb, read_twiml
from service.sandbox.clock import SandboxClock
from service.sandbox.config import Config
from service.sandbox.faults import CALLBACK, Faults
from service.sandbox.ledger import Ledger
from service.sandbox.messages import API_VERSION
from service.sandbox.phones import Phones
from service.sandbox.webhooks import Webhooks

if TYPE_CHECKING:
    from service.sandbox.carrier import Carrier

TO_RING = (0.2, 0.8)
MACHINE_AFTER = 4.0  # seconds of ringing until voicemail picks up
EVENT_OF = {"ringing": "ringing", "in-progress": "answered"}  # every end is "completed"


class Ringing:
    """Each call's way. Runs on one event loop."""

    def __init__(
        self, config: Config, calls: Calls, *, clock: SandboxClock, agenda: Agenda, ledger: Ledger,
        faults: Faults, phones: Phones, webhooks: Webhooks,
    ) -> None:  # fmt: skip
        self._config, self._calls, self._clock, self._agenda = config, calls, clock, agenda
        self._ledger, self._faults, self._phones = ledger, faults, phones
        self._webhooks = webhooks
        self._dice = random.Random(config.seed)  # noqa: S311 - chance, not secrecy

    def begin(self, call: Call) -> None:
        """Have the phone ring a moment from now."""
        self._phones.at(call.to)
        wait = self._dice.uniform(*TO_RING) * self._config.delay_scale
        at = self._clock.now() + timedelta(seconds=wait)
        self._agenda.at(at, functools.partial(self._ring, call))

    async def answer(self, call: Call) -> bool:
        """Pick up; return whether it was ringing."""
        if call.status != "ringing":
            return False
        call.answered_at = self._clock.now()
        await self._move(call, "in-progress")
        await self._fetch(call, call.url, {})
        return True

    async def press(self, call: Call, digit: str) -> bool:
        """Press a key; return whether anybody waited for one."""
        if call.status != "in-progress" or not call.waits_for:
            return False
        action, call.waits_for = call.waits_for, ""
        call.turn += 1
        call.pressed.append(digit)
        self._ledger.note("call-key", sid=call.sid, to=call.to, digit=digit)
        await self._fetch(call, action, {"Digits": digit})
        return True

    async def hang_up(self, call: Call, status: str = "") -> bool:
        """End it: the phone's holder hangs up or declines, or the service ends it."""
        if call.is_over:
            return False
        usual = "completed" if call.status == "in-progress" else "busy"
        await self._end(call, status or usual)
        return True

    # --- on the way ---

    async def _ring(self, call: Call) -> None:
        if call.is_over:
            return
        if call.outcome in {"busy", "failed"}:
            await self._end(call, call.outcome)
            return
        await self._move(call, "ringing")
        self._phones.arrived(call.to)
        now = self._clock.now()
        if call.outcome == "machine":
            at = now + timedelta(seconds=MACHINE_AFTER)
            self._agenda.at(at, functools.partial(self._machine, call))
        at = now + timedelta(seconds=call.ring_seconds)
        self._agenda.at(at, functools.partial(self._give_up, call))

    async def _machine(self, call: Call) -> None:
        await self.answer(call)

    async def _give_up(self, call: Call) -> None:
        if call.status == "ringing":
            await self._end(call, "no-answer")

    async def _fetch(self, call: Call, url: str, extra: dict[str, str]) -> None:
        """Ask what to do next, and do it. A webhook that fails ends the call, as at Twilio."""
        answer = await self._webhooks.post(url, self._form(call) | extra)
        self._ledger.note(
            "call-posted", sid=call.sid, to=call.to, http_status=answer.status, error=answer.error
        )
        good = answer.status is not None and answer.status < 300
        call.verbs = read_twiml(answer.body, url) if good else []
        if not good:
            call.said.append("We are sorry, an application error has occurred. Goodbye.")
        await self._go_on(call)

    async def _go_on(self, call: Call) -> None:
        while call.verbs and not call.is_over:
            verb = call.verbs.pop(0)
            if verb.says:
                call.said.append(verb.says)
                self._ledger.note("call-said", sid=call.sid, to=call.to, says=verb.says)
                self._phones.touch(call.to)
            if verb.name == "Gather":
                self._wait_for_key(call, verb)
                return
            if verb.name == "Hangup":
                break
        if not call.is_over:
            await self._end(call, "completed")

    def _wait_for_key(self, call: Call, verb: Verb) -> None:
        call.waits_for = verb.action
        call.turn += 1
        at = self._clock.now() + timedelta(seconds=verb.seconds)
        self._agenda.at(at, functools.partial(self._silence, call, call.turn))
        self._phones.touch(call.to)

    async def _silence(self, call: Call, turn: int) -> None:
        if call.turn == turn and call.waits_for and not call.is_over:
            call.waits_for = ""
            await self._go_on(call)

    async def _end(self, call: Call, status: str) -> None:
        call.waits_for, call.ended_at = "", self._clock.now()
        await self._move(call, status)

    async def _move(self, call: Call, status: str) -> None:
        call.status, call.updated_at = status, self._clock.now()
        self._ledger.note("call-status", sid=call.sid, to=call.to, status=status)
        self._phones.touch(call.to)
        event = EVENT_OF.get(status, "completed")
        if call.status_callback and event in call.events:
            self._agenda.start(self._report(call, self._callback_form(call)))

    def _form(self, call: Call) -> dict[str, str]:
        return {
            "AccountSid": self._config.account_sid,
            "ApiVersion": API_VERSION,
            "CallSid": call.sid,
            "CallStatus": call.status,
            "Called": call.to,
            "Caller": call.sender,
            "Direction": "outbound-api",
            "From": call.sender,
            "To": call.to,
        }

    def _callback_form(self, call: Call) -> dict[str, str]:
        form = self._form(call) | {
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(call.callbacks),
        }
        call.callbacks += 1
        if call.is_over:
            form["CallDuration"] = str(call.duration_seconds)
        return form

    async def _report(self, call: Call, form: dict[str, str]) -> None:
        fault = self._faults.draw(CALLBACK, to=call.to)
        about = {"sid": call.sid, "to": call.to, "status": form["CallStatus"]}
        if fault is not None and fault.fault == "callback-lost":
            self._ledger.note("callback-lost", **about)
            return
        for _ in range(fault.copies if fault is not None else 1):
            answer = await self._webhooks.post(call.status_callback or "", form)
            self._ledger.note(
                "call-callback", **about, http_status=answer.status, error=answer.error
            )


async def handle_call(carrier: Carrier, call: Call, do: str, digit: str) -> bool:
    """Do what the holder of the phone does: answer, press or hang-up; return whether that was possible."""
    if do == "answer":
        return await carrier.ringing.answer(call)
    if do == "press":
        return await carrier.ringing.press(call, digit)
    return await carrier.ringing.hang_up(call)
