"""Weeks and months of appointments, and one that is moved."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import at_a_desk, on_a_phone
from tests.browser.site import Site
from tests.browser.sound import axe, fits, is_sound
from tests.browser.test_console import board, registered, site

__all__ = ["board", "site"]  # fixtures


def several(site: Site) -> None:
    for place, days in enumerate((0.1, 1, 1, 3, 8)):
        registered(site, days=days, phone=f"+1413555012{place}")


@on_a_phone
def test_a_week_leads_to_an_appointment_and_a_month_to_its_week(board: Page, site: Site) -> None:
    several(site)
    board.get_by_role("link", name="Appointments").first.click()
    expect(board.get_by_role("heading", level=1)).to_have_text("Appointments")
    expect(board.get_by_text("4 appointments")).to_be_visible()
    is_sound(board, "weeks")
    board.get_by_role("link", name="See the month").click()
    is_sound(board, "a month")
    board.get_by_role("link", name="10").click()
    expect(board.get_by_text("1 appointment", exact=False).first).to_be_visible()
    board.locator(".entry a").first.click()
    expect(board.get_by_text("Call the family first")).to_be_visible()


@at_a_desk
def test_a_move_shows_its_texts_first(board: Page, site: Site) -> None:
    checkin = registered(site, days=5)
    board.goto(f"{site.url}/checkins/{checkin.id}")
    board.get_by_role("link", name="Move to another time").click()
    board.get_by_label("New date").fill("2026-03-12")
    board.get_by_label("Time").fill("09:30")
    board.get_by_role("button", name="Look at the texts").click()
    expect(board.get_by_text("jueves 12 de marzo")).to_be_visible()
    assert axe(board) == []
    assert fits(board)
    board.get_by_role("button", name="Move it and tell 1 person").click()
    expect(board.get_by_text("Thu 12 Mar, 9:30 am")).to_be_visible()
