"""How one sandbox carrier is set up."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Config:
    """The account that the sandbox plays, and how it behaves.

    numbers: our senders in E.164; the first is the default. inbound_url: where texts from phones
    are posted (None: they are only kept). delay_scale multiplies the delays before "sent" and
    "delivered". segments_per_second limits each sender (None: no limit). time_zone: what the
    clocks on the phones show. is_fsynced False is for benchmarks only.
    """

    account_sid: str
    auth_token: str
    numbers: tuple[str, ...]
    inbound_url: str | None = None
    messaging_service_sid: str | None = None
    clock_file: Path | None = None
    ledger_file: Path | None = None
    delay_scale: float = 1.0
    segments_per_second: float | None = None
    is_fsynced: bool = True
    webhook_connections: int = 32
    webhook_timeout_seconds: float = 15.0
    seed: int = 0
    title: str = "Phones"
    time_zone: str = "America/New_York"

    @cached_property
    def basic_auth(self) -> str:
        """The account's credentials as HTTP Basic writes them."""
        return base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()

    def __repr__(self) -> str:
        """Leave the token out."""
        return f"Config(account_sid={self.account_sid!r}, numbers={self.numbers!r})"
