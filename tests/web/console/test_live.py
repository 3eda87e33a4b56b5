"""Open pages hear of changes; streams hold nothing, and end with the process."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from service.db import Database
from service.db.changes import ChangeWatch
from service.errors import Unavailable
from service.web.console.live import News
from tests.factories import make_chapter

T = TypeVar("T")


class Counter(ChangeWatch):
    """A database that changes when a test says so."""

    def __init__(self) -> None:
        self.looks = 0
        self.value = 1
        self.is_down = False

    def mark(self) -> int:
        self.looks += 1
        if self.is_down:
            raise Unavailable("down")
        return self.value

    def close(self) -> None:
        pass


QUICK = 0.001


def run(work: Coroutine[Any, Any, T]) -> T:
    async def in_time() -> T:
        return await asyncio.wait_for(work, 30)

    return asyncio.run(in_time())


async def looked(watch: Counter, times: int) -> None:
    until = watch.looks + times
    while watch.looks < until:
        await asyncio.sleep(0.001)


def test_a_change_wakes_everybody_who_watches() -> None:
    async def story() -> None:
        watch = Counter()
        news = News(watch, QUICK)
        polling = asyncio.create_task(news.poll())
        streams = [news.changes() for _ in range(3)]
        for stream in streams:
            await anext(stream)  # at once, so that nothing is missed while connecting
        waiting = [asyncio.ensure_future(anext(stream)) for stream in streams]
        await looked(watch, 3)
        assert not any(each.done() for each in waiting)
        watch.value += 1
        await asyncio.gather(*waiting)
        news.end()
        await polling

    run(story())


def test_nobody_watching_means_that_no_database_is_asked() -> None:
    async def story() -> None:
        watch = Counter()
        news = News(watch, QUICK)
        polling = asyncio.create_task(news.poll())
        await asyncio.sleep(0.05)
        assert watch.looks == 0
        stream = news.changes()
        await anext(stream)
        await looked(watch, 2)
        await stream.aclose()
        await looked_no_more(watch)
        news.end()
        await polling

    run(story())


async def looked_no_more(watch: Counter) -> None:
    while True:
        before = watch.looks
        await asyncio.sleep(0.05)
        if watch.looks == before:
            return


def test_the_end_ends_every_stream() -> None:
    async def story() -> None:
        news = News(Counter(), QUICK)
        polling = asyncio.create_task(news.poll())
        stream = news.changes()
        await anext(stream)
        waiting = asyncio.ensure_future(anext(stream, None))
        await asyncio.sleep(0.01)
        news.end()
        await waiting
        await polling

    run(story())


def test_a_database_that_is_down_ends_nothing() -> None:
    async def story() -> None:
        watch = Counter()
        news = News(watch, QUICK)
        polling = asyncio.create_task(news.poll())
        stream = news.changes()
        await anext(stream)
        waiting = asyncio.ensure_future(anext(stream))
        await looked(watch, 2)
        watch.is_down = True
        await looked(watch, 3)
        watch.is_down, watch.value = False, 2
        await waiting
        news.end()
        await polling

    run(story())


def test_a_commit_is_a_change_on_both_databases(database: Database) -> None:
    watch = ChangeWatch(database)
    before = watch.mark()
    assert watch.mark() == before
    with database.write() as session:
        make_chapter(session)
    assert watch.mark() != before
    watch.close()
