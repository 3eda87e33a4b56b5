"""Tell open pages that something changed: one task a process watches, streams only wait.

No session stays open under a stream, and no database is asked while nobody watches.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from service.db.changes import ChangeWatch
from service.errors import Unavailable

log = structlog.get_logger()
router = APIRouter()

POLL_SECONDS = 1.0


class News:
    """Wakes everybody who waits when the database has changed."""

    def __init__(self, watch: ChangeWatch, poll_seconds: float = POLL_SECONDS) -> None:
        self._watch = watch
        self._poll_seconds = poll_seconds
        self._changed = asyncio.Event()
        self._somebody = asyncio.Event()
        self._over = asyncio.Event()
        self._watching = 0

    @property
    def streams(self) -> int:
        """How many pages listen right now."""
        return self._watching

    async def changes(self) -> AsyncGenerator[None, None]:
        """Yield at once, then after every change, until the process shuts down."""
        self._watching += 1
        self._somebody.set()
        try:
            while not self._over.is_set():
                changed = self._changed
                yield
                await changed.wait()
        finally:
            self._watching -= 1
            if self._watching == 0:
                self._somebody.clear()

    async def poll(self) -> None:
        """Look for changes while somebody watches, until the end."""
        seen: int | None = None
        while not self._over.is_set():
            await self._somebody.wait()
            with suppress(Unavailable):  # the pages go on showing what they have
                mark = await asyncio.to_thread(self._watch.mark)
                if seen is not None and mark != seen:
                    self._wake()
                seen = mark
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), self._poll_seconds)
        self._watch.close()

    def end(self) -> None:
        """End every stream and the poll."""
        self._over.set()
        self._somebody.set()
        self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


@asynccontextmanager
async def live(app: FastAPI) -> AsyncIterator[None]:
    """Watch the database for as long as the app lives; `end_streams` may come before."""
    news = News(ChangeWatch(app.state.wiring.database))
    app.state.news = news
    polling = asyncio.create_task(news.poll(), name="news")
    try:
        yield
    finally:
        news.end()
        await polling


def end_streams(app: FastAPI) -> None:
    """End every stream. A server calls it before it waits for its connections to close."""
    news: News | None = getattr(app.state, "news", None)
    if news is not None:
        news.end()


@router.get("/live", response_class=EventSourceResponse)
async def stream(request: Request) -> AsyncIterator[ServerSentEvent]:
    """Say "news" at once and whenever something changed; the page asks for what it shows."""
    news: News = request.app.state.news
    async for _ in news.changes():
        yield ServerSentEvent(event="news", raw_data="")
