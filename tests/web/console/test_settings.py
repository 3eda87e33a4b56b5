"""Settings are an admin's: changed in words and numbers that hold, on the record, each chapter its own."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlmodel import col, select

from service.accounts import sessions
from service.accounts.tables import How
from service.chapters.tables import Chapter, Office, Sender
from service.privacy.audit import AuditLine
from service.privacy.policy import Role
from service.wiring import Wiring
from tests.factories import make_organizer
from tests.web.conftest import Group
from tests.web.console.conftest import text_of


@pytest.fixture
def ana(guest: TestClient, wiring: Wiring, group: Group) -> TestClient:
    """An admin's browser."""
    now = wiring.clock.now()
    with wiring.database.write() as session:
        admin = make_organizer(session, group.chapter, now=now, name="Ana", role=Role.ADMIN)
        guest.cookies.set("acompana", sessions.begin(session, admin, How.PASSKEY, now=now))
    return guest


def filled(page: Response) -> dict[str, str]:
    """The inputs of a page as they stand."""
    found = re.findall(r'<input id="[^"]+" name="([^"]+)" type="[^"]+" value="([^"]*)"', page.text)
    return dict(found)


def changes(wiring: Wiring) -> list[str]:
    with wiring.database.read() as session:
        query = select(AuditLine.detail).where(col(AuditLine.action) == "settings.change")
        return list(session.exec(query.order_by(col(AuditLine.number))))


def test_the_chapter_is_changed_and_only_what_differs_is_noted(
    ana: TestClient, wiring: Wiring, group: Group
) -> None:
    form = filled(ana.get("/settings"))
    ana.post("/settings", data=form)
    assert changes(wiring) == []
    told = {"caller_name": "Beto", "contact_phone": "(413) 555 0199", "quiet_from_minute": "21:30"}
    ana.post("/settings", data=form | told)
    assert changes(wiring) == ["caller_name, contact_phone, quiet_from_minute"]
    with wiring.database.read() as session:
        chapter = session.get_one(Chapter, group.chapter.id)
        assert (chapter.caller_name, chapter.contact_phone) == ("Beto", "413-555-0199")
        assert (chapter.quiet_from_minute, chapter.quiet_until_minute) == (21 * 60 + 30, 0)


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(ana: TestClient, wiring: Wiring) -> None:
    form = filled(ana.get("/settings"))
    wrong = {"contact_phone": "12", "network_name": "", "quiet_from_minute": "noon"}
    page = ana.post("/settings", data=form | wrong)
    assert page.status_code == 422
    said = text_of(page)
    for words in (
        "couldn't read that phone number",
        "Something is missing",
        "couldn't read that time",
    ):
        assert words in said
    assert 'value="12"' in page.text
    assert changes(wiring) == []
    page = ana.post("/settings", data=form | {"caller_name": "x" * 41})
    assert "at most 40 letters" in text_of(page)


def test_an_office_is_added_and_verified(ana: TestClient, wiring: Wiring, group: Group) -> None:
    form = filled(ana.get("/settings/offices/new"))
    office = {
        "name": "Springfield court", "kind": "court", "area": "Springfield",
        "address": "12 Madeup Ave", "meeting_point": "Library steps",
    }  # fmt: skip
    assert ana.post("/settings/offices/new", data=form).status_code == 422
    page = ana.post("/settings/offices/new", data=form | office)
    assert "Springfield court" in text_of(page)
    assert "never verified" in text_of(page)
    with wiring.database.read() as session:
        made = session.exec(select(Office).where(Office.name == "Springfield court")).one()
    path = f"/settings/offices/{made.id}"
    page = ana.post(path, data=filled(ana.get(path)) | {"kind": "court", "is_verified": "yes"})
    assert "verified Mar 2, 2026" in text_of(page)
    ana.post(path, data=filled(ana.get(path)) | {"kind": "court"})
    assert changes(wiring) == ["added", "verified_on"]
    bad = filled(ana.get(path)) | {"kind": "court", "time_zone": "Mars/Base", "name": "X"}
    assert "don't know that time zone" in text_of(ana.post(path, data=bad))


def test_a_number_sends_no_faster_than_it_is_told(
    ana: TestClient, wiring: Wiring, group: Group
) -> None:
    with wiring.database.read() as session:
        sender = session.exec(select(Sender).where(Sender.chapter_id == group.chapter.id)).one()
    path = f"/settings/senders/{sender.id}"
    form = filled(ana.get(path))
    assert form["cents_per_part"] == "1.1"
    changed = {"segments_per_second": "3,75", "daily_cap": "6000"}
    ana.post(path, data=form | changed)
    ana.post(path, data=form | changed | {"cents_per_part": "0.79"})
    for cents in ("", "-1", "101", "cheap"):
        page = ana.post(path, data=form | changed | {"cents_per_part": cents})
        assert "how many cents, from 0 to 100" in text_of(page), cents
    for rate in ("0", "-1", "fast", "301", "1e9", ""):
        page = ana.post(path, data=form | {"segments_per_second": rate, "daily_cap": ""})
        assert page.status_code == 422, rate
    with wiring.database.read() as session:
        kept = session.get_one(Sender, sender.id)
        assert (kept.segments_per_second, kept.daily_cap_segments) == (3.75, 6000)
        assert session.get_one(Chapter, group.chapter.id).cents_per_part == 0.79
    assert changes(wiring) == ["daily_cap_segments, segments_per_second", "cents_per_part"]


def test_another_chapters_are_not_there(
    ana: TestClient, wiring: Wiring, other_group: Group
) -> None:
    with wiring.database.read() as session:
        chapter_id = other_group.chapter.id
        sender = session.exec(select(Sender).where(Sender.chapter_id == chapter_id)).one()
    for path in (f"offices/{other_group.office.id}", f"senders/{sender.id}"):
        assert ana.get(f"/settings/{path}").status_code == 404
        assert ana.post(f"/settings/{path}", data={"name": "x"}).status_code == 404


def test_settings_are_an_admins(marta: TestClient) -> None:
    assert marta.get("/settings").status_code == 403
    assert "/settings" not in marta.get("/account").text


WAITS = {
    "safety_again_minutes": "20", "safety_rung_minutes": "10", "safety_call_minutes": "5",
    "list_weekday": "none", "list_clock": "17:30", "wave_minutes": "120", "people_per_place": "4",
    "most_asks": "2", "second_over": "80", "keep_days": "30",
}  # fmt: skip


def test_how_long_we_wait_is_changed_on_the_record(
    ana: TestClient, wiring: Wiring, group: Group
) -> None:
    assert "/settings/waits" in ana.get("/settings").text
    for _ in range(2):
        assert ana.post("/settings/waits", data=WAITS).status_code == 200
    with wiring.database.read() as session:
        kept = session.get_one(Chapter, group.chapter.id)
        assert (kept.safety_again_minutes, kept.safety_rung_minutes) == (20, 10)
        assert (kept.list_weekday, kept.list_minute, kept.wave_minutes) == (-1, 1050, 120)
        assert (kept.second_over, kept.keep_days) == (80, 30)
    (line,) = changes(wiring)
    assert "safety_again_minutes" in line
    page = ana.get("/settings/waits")
    assert filled(page)["list_clock"] == "17:30"
    assert '<option value="none" selected' in page.text


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("safety_again_minutes", "0"), ("safety_rung_minutes", "61"), ("safety_call_minutes", ""),
        ("wave_minutes", "soon"), ("people_per_place", "0"), ("list_weekday", "9"),
        ("list_clock", "noon"), ("second_over", "0"), ("keep_days", "400"),
    ],
)  # fmt: skip
def test_a_wait_that_can_not_be_keeps_what_was_typed(
    ana: TestClient, wiring: Wiring, field: str, typed: str
) -> None:
    page = ana.post("/settings/waits", data=WAITS | {field: typed})
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert 'value="120"' in page.text or field == "wave_minutes"
    assert changes(wiring) == []
