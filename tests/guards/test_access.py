"""Every page of the console and every route of the API takes a role, and nobody below it gets in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI, routing
from fastapi.testclient import TestClient

from service.accounts import sessions
from service.accounts.tables import How
from service.accounts.tokens import make_token
from service.app import create_app
from service.db import Database, new_id
from service.messages.catalog import Catalog
from service.privacy.keyring import Keyring
from service.privacy.policy import LADDER, Role, is_at_least
from service.settings import Settings
from service.sms.signature import Signatures
from service.web.access import LEAST, least_role, name_of
from service.web.api import docs
from service.web.console import sign_in
from service.wiring import Wiring
from tests.factories import StillClock, make_chapter, make_organizer, make_sender

URL = "http://localhost:8000"
AT_THE_DOOR = {route.endpoint for route in sign_in.door.routes}  # type: ignore[attr-defined]  # all are APIRoutes


@pytest.fixture
def wiring(database: Database, keyring: Keyring, catalog: Catalog, clock: StillClock) -> Wiring:
    """The parts of one process."""
    signatures = Signatures(public_url=URL, account_sid="AC", auth_tokens=["x"])
    return Wiring(Settings(public_url=URL), database, keyring, clock, catalog, signatures)


@pytest.fixture
def app(wiring: Wiring) -> FastAPI:
    """The whole web."""
    return create_app(wiring)


def closed_routes(app: FastAPI) -> Iterator[Any]:
    """Every route behind a sign-in or a token."""
    for found in routing.iter_route_contexts(app.routes):
        if getattr(found, "dependant", None) is None or found.endpoint in AT_THE_DOOR:
            continue
        module = found.endpoint.__module__
        if (
            module.startswith(("service.web.console", "service.web.api"))
            and module != docs.__name__
        ):
            yield found


def test_every_route_has_its_line(app: FastAPI) -> None:
    routes = {name_of(route.endpoint) for route in closed_routes(app)}
    lines = [name for names in LEAST.values() for name in names]
    assert len(routes) > 60, "the way to find routes no longer works"
    assert routes - set(lines) == set(), "say in service/web/access.py who may"
    assert set(lines) - routes == set(), "these are gone"
    assert len(lines) == len(set(lines)), "one line each"


@pytest.mark.parametrize("role", LADDER)
def test_nobody_gets_further_than_their_role(app: FastAPI, wiring: Wiring, role: Role) -> None:
    now = wiring.clock.now()
    with wiring.database.write() as session:
        chapter = make_chapter(session)
        make_sender(session, chapter)
        somebody = make_organizer(session, chapter, now=now, role=role)
        cookie = sessions.begin(session, somebody, How.PASSKEY, now=now)
        token = make_token(session, somebody, label="test", now=now)
    headers = {"Origin": URL, "Authorization": f"Bearer {token}"}
    with TestClient(app, base_url=URL, headers=headers, follow_redirects=False) as browser:
        for route in sorted(closed_routes(app), key=lambda route: route.path == "/signout"):
            if route.path == "/live":  # a stream without an end
                continue
            browser.cookies.set("acompana", cookie)
            address = re.sub(r"{\w+}", str(new_id()), route.path)
            for method in route.methods:
                answer = browser.request(method, address)
                told = (method, route.path, answer.status_code)
                refused = "role does not reach" in answer.text
                assert refused is not is_at_least(role, least_role(route.endpoint)), told
                assert not refused or answer.status_code == 403, told
