"""Joining, and one's own page, as they are on a phone: both languages, both themes, no scripts needed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import col, select

from service.checkins.approve import Approval, approve
from service.checkins.register import Registration, register
from service.outbox.tables import Delivery
from service.people.register import Card
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader
from service.rsvps.respond import Answer, respond
from service.rsvps.tables import SeatRole
from tests.browser.conftest import at_a_desk, in_each_language
from tests.browser.site import Site, running_site
from tests.browser.sound import is_sound
from tests.factories import make_family, make_volunteer

SHOTS = os.environ.get("SHOTS")  # a folder, to look at the pages


@pytest.fixture(scope="module")
def site(sqlite_original: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A family with an appointment, and one who is a volunteer too."""
    with running_site(tmp_path_factory.mktemp("own"), sqlite_original) as running:
        wiring, now = running.wiring, running.clock.now()
        with wiring.database.write() as session:
            for number, language in ((120, "es"), (121, "en")):
                person = make_family(
                    session, wiring.keyring, running.chapter, number, now=now, language=language
                )
                make_volunteer(
                    session, wiring.keyring, running.chapter, number, now=now, language=language
                )
                told = Registration(
                    Card(f"+1413555{number:04}"), running.office.id,
                    now + timedelta(days=8, hours=number - 120), how="web",
                )  # fmt: skip
                checkin = register(session, wiring.outbox, running.chapter, told, now=now)
                approval = Approval({SeatRole.ACCOMPANIER: 3}, agreed_to_texts=True)
                approve(session, wiring.outbox, checkin, approval, by=SYSTEM, now=now)
                respond(session, person.id, checkin.subject, Answer.YES, now=now)
        yield running


def newest_link(site: Site) -> str:
    with site.wiring.database.read() as session:
        query = select(Delivery).where(Delivery.template == "own_link")
        newest = session.exec(query.order_by(col(Delivery.id).desc())).first()
    assert newest is not None
    body = Reader(site.wiring.keyring, SYSTEM).show(newest.sealed_body(None))
    path: str = re.findall(r"http://localhost:?\d*(/m/\S+)", body)[0]
    return site.url + path


def look(page: Page, name: str) -> None:
    """Every page fits and is open to everybody, in both themes."""
    is_sound(page, name)
    if SHOTS:
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)


@in_each_language
def test_everything_on_ones_own_page_is_within_reach(page: Page, site: Site, language: str) -> None:
    number = {"es": "120", "en": "121"}[language]
    site.clock.tick(hours=1)
    page.goto(f"{site.url}/checkin?lang={language}")
    look(page, f"checkin-{language}")
    page.locator("main a[href^='/mine/link']").click()
    look(page, f"mine-link-{language}")
    page.locator("#phone").fill(f"413-555-0{number}")
    page.locator(".finish button").click()
    expect(page.locator(".thanks h1")).to_be_visible()
    look(page, f"mine-sent-{language}")
    page.goto(newest_link(site) + f"?lang={language}")
    look(page, f"mine-open-{language}")
    page.locator("main button").click()
    expect(page).to_have_url(f"{site.url}/mine")
    expect(page.locator("html")).to_have_attribute("lang", language)
    look(page, f"mine-{language}")
    page.locator("a[href$='/change']").first.click()
    look(page, f"mine-change-{language}")
    page.locator("#words").fill("10:00")
    page.locator(".finish button").click()
    expect(page.get_by_role("status")).to_be_visible()
    for way in ("/delete", "/decline", "/mine/leave", "/mine/erase"):
        page.locator(f"a[href$='{way}']").first.click()
        look(page, f"mine-sure{way.replace('/', '-')}-{language}")
        page.locator("a[href='/mine']").last.click()
    page.locator("[name=role_driver]").check()
    page.locator("#area").fill("")
    page.locator("form[action='/mine/offer'] .finish button").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("[name=role_driver]")).to_be_checked()
    look(page, f"mine-wrong-{language}")
    page.locator("#area").fill("06103")
    page.locator("form[action='/mine/offer'] .finish button").click()
    expect(page.get_by_role("status")).to_be_visible()
    page.locator("form[action='/mine/close'] button").click()
    page.goto(f"{site.url}/mine")
    expect(page.locator("a[href^='/mine/link']").first).to_be_visible()


@in_each_language
def test_joining_and_what_it_links_to(page: Page, site: Site, language: str) -> None:
    site.clock.tick(hours=1)
    page.goto(f"{site.url}/join?lang={language}")
    look(page, f"join-{language}")
    page.locator(".finish button").click()
    expect(page.get_by_role("alert")).to_be_visible()
    look(page, f"join-wrong-{language}")
    width = page.viewport_size["width"] if page.viewport_size else 0
    page.locator("#phone").fill(f"413-555-01{40 if language == 'en' else 50}"[:-1] + f"{width % 9}")
    page.locator("#area").fill("06103")
    page.locator("#agrees").check()
    page.locator(".finish button").click()
    expect(page.locator(".thanks h1")).to_be_visible()
    look(page, f"joined-{language}")
    for path in ("terms", "privacy"):
        page.locator(f"footer a[href^='/{path}']").click()
        look(page, f"{path}-{language}")


def test_without_scripts(browser: Browser, site: Site) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="es-GT"
    )
    try:
        page = context.new_page()
        site.clock.tick(hours=2)
        page.goto(f"{site.url}/mine/link")
        page.locator("#phone").fill("413-555-0120")
        page.locator(".finish button").click()
        page.goto(newest_link(site))
        page.locator("main button").click()
        page.locator("a[href$='/delete']").first.click()
        page.locator(".finish button").click()
        expect(page.get_by_role("status")).to_contain_text("Borrada")
    finally:
        context.close()


@at_a_desk
def test_posters_and_the_calendar_address(page: Page, site: Site) -> None:
    site.sign_in(page)
    page.goto(f"{site.url}/posters")
    shown = "() => [...document.images].every((image) => image.complete && image.naturalWidth > 0)"
    page.wait_for_function(shown)
    look(page, "posters")
    page.goto(f"{site.url}/account/calendar")
    page.locator("form[action='/account/calendar'] button").click()
    expect(page.locator(".secret")).to_contain_text("/calendar/")
    look(page, "calendar")
