"""Connections that end badly: reset without an answer, or never answered."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

CUT = "sandbox.cut"
AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER on, zero seconds: close() sends a reset


class CuttableProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, whose requests can also cut their connection."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope[CUT] = self._cut

    def _cut(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            sock = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.transport.abort()


class Reset(Response):
    """Cut the connection instead of answering."""

    async def __call__(self, scope: Scope, receive: Receive, _: Send) -> None:
        if CUT not in scope:
            raise RuntimeError("only a server with CuttableProtocol can cut connections")
        scope[CUT]()
        await _wait_for_disconnect(receive)


class Hang(Response):
    """Say nothing until the other side gives up, or the server stops."""

    def __init__(self, stopping: asyncio.Event) -> None:
        super().__init__()
        self._stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.ensure_future(_wait_for_disconnect(receive))
        stopped = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait({gone, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not gone.done():
            await Reset()(scope, receive, send)


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
