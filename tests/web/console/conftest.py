"""Marta's browser, signed in; and a page read as a person reads it."""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from service.accounts import sessions
from service.accounts.organizers import Badge, add_organizer
from service.accounts.sign_in import make_link
from service.accounts.tables import How, Organizer
from service.privacy.policy import SYSTEM, Role
from service.wiring import Wiring
from tests.factories import make_organizer
from tests.web.conftest import PUBLIC_URL, Group

FROM_OUR_PAGES = {"Origin": PUBLIC_URL}


def browser_of(app: FastAPI) -> TestClient:
    """A browser on our own pages. It follows redirects, as browsers do."""
    return TestClient(
        app, base_url=PUBLIC_URL, headers=FROM_OUR_PAGES, raise_server_exceptions=False
    )


@contextlib.contextmanager
def browser_of_another(
    app: FastAPI, wiring: Wiring, group: Group, name: str, how: How
) -> Iterator[TestClient]:
    """The browser of one more organizer, who has just signed in."""
    now = wiring.clock.now()
    with wiring.database.write() as session:
        somebody = make_organizer(session, group.chapter, now=now, name=name)
        secret = sessions.begin(session, somebody, how, now=now)
    with browser_of(app) as browser:
        browser.cookies.set("acompana", secret)
        yield browser


def new_link(wiring: Wiring, group: Group) -> str:
    """The address of a one-time link for the group's organizer."""
    with wiring.database.write() as session:
        return f"/signin/{make_link(session, group.organizer, now=wiring.clock.now())}"


@pytest.fixture
def guest(app: FastAPI, group: Group) -> Iterator[TestClient]:
    """A browser that is not signed in."""
    with browser_of(app) as opened:
        yield opened


@pytest.fixture
def marta(guest: TestClient, wiring: Wiring, group: Group) -> TestClient:
    """Marta's browser."""
    assert guest.post(new_link(wiring, group)).status_code == 200
    return guest


def filled_in(page: Response) -> dict[str, str]:
    """What a page's last form sends as it stands: whoever types into it has no other fields."""
    form = page.text.rpartition('<form method="post"')[2].partition("</form>")[0]
    sent = {}
    for tag in re.findall(r"<input\b[^>]*>", form):
        parts = {
            name: html.unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)
        }
        sent[parts["name"]] = parts.get("value", "")
    for name, options in re.findall(r'<select\b[^>]*name="(\w+)"[^>]*>(.*?)</select>', form, re.S):
        values = re.findall(r'<option value="([^"]*)"( selected)?', options)
        sent[name] = next((value for value, chosen in values if chosen), values[0][0])
    return sent


def text_of(page: Response) -> str:
    """The words of a page, without its markup, spaces folded."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


@pytest.fixture
def ana(wiring: Wiring, group: Group) -> Organizer:
    """An admin who has just been added."""
    with wiring.database.write() as session:
        badge = Badge("Ana", Role.ADMIN)
        return add_organizer(session, group.chapter.id, badge, by=SYSTEM, now=wiring.clock.now())
