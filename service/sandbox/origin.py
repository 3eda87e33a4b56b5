"""Keep other sites' pages out: any page in the browser may try to reach a port on this machine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

Handler = Callable[[Request], Awaitable[Response]]

OURS = frozenset(
    {"same-origin", "none"}
)  # "none": typed by hand; clients that are no browser send nothing


def own_pages_only(handler: Handler) -> Handler:
    """Refuse what a browser sends on behalf of another site."""

    async def guard(request: Request) -> Response:
        if request.headers.get("sec-fetch-site", "none") not in OURS:
            return PlainTextResponse("This came from another site.", 403)
        return await handler(request)

    return guard
