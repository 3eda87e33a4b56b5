"""The only place that constructs: settings become a database, a keyring, a clock, a catalog.

It also imports every room's tables, so that Alembic sees all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import service.accounts.tables
import service.blasts.tables
import service.calls.tables
import service.chapters.tables
import service.checkins.safety.tables
import service.checkins.tables
import service.inbox.tables
import service.outbox.tables
import service.people.tables
import service.privacy.audit
import service.rallies.actions.tables
import service.rallies.tables
import service.replies.tables
import service.rsvps.tables  # noqa: F401
from service.calls.place import Caller, CallParts
from service.clock import Clock, FollowedClock, SystemClock
from service.db import Database
from service.messages.catalog import Catalog, load_catalog
from service.outbox.advance import Rules
from service.outbox.deliver import Parts, Worker
from service.outbox.enqueue import Outbox
from service.outbox.events import Timing
from service.privacy.keyring import Keyring, read_master_key
from service.settings import Settings
from service.sms.carrier import Carrier, Mailbox
from service.sms.post import TwilioPost
from service.sms.signature import Signatures
from service.sms.twilio import TwilioDirectory
from service.sms.voice import TwilioVoice


@dataclass(frozen=True)
class Wiring:
    """The parts of one process. Rooms take the parts that they need; only edges see all of them."""

    settings: Settings
    database: Database
    keyring: Keyring
    clock: Clock
    catalog: Catalog
    signatures: Signatures
    directory: Mailbox | None = None  # None: no account at a carrier, nobody to ask

    @property
    def outbox(self) -> Outbox:
        """What it takes to write a text."""
        return Outbox(self.catalog, self.keyring, self.settings.public_url)

    @property
    def timing(self) -> Timing:
        """The delays of the sending protocol."""
        return timing_of(self.settings)

    @property
    def rules(self) -> Rules:
        """What this network decided about texts in doubt."""
        return Rules(settles_bulk=self.settings.settles_bulk)

    def close(self) -> None:
        """Close what was opened."""
        self.database.dispose()
        self.keyring.close()


def timing_of(settings: Settings) -> Timing:
    """Return the delays of the sending protocol."""
    usual = Timing(carrier_timeout=timedelta(seconds=settings.carrier_timeout_seconds))
    return usual.scaled(settings.protocol_scale)


def wire(settings: Settings) -> Wiring:
    """Construct the parts. Raises Misuse when the master key is missing or unsafe."""
    keyring = Keyring(Database(settings.keyring_url), read_master_key(settings.master_key_file))
    return Wiring(
        settings=settings,
        database=Database(settings.database_url),
        keyring=keyring,
        clock=FollowedClock(settings.clock_file) if settings.clock_file else SystemClock(),
        catalog=load_catalog(),
        signatures=Signatures(
            public_url=settings.public_url,
            account_sid=settings.twilio_account_sid,
            auth_tokens=[
                settings.twilio_auth_token.get_secret_value(),
                settings.twilio_previous_auth_token.get_secret_value(),
            ],
        ),
        directory=make_directory(settings) if _has_account(settings) else None,
    )


def _has_account(settings: Settings) -> bool:
    return bool(settings.twilio_account_sid and settings.twilio_auth_token.get_secret_value())


def make_carrier(settings: Settings) -> Carrier:
    """Construct the line to the carrier. Belongs to one event loop."""
    return TwilioPost(
        api_base=settings.twilio_api_base,
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token.get_secret_value(),
        timeout_seconds=timing_of(settings).carrier_timeout.total_seconds(),
        connections=settings.carrier_connections,
    )


def make_worker(wiring: Wiring) -> Worker:
    """Construct a worker. Belongs to one event loop."""
    return Worker(make_parts(wiring))


def make_caller(wiring: Wiring) -> Caller:
    """Construct what places calls. Belongs to one event loop."""
    settings = wiring.settings
    voice = TwilioVoice(
        api_base=settings.twilio_api_base,
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token.get_secret_value(),
        timeout_seconds=timing_of(settings).carrier_timeout.total_seconds(),
        connections=settings.carrier_connections,
    )
    return Caller(
        CallParts(
            wiring.database, wiring.keyring, voice, wiring.clock, settings.public_url,
            wiring.timing,
        )
    )  # fmt: skip


def make_parts(wiring: Wiring) -> Parts:
    """Construct what a worker works with."""
    settings = wiring.settings
    return Parts(
        database=wiring.database,
        keyring=wiring.keyring,
        carrier=make_carrier(settings),
        directory=make_directory(settings),
        clock=wiring.clock,
        public_url=settings.public_url,
        connections=settings.carrier_connections,
        timing=wiring.timing,
        rules=wiring.rules,
    )


def make_directory(settings: Settings) -> TwilioDirectory:
    """Construct the way to the carrier's own record of messages."""
    return TwilioDirectory(
        api_base=settings.twilio_api_base,
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token.get_secret_value(),
        timeout_seconds=timing_of(settings).carrier_timeout.total_seconds(),
    )
