"""The parts of one sandbox carrier, put together."""

from __future__ import annotations

import asyncio

from service.sandbox.agenda import Agenda
from service.sandbox.callbacks import Journeys
from service.sandbox.calls import Calls
from service.sandbox.clock import SandboxClock
from service.sandbox.config import Config
from service.sandbox.faults import Faults
from service.sandbox.ledger import Ledger
from service.sandbox.messages import Messages
from service.sandbox.optout import OptOuts
from service.sandbox.phones import Phones
from service.sandbox.ringing import Ringing
from service.sandbox.webhooks import Webhooks


class Carrier:
    """Everything that a request can reach. Lives on one event loop; nothing is shared."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.stopping = asyncio.Event()
        self.clock = SandboxClock(config.clock_file)
        self.agenda = Agenda(self.clock)
        self.ledger = Ledger(config.ledger_file, self.clock, is_fsynced=config.is_fsynced)
        self.messages = Messages()
        self.opt_outs = OptOuts()
        self.faults = Faults(config.seed)
        self.phones = Phones()
        self.webhooks = Webhooks(config)
        self.journeys = Journeys(
            config,
            clock=self.clock,
            agenda=self.agenda,
            ledger=self.ledger,
            faults=self.faults,
            phones=self.phones,
            webhooks=self.webhooks,
        )
        self.calls = Calls()
        self.ringing = Ringing(
            config,
            self.calls,
            clock=self.clock,
            agenda=self.agenda,
            ledger=self.ledger,
            faults=self.faults,
            phones=self.phones,
            webhooks=self.webhooks,
        )
        self.clock.when_changed(self.phones.touch_clock)

    def pool_of(self, number: str) -> str:
        """Return what an opt-out holds for: the messaging service, or else the number alone."""
        return self.config.messaging_service_sid or number

    async def open(self) -> None:
        """Start the ledger and the webhooks' connections."""
        self.ledger.open()
        await self.webhooks.open()
        self.ledger.note("started", numbers=list(self.config.numbers))

    def stop_streams(self) -> None:
        """End the pages' streams and whatever is kept waiting, so that the server can close."""
        self.stopping.set()
        self.phones.close()
        self.agenda.clear()

    async def close(self) -> None:
        """Let go of everything; what the ledger still holds is written."""
        self.stop_streams()
        await self.webhooks.close()
        await self.ledger.close()
        self.clock.close()

    async def reset(self, *, with_clock: bool) -> None:
        """Begin anew: no messages, phones, opt-outs or faults; the ledger's file goes on."""
        self.agenda.clear()
        self.journeys.reset()
        self.messages.clear()
        self.calls.clear()
        self.opt_outs.clear()
        self.faults.clear()
        self.phones.clear()
        if with_clock:
            self.clock.reset()
        await self.ledger.keep("reset")
        self.ledger.forget()
