"""A private calendar address: shown once, renewed, revoked; neither names nor reasons in it."""

from __future__ import annotations

import html
import re
from collections.abc import MutableMapping
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import select

from service.accounts.tables import Organizer
from service.checkins.tables import CheckIn
from service.errors import Unavailable
from service.people.feeds import make_feed
from service.people.tables import CalendarFeed
from service.replies.own_page import delete_date
from service.wiring import Wiring
from tests.factories import StillClock
from tests.messages.test_ical import read_calendar
from tests.web.conftest import Group
from tests.web.public.test_checkin import count
from tests.web.public.test_mine import ANA, FAMILY, ROSA, come_in, one_checkin, people, visitor

__all__ = ["people", "visitor"]  # fixtures
TELLS = re.compile(r"Azucena|Rosa|Ana|Café|Main St|field office|ICE|family|555")


def address(page: str) -> str:
    found: list[str] = re.findall(
        r"http://localhost:8000(/calendar/[\w-]{40,}\.ics)", html.unescape(page)
    )
    return found[0]


def test_a_volunteer_sees_their_own_promises_in_neutral_words(
    visitor: TestClient, wiring: Wiring
) -> None:
    come_in(visitor, wiring, ROSA)
    answer = visitor.get(address(visitor.post("/mine/calendar").text))
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    (event,) = read_calendar(answer.text)
    assert (event["SUMMARY"], event["LOCATION"]) == ("Visit", "Hartford")
    assert (event["DTSTART"], event["STATUS"]) == ("20260310T150000Z", "CONFIRMED")
    assert not TELLS.search(answer.text)
    assert one_checkin(wiring).id.hex not in answer.text
    come_in(visitor, wiring, ANA)
    (event,) = read_calendar(visitor.get(address(visitor.post("/mine/calendar").text)).text)
    assert event["STATUS"] == "TENTATIVE"


def test_a_family_sees_nothing_of_volunteers(visitor: TestClient, wiring: Wiring) -> None:
    come_in(visitor, wiring, FAMILY)
    path = address(visitor.post("/mine/calendar").text)
    assert read_calendar(visitor.get(path).text) == []


def test_what_is_cancelled_says_so_under_the_same_id(visitor: TestClient, wiring: Wiring) -> None:
    come_in(visitor, wiring, ROSA)
    path = address(visitor.post("/mine/calendar").text)
    (before,) = read_calendar(visitor.get(path).text)
    with wiring.database.write() as session:
        checkin = session.exec(select(CheckIn)).one()
        delete_date(session, wiring.outbox, checkin, now=wiring.clock.now())
    (after,) = read_calendar(visitor.get(path).text)
    assert (after["UID"], after["STATUS"]) == (before["UID"], "CANCELLED")
    assert int(after["SEQUENCE"]) > int(before["SEQUENCE"])


def test_a_new_address_ends_the_old_and_revoking_ends_both(
    visitor: TestClient, wiring: Wiring
) -> None:
    come_in(visitor, wiring, ROSA)
    old, new = (address(visitor.post("/mine/calendar").text) for _ in range(2))
    assert [visitor.get(path).status_code for path in (old, new)] == [404, 200]
    assert new not in visitor.get("/mine/calendar").text
    visitor.post("/mine/calendar/revoke")
    assert visitor.get(new).status_code == 404
    assert count(wiring, CalendarFeed) == 0


def test_leaving_ends_it(visitor: TestClient, wiring: Wiring) -> None:
    come_in(visitor, wiring, ROSA)
    path = address(visitor.post("/mine/calendar").text)
    visitor.post("/mine/leave")
    assert visitor.get(path).status_code == 404


def test_an_organizer_sees_their_chapter_until_they_are_switched_off(
    visitor: TestClient, wiring: Wiring, group: Group, other_group: Group
) -> None:
    paths = []
    with wiring.database.write() as session:
        for one in (group, other_group):
            secret = make_feed(session, organizer_id=one.organizer.id, now=wiring.clock.now())
            paths.append(f"/calendar/{secret}.ics")
    mine, other = (visitor.get(path) for path in paths)
    assert len(read_calendar(mine.text)) == 1
    assert read_calendar(other.text) == []
    assert not TELLS.search(mine.text)
    with wiring.database.write() as session:
        session.get_one(Organizer, group.organizer.id).is_active = False
    assert visitor.get(paths[0]).status_code == 404


def test_the_address_is_never_logged(
    app: FastAPI, visitor: TestClient, wiring: Wiring, clock: StillClock,
    monkeypatch: pytest.MonkeyPatch, logs: list[MutableMapping[str, Any]],
) -> None:  # fmt: skip
    def down(*_: object, **__: object) -> None:
        raise Unavailable("down")

    monkeypatch.setattr("service.web.public.calendar.find_feed", down)
    assert visitor.get("/calendar/a-secret-that-nobody-may-see.ics").status_code == 503
    assert logs[-1]["path"] == "/calendar/{secret}.ics"
    assert "a-secret" not in str(logs)
