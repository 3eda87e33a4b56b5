"""The sandbox carrier as one ASGI app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from service.sandbox import control, pages, rest, rest_calls
from service.sandbox.carrier import Carrier
from service.sandbox.config import Config


def create_app(config: Config) -> Starlette:
    """Return the app; its parts are at `app.state.carrier` while it runs.

    Faults that cut connections need the server of service.sandbox.server.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        carrier = app.state.carrier = Carrier(config)
        await carrier.open()
        try:
            yield
        finally:
            await carrier.close()

    return Starlette(
        routes=[*rest_calls.ROUTES, *rest.ROUTES, *control.ROUTES, *pages.ROUTES], lifespan=lifespan
    )
