"""Command line of the sandbox carrier: `python -m service.sandbox --help`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from service.sandbox.config import Config
from service.sandbox.server import serve

TOKEN_VARIABLE = "ACOMPANA_TWILIO_AUTH_TOKEN"  # noqa: S105 - a name, not a token
DEFAULT_ACCOUNT = "AC" + "0" * 32
DEFAULT_NUMBER = "+14135550142"


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; docs/sandbox.md lists its flags."""
    parser = argparse.ArgumentParser(
        prog="python -m service.sandbox",
        description="A local carrier that speaks Twilio's HTTP, with phones to look at. "
        f"The auth token comes from {TOKEN_VARIABLE}.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on")
    add("--port", type=int, default=8010, help="port to listen on; 0 takes any free one")
    add("--inbound-url", help="where texts from phones are posted")
    add("--clock-file", type=Path, help="file of 8 bytes that others follow the clock by")
    add("--ledger", type=Path, help="file that keeps what happened, one JSON line each")
    add("--account-sid", default=DEFAULT_ACCOUNT, help="the account it plays")
    add("--number", action="append", help="a sender of ours; repeat it for several")
    add("--messaging-service-sid", help="the account's messaging service, if it has one")
    add("--delay-scale", type=float, default=1.0, help="multiplies the delays of delivery")
    add("--throughput", type=float, help="segments a second that each sender manages")
    add("--seed", type=int, default=0, help="of the delays' and faults' dice")
    add("--title", default="Phones", help="heading of the page")
    add("--time-zone", default="America/New_York", help="what the phones' clocks show")
    add("--no-fsync", action="store_true", help="do not wait for the disk (benchmarks only)")
    return parser


def main() -> int:
    """Read the flags and serve until told to stop."""
    given = build_parser().parse_args()
    auth_token = os.environ.get(TOKEN_VARIABLE, "")
    if not auth_token:
        sys.stderr.write(f"Set {TOKEN_VARIABLE}: the sandbox signs its webhooks with it.\n")
        return 2
    config = Config(
        account_sid=given.account_sid,
        auth_token=auth_token,
        numbers=tuple(given.number or [DEFAULT_NUMBER]),
        inbound_url=given.inbound_url,
        messaging_service_sid=given.messaging_service_sid,
        clock_file=given.clock_file,
        ledger_file=given.ledger,
        delay_scale=given.delay_scale,
        segments_per_second=given.throughput,
        is_fsynced=not given.no_fsync,
        seed=given.seed,
        title=given.title,
        time_zone=given.time_zone,
    )
    serve(config, host=given.host, port=given.port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
