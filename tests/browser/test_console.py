"""The console as an organizer uses it, on a phone and at a desk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import select

from service.blasts.tables import Blast
from service.checkins.register import Registration, register
from service.checkins.tables import CheckIn
from service.people.register import Card
from service.rallies.tables import Rally, RallyState
from tests.browser.conftest import PHONE, at_a_desk, on_a_phone
from tests.browser.site import Site, running_site
from tests.browser.sound import axe, fits
from tests.factories import make_volunteer


@pytest.fixture
def site(sqlite_original: Path, tmp_path: Path) -> Iterator[Site]:
    """A chapter with three volunteers."""
    with running_site(tmp_path, sqlite_original) as running:
        now = running.clock.now()
        with running.wiring.database.write() as session:
            for number, language in ((101, "en"), (102, "es"), (103, "es")):
                make_volunteer(
                    session, running.wiring.keyring, running.chapter, number, now=now,
                    language=language,
                )  # fmt: skip
        yield running


@pytest.fixture
def board(page: Page, site: Site) -> Page:
    """Marta's browser, on the board."""
    site.sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Monday, March 2")
    return page


def registered(site: Site, *, days: float, phone: str = "+14135550120") -> CheckIn:
    now = site.clock.now()
    told = Registration(
        Card(phone, alias="Azucena", language="es"), site.office.id, now + timedelta(days=days),
        how="web",
    )  # fmt: skip
    with site.wiring.database.write() as session:
        return register(session, site.wiring.outbox, site.chapter, told, now=now)


@on_a_phone
def test_the_board_shows_news_by_itself(board: Page, site: Site) -> None:
    expect(board.get_by_text("Nothing needs you right now.")).to_be_visible()
    board.evaluate("window.notReloaded = true")
    registered(site, days=5)
    expect(board.get_by_text("Waiting for our call")).to_be_visible()
    assert board.evaluate("window.notReloaded")


@at_a_desk
def test_news_leave_alone_what_somebody_is_doing(board: Page, site: Site) -> None:
    registered(site, days=5)
    expect(board.get_by_text("Waiting for our call")).to_be_visible()
    board.get_by_text("Show name and number").click()
    reason = board.get_by_label("Why?")
    reason.select_option("trouble")
    reason.focus()
    registered(site, days=6, phone="+14135550121")
    expect(board.get_by_text("Waiting for our call")).to_have_count(2)
    expect(reason.first).to_be_visible()
    expect(reason.first).to_be_focused()
    expect(reason.first).to_have_value("trouble")


@on_a_phone
def test_without_scripts_a_reload_shows_the_news(plain: Page, site: Site) -> None:
    site.sign_in(plain)
    registered(site, days=5)
    plain.reload()
    expect(plain.get_by_text("Waiting for our call")).to_be_visible()
    plain.get_by_role("link", name="We spoke: go on").click()
    plain.get_by_label("Driver").fill("2")
    plain.get_by_role("button", name="Update the text").click()
    expect(plain.get_by_text("2 drivers").first).to_be_visible()


@at_a_desk
def test_a_family_is_approved_with_the_very_text(board: Page, site: Site) -> None:
    registered(site, days=5)
    board.get_by_role("link", name="We spoke: go on").click()
    expect(board.get_by_text("1 lead, 3 companions")).to_be_visible()
    assert axe(board) == []
    assert fits(board)
    board.get_by_label("Driver").fill("1")
    board.get_by_label("Companion").fill("2")
    board.get_by_label("Companion").press("Tab")
    expect(board.get_by_text("1 lead, 1 driver, 2 companions")).to_be_visible()
    board.get_by_label("They agreed to texts when we spoke").check()
    board.get_by_role("button", name="Approve and ask 3 people").click()
    expect(board.get_by_text("Looking for people")).to_be_visible()
    expect(board.locator(".seat.is-open")).to_have_count(4)
    assert axe(board) == []


@on_a_phone
def test_a_rally_is_called_and_undone_and_called(board: Page, site: Site) -> None:
    board.goto(f"{site.url}/rallies/new")
    board.get_by_label("Name").fill("Keep them together")
    board.get_by_label("Place").fill("90 Main St")
    board.get_by_label("Date").fill("2026-03-13")
    board.get_by_label("Starts").fill("17:00")
    board.get_by_role("button", name="Write a first text for me").click()
    expect(board.get_by_label("English")).to_have_value(
        "Acompaña: rally, Fri Mar 13, 5:00 pm, 90 Main St. Can you come? "
        "Reply Y or N (Y 3 if you are 3). STOP to stop."
    )
    expect(board.locator("#count_en")).to_contain_text("1 part")
    board.get_by_label("Spanish").fill("Acompaña: próxima junta, ¿viene? S o N")
    expect(board.locator("#count_es .costly")).to_contain_text("ó")
    assert axe(board) == []
    assert fits(board)
    board.get_by_role("button", name="Go on: who gets it").click()
    expect(board.get_by_text("3 people").first).to_be_visible()
    board.get_by_role("button", name="Look before sending").click()
    expect(board.get_by_text("3 people").first).to_be_visible()
    assert axe(board) == []
    assert fits(board)

    board.get_by_role("button", name="Send to 3 people").click()
    board.get_by_role("button", name="Undo").click()
    expect(board.get_by_label("Name")).to_have_value("Keep them together")
    board.get_by_role("button", name="Go on: who gets it").click()
    board.get_by_role("button", name="Look before sending").click()
    board.get_by_role("button", name="Send to 3 people").click()
    expect(board.get_by_role("button", name="Undo")).to_be_visible()
    assert axe(board) == []
    with site.wiring.database.read() as session:
        assert session.exec(select(Rally)).one().state is RallyState.ANNOUNCED
        assert len(session.exec(select(Blast)).all()) == 2


@on_a_phone
def test_on_a_phone_the_main_action_is_where_the_thumb_is(board: Page, site: Site) -> None:
    registered(site, days=5)
    board.get_by_role("link", name="We spoke: go on").click()
    button = board.get_by_role("button", name="Approve and ask 3 people")
    box = button.bounding_box()
    assert box
    assert box["y"] > PHONE["height"] * 2 / 3
