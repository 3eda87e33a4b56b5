"""Every page that changes something comes from our own pages; every console page knows who is there."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRouter, RouteContext, iter_route_contexts

from service.web import console, public
from service.web.console.who import signed_in_organizer
from service.web.origin import SAFE, same_origin
from service.web.session import _read_session, _write_session

OPEN = {"/signin", "/signin/code", "/signin/passkey", "/signin/passkey/ask", "/signin/{secret}"}


def _routes(*routers: APIRouter) -> Iterator[RouteContext]:
    for router in routers:
        yield from iter_route_contexts(router.routes)


def _calls(dependant: Dependant) -> list[object]:
    """Every dependency of a route, in the order in which they run."""
    found: list[object] = []
    for each in dependant.dependencies:
        found += [*_calls(each), each.call]
    return found


def test_every_change_must_come_from_our_own_pages() -> None:
    unsafe = [
        r for r in _routes(console.router, public.router) if r.methods and r.methods - set(SAFE)
    ]
    assert len(unsafe) > 10
    for route in unsafe:
        calls = _calls(route.dependant)
        assert same_origin in calls, route.path
        if _write_session in calls:
            assert calls.index(same_origin) < calls.index(_write_session), route.path


def test_every_console_page_knows_who_is_there_before_it_opens_the_database() -> None:
    for route in _routes(console.router):
        if route.path in OPEN:
            continue
        calls = _calls(route.dependant)
        assert signed_in_organizer in calls, route.path
        for session in (_read_session, _write_session):
            if session in calls:
                assert calls.index(signed_in_organizer) < calls.index(session), route.path


def test_nothing_is_changed_by_looking() -> None:
    for route in _routes(console.router, public.router):
        if route.methods and route.methods <= set(SAFE):
            assert _write_session not in _calls(route.dependant), route.path
