"""Pages packed for a slow line, without telling by their size what stands in them.

Who sees how long packed answers are, and can have words of their own put into one, finds out letter by
letter what else is in it. So only pages that quote nothing of the address are packed, and each carries
some bytes more than it needs, another number every time.
"""

from __future__ import annotations

import secrets

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipResponder
from starlette.types import ASGIApp, Receive, Scope, Send

SMALLEST = 1000  # bytes: below it packing saves no packet
MOST_PADDING = 100  # bytes
LEVEL = 6
# Whatever is no page: some is packed already, streams must not wait, files must stay as they are.
_NO_PAGES = (
    "application/*", "image/*", "audio/*", "video/*", "font/*",
    "text/calendar", "text/css", "text/csv", "text/event-stream", "text/javascript", "text/plain",
)  # fmt: skip


class PackedPages:
    """Packs what a plain GET answers, where the browser takes it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_page = (
            scope["type"] == "http"
            and scope["method"] == "GET"
            and not scope["query_string"]
            and not scope["path"].startswith("/static/")
        )
        if is_page and "gzip" in Headers(scope=scope).get("accept-encoding", ""):
            packed = _Padded(
                self._app, SMALLEST, compresslevel=LEVEL, exclude_content_types=_NO_PAGES
            )
            await packed(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class _Padded(GZipResponder):
    async def apply_compression(self, body: bytes, *, more_body: bool) -> bytes:
        if not more_body:
            padding = secrets.token_hex(secrets.randbelow(MOST_PADDING + 1))
            body += f"<!-- {padding} -->".encode()
        return await super().apply_compression(body, more_body=more_body)
