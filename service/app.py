"""Put the web together: four audiences, each telling errors in its own form, under one set of headers."""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from service.errors import AcompanaError, Unavailable
from service.web import api, console, pages, public, webhooks
from service.web.errors import status_of
from service.web.headers import SecurityHeaders
from service.web.packed import PackedPages
from service.web.session import attach
from service.wiring import Wiring

log = structlog.get_logger()

LARGEST_BODY_BYTES = 256 * 1024
STATIC = Path(__file__).parent / "web" / "static" / "dist"


def create_app(wiring: Wiring) -> FastAPI:
    """Return the web application. It closes nothing: whoever made the wiring does."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with console.live(app):
            yield

    app = _App(
        is_https=wiring.settings.public_url.startswith("https:"),
        title="Acompaña",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        max_body_size=LARGEST_BODY_BYTES,
    )
    attach(app, wiring)
    # Packed: a third of the bytes on a slow line. Pages are packed with more care: web/packed.py.
    files = GZipMiddleware(StaticFiles(directory=STATIC, check_dir=False), minimum_size=1000)
    app.mount("/static", files, name="static")
    # A request looks for its route from the first on: receipts and answers come by the thousand.
    for audience in (webhooks, api, public, console):
        app.include_router(audience.router)
    for kind in (AcompanaError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _answer)
    return app


class _App(FastAPI):
    """Puts the headers around everything, answers to our own failures included."""

    def __init__(self, *, is_https: bool, **more: Any) -> None:
        self._is_https = is_https
        super().__init__(**more)

    def build_middleware_stack(self) -> ASGIApp:
        pages_packed = PackedPages(super().build_middleware_stack())
        return SecurityHeaders(pages_packed, is_https=self._is_https)


async def _answer(request: Request, error: Exception) -> Response:
    """Tell an error to whoever asked, in their form; log what is ours to mend."""
    if isinstance(error, HTTPException):
        status = error.status_code
    elif isinstance(error, RequestValidationError):
        status = 422
    elif isinstance(error, AcompanaError):
        status = status_of(error)
    else:
        status = 500
    if isinstance(error, Unavailable):
        log.error("web.unavailable", path=_where(request), why=str(error))
    elif status >= 500:
        log.error(
            "web.failed", path=_where(request), kind=type(error).__name__, frames=_frames(error)
        )
    path = request.url.path
    if path.startswith("/api/"):
        return api.answer_error(request, status, error)
    if path.startswith("/webhooks/"):
        return webhooks.answer_error(request, status, error)
    return pages.answer_error(request, status, error)


def _where(request: Request) -> str:
    """Return which route it was, as it is written in the code: addresses may hold secrets."""
    return str(getattr(request.scope.get("route"), "path", "no route"))


def _frames(error: Exception) -> list[str]:
    """Return where an error came from. Its words stay out of logs: they may quote what people sent."""
    own = traceback.extract_tb(error.__traceback__)[-6:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in own]
