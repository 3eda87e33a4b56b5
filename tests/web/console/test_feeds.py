"""An organizer's calendar address, on their account page."""

from __future__ import annotations

from fastapi.testclient import TestClient
from sqlmodel import select

from service.privacy.audit import AuditLine
from service.wiring import Wiring
from tests.messages.test_ical import read_calendar
from tests.web.console.conftest import text_of
from tests.web.public.test_calendar import address


def test_it_is_made_shown_once_renewed_and_switched_off(marta: TestClient, wiring: Wiring) -> None:
    assert 'href="/account/calendar"' in marta.get("/account").text
    assert "Make an address" in text_of(marta.get("/account/calendar"))
    path = address(marta.post("/account/calendar").text)
    assert read_calendar(marta.get(path).text) == []
    again = marta.get("/account/calendar")
    assert path not in again.text
    assert "Make a new address" in text_of(again)
    marta.post("/account/calendar/revoke")
    assert marta.get(path).status_code == 404
    with wiring.database.read() as session:
        done = session.exec(select(AuditLine.action)).all()
    assert {"calendar.make", "calendar.revoke"} <= set(done)
