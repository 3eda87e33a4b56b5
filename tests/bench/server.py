"""The carrier, as quick as Python can be it: 201 with an id to every POST, and a count of them.

`python -m tests.bench.server [--delay SECONDS]` says its port; `GET /` says what it has seen.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any, cast

import uvloop

from tests.bench import child, cores

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CREATED = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 45\r\n\r\n"
ASKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
URGENT = b"Body=Urgent"  # how the row `urgent` knows its own again


class Ledger:
    """What came in. A text is known by its number and words: all that precedes the callback."""

    def __init__(self) -> None:
        self.count = 0
        self.seen: set[int] = set()
        self.tenths: Counter[int] = Counter()  # by tenths of a second of the monotonic clock
        self.urgent_at: list[float] = []

    def take(self, body: bytes) -> bytes:
        """Write one text down; return the answer."""
        now = time.monotonic()
        self.count += 1
        self.seen.add(hash(body[: body.find(b"&StatusCallback")]))
        self.tenths[int(now * 10)] += 1
        if URGENT in body:
            self.urgent_at.append(now)
        return CREATED + b'{"sid": "SM%032x"}' % self.count

    def tell(self, whole: bool) -> bytes:
        """Return the count; if `whole`, everything else too."""
        said: dict[str, Any] = {"count": self.count}
        if whole:
            said |= {"distinct": len(self.seen), "tenths": self.tenths, "urgent_at": self.urgent_at}
        text = json.dumps(said).encode()
        return ASKED % (len(text), text)


class Connection(asyncio.Protocol):
    """One connection, kept alive. Requests may come in pieces."""

    def __init__(self, ledger: Ledger, delay: float) -> None:
        self._ledger = ledger
        self._delay = delay
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            found = LENGTH.search(self._buffer, 0, end)
            whole = end + 4 + (int(found[1]) if found else 0)
            if len(self._buffer) < whole:
                return
            request, self._buffer = self._buffer[:whole], self._buffer[whole:]
            if request.startswith(b"GET"):
                self._transport.write(self._ledger.tell(request.startswith(b"GET /whole")))
                continue
            answer = self._ledger.take(request[end + 4 :])
            if self._delay:
                asyncio.get_running_loop().call_later(self._delay, self._answer, answer)
            else:
                self._transport.write(answer)

    def _answer(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


class Server:
    """The server from outside."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self._http = HTTPConnection("127.0.0.1", port, timeout=30)

    def count(self) -> int:
        """Return how many texts it has had."""
        return int(self._get("/")["count"])

    def whole(self) -> dict[str, Any]:
        """Return count, distinct, tenths, urgent_at."""
        return self._get("/whole")

    def _get(self, path: str) -> dict[str, Any]:
        self._http.request("GET", path)
        said: dict[str, Any] = json.loads(self._http.getresponse().read())
        return said

    def close(self) -> None:
        """Close the connection that asks."""
        self._http.close()


@contextlib.contextmanager
def running(delay: float = 0) -> Iterator[Server]:
    """Run a server on the carrier's core."""
    command = ("tests.bench.server", "--delay", str(delay))
    with child.running(*command, core=cores.THEIRS) as process:
        server = Server(process.hello["port"])
        try:
            yield server
        finally:
            server.close()


async def _serve(delay: float) -> None:
    loop = asyncio.get_running_loop()
    ledger = Ledger()
    listening = await loop.create_server(lambda: Connection(ledger, delay), "127.0.0.1", 0)
    child.say(port=listening.sockets[0].getsockname()[1])
    await listening.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--delay", type=float, default=0)
    uvloop.run(_serve(parser.parse_args().delay))
