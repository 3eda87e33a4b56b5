"""A client that keeps so many requests in flight: `python -m tests.bench.load PORT CONNECTIONS`.

It takes {"file": PATH} (requests as bytes, each after its length in a line of its own), sends all
of them, and says how fast, the slowest hundredth, and the statuses.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import uvloop

from tests.bench import child, cores
from tests.bench.seats import percentile

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@contextlib.contextmanager
def running(port: int, connections: int) -> Iterator[child.Child]:
    """Run one on the core that is not ours."""
    arguments = (str(port), str(connections))
    with child.running("tests.bench.load", *arguments, core=cores.THEIRS) as process:
        yield process


def write(path: Path, requests: Iterable[bytes]) -> None:
    """Write the file that it reads."""
    path.write_bytes(b"".join(b"%d\n%s" % (len(one), one) for one in requests))


def _read(path: Path) -> list[bytes]:
    found = []
    with path.open("rb") as file:
        while length := file.readline():
            found.append(file.read(int(length)))
    return found


async def _send(
    port: int, requests: Iterator[bytes], took: list[float], said: Counter[str]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        began = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(head)
        await reader.readexactly(int(length[1]) if length else 0)
        took.append(time.perf_counter() - began)
        said[head[9:12].decode()] += 1
    writer.close()


async def _main(port: int, connections: int) -> None:
    child.say(ready=True)
    for line in sys.stdin:
        requests = _read(Path(json.loads(line)["file"]))
        waiting = iter(requests)
        took: list[float] = []
        said: Counter[str] = Counter()
        began = time.perf_counter()
        await asyncio.gather(*(_send(port, waiting, took, said) for _ in range(connections)))
        seconds = time.perf_counter() - began
        child.say(
            per_second=len(requests) / seconds, p99_ms=percentile(took, 99) * 1000, statuses=said
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("connections", type=int)
    given = parser.parse_args()
    uvloop.run(_main(given.port, given.connections))
