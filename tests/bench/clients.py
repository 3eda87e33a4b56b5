"""Clients without a database: what the blast is compared with.

`python -m tests.bench.clients bare|twilio BASE CONNECTIONS MESSAGES` sends and says how fast.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import uvloop
from requests.adapters import HTTPAdapter
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from service.clock import monotonic_seconds
from service.sms.carrier import Accepted, OutgoingText
from tests.bench import child, cores
from tests.bench.ground import NUMBER, number
from tests.bench.worker import ACCOUNT, TOKEN, WORDS, carrier

SCRIPT = Path(__file__).with_name("post.lua")
CALLBACK = "https://bench.test/webhooks/twilio/status?" + f"attempt={'0' * 32}&mac={'0' * 32}"
VALID_SECONDS = 36_000
THREADS = 32
WRK_SECONDS = 3


def per_second(client: str, base: str, connections: int, messages: int) -> float:
    """Run one of the clients below in a process of its own, on our core."""
    arguments = (client, base, str(connections), str(messages))
    with child.running("tests.bench.clients", *arguments, core=cores.OURS) as process:
        return float(process.ask(do="send")["per_second"])


def wrk_per_second(base: str, connections: int) -> float | None:
    """Run wrk on our core with one thread and the same body; None where there is no wrk."""
    if shutil.which("wrk") is None:
        return None
    command = [
        "wrk", "-t1", f"-c{connections}", f"-d{WRK_SECONDS}s", "-s", str(SCRIPT),
        f"{base}/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
    ]  # fmt: skip
    text = _text(0)
    body = urlencode({
        "To": text.to, "Body": text.body, "StatusCallback": text.status_callback,
        "ValidityPeriod": text.validity_seconds, "From": text.sender_number,
    })  # fmt: skip
    with cores.on(cores.OURS):
        said = subprocess.run(
            command, env=os.environ | {"BENCH_BODY": body}, capture_output=True, text=True,
            check=True,
        ).stdout  # fmt: skip
    found = re.search(r"Requests/sec: *([\d.]+)", said)
    assert found, said
    return float(found[1])


def _text(place: int) -> OutgoingText:
    return OutgoingText(
        number(place), WORDS[("en", "es")[place % 2]], NUMBER, "", CALLBACK, VALID_SECONDS
    )


async def _send_bare(base: str, connections: int, texts: Iterator[OutgoingText]) -> None:
    post = carrier(base, connections)

    async def send() -> None:
        for text in texts:
            outcome = await post.send(text, deadline=monotonic_seconds() + 60)
            assert isinstance(outcome, Accepted), outcome

    await asyncio.gather(*(send() for _ in range(connections)))
    await post.close()


class _Rewritten(TwilioHttpClient):  # type: ignore[misc]  # the library is untyped
    """The library's own client, sent to another address."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=10)
        self.session.mount("http://", HTTPAdapter(pool_maxsize=THREADS))
        self._base = base

    def request(self, method: str, url: str, *arguments: Any, **more: Any) -> Response:
        url = url.replace("https://api.twilio.com", self._base, 1)
        return super().request(method, url, *arguments, **more)


def _send_with_twilio(base: str, texts: list[OutgoingText]) -> None:
    client = Client(ACCOUNT, TOKEN, http_client=_Rewritten(base))

    def send(text: OutgoingText) -> None:
        client.messages.create(
            to=text.to, body=text.body, from_=text.sender_number,
            status_callback=text.status_callback, validity_period=text.validity_seconds,
        )  # fmt: skip

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(send, texts))


def _main(given: argparse.Namespace) -> None:
    texts = [_text(place) for place in range(given.messages)]
    child.say(ready=True)
    input()
    began = time.monotonic()
    if given.client == "bare":
        uvloop.run(_send_bare(given.base, given.connections, iter(texts)))
    else:
        _send_with_twilio(given.base, texts)
    child.say(per_second=given.messages / (time.monotonic() - began))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("client", choices=("bare", "twilio"))
    parser.add_argument("base")
    parser.add_argument("connections", type=int)
    parser.add_argument("messages", type=int)
    _main(parser.parse_args())
