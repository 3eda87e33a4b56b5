"""What interrupts people at work: a session that was ended elsewhere, and pages that stay open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pyotp
import pytest
from playwright.sync_api import Page, expect
from sqlmodel import select

from service.accounts import sessions
from service.accounts.tables import How, Organizer
from service.db import new_id
from service.messages.pages import load_pages
from service.privacy.policy import SYSTEM
from service.rallies.announce import announce
from service.rallies.draft import Draft, save_draft
from service.rsvps.plan import launch_due_blasts
from service.web.console.live import News
from tests.apps import app_of
from tests.browser.conftest import DESK, PHONE, Visit
from tests.browser.site import Site, running_site
from tests.browser.sound import is_sound
from tests.browser.test_compose import signed_in
from tests.browser.test_console import registered
from tests.browser.test_sending import a_second_passes
from tests.browser.test_ways_in import invited, phone_that_knows
from tests.factories import make_volunteer
from tests.faults.parts import until
from tests.outbox.fakes import FakeCarrier

WORDS = load_pages()
SOON = 30_000  # ms
OPEN_MS = 8_000  # what a page is left alone before something happens


@pytest.fixture
def site(sqlite_original: Path, tmp_path: Path) -> Iterator[Site]:
    """A chapter with three volunteers."""
    with running_site(tmp_path, sqlite_original) as running:
        with running.wiring.database.write() as session:
            for number in (101, 102, 103):
                make_volunteer(
                    session, running.wiring.keyring, running.chapter, number,
                    now=running.clock.now(),
                )  # fmt: skip
        yield running


def say(key: str, language: str, **values: object) -> str:
    return WORDS.say(key, language, **values)


def comes_in(page: Page, site: Site, language: str, *, has_scripts: bool) -> pyotp.TOTP | None:
    """Let Ana choose how she signs in: a passkey, or without scripts an app; return the app."""
    if has_scripts:
        phone_that_knows(page)
    page.goto(invited(site, language))
    page.get_by_role("button", name=say("signin.begin", language)).click()
    if has_scripts:
        page.get_by_role("button", name=say("setup.passkey", language)).click()
        page.get_by_role("link", name=say("recovery.written", language)).click()
        return None
    page.get_by_role("button", name=say("setup.app", language)).click()
    app = pyotp.TOTP(page.locator("code.secret").inner_text().replace(" ", ""))
    page.get_by_label(say("setup.code", language)).fill(app.at(site.clock.now()))
    page.get_by_role("button", name=say("setup.finish", language)).click()
    page.get_by_role("link", name=say("recovery.written", language)).click()
    return app


def signed_in_elsewhere(page: Page, site: Site, language: str) -> None:
    """Sign Ana in at another browser too, and sign her out everywhere else from there."""
    with site.wiring.database.write() as session:
        ana = session.exec(select(Organizer).where(Organizer.name == "Ana")).one()
        cookie = sessions.begin(session, ana, How.CODE, now=site.clock.now())
    page.context.add_cookies([{"name": "acompana", "value": cookie, "url": site.url}])
    page.goto(f"{site.url}/account")
    page.get_by_role("button", name=say("account.end_others", language)).click()
    expect(page.get_by_text(say("account.this_one", language))).to_be_visible()


@pytest.mark.parametrize(
    ("size", "language", "has_scripts"),
    [(PHONE, "es", False), (DESK, "en", True)],
    ids=["390px-es-plain", "1280px-en-scripts"],
)
def test_a_session_ended_elsewhere_loses_no_draft(
    visit: Visit, site: Site, size: object, language: str, has_scripts: bool
) -> None:
    page = visit(viewport=size, java_script_enabled=has_scripts, locale=f"{language}-US")
    app = comes_in(page, site, language, has_scripts=has_scripts)
    written = {
        "title": "Friday", "place": "90 Main St", "day": "2026-03-13", "clock": "17:00",
        "text_en": "Rally on Friday. Can you come? Reply Y or N.",
        "text_es": "Mitin el viernes. ¿Viene? Responda S o N.",
    }  # fmt: skip
    page.goto(f"{site.url}/rallies/new")
    for name, words in written.items():
        page.locator(f"#{name}").fill(words)
    signed_in_elsewhere(visit(viewport=size), site, language)

    page.get_by_role("button", name=say("writing.go_on", language)).click()
    expect(page.get_by_text(say("signin.goes_on", language))).to_be_visible()
    if has_scripts:  # the judge is one
        is_sound(page)
    site.clock.tick(minutes=1)
    if app is None:
        page.get_by_role("button", name=say("signin.passkey", language)).click()
    else:
        page.get_by_label(say("signin.name", language)).fill("ana")
        page.get_by_label(say("signin.code", language), exact=True).fill(app.at(site.clock.now()))
        page.get_by_role("button", name=say("signin.button", language), exact=True).click()
    page.get_by_role("button", name=say("confirm.go_on", language)).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(say("audience.title", language))
    page.get_by_role("link", name=say("audience.back", language)).click()
    for name, words in written.items():
        expect(page.locator(f"#{name}")).to_have_value(words)


@pytest.mark.parametrize("page", [DESK], ids=["1280px"], indirect=True)
def test_pages_left_open_still_hear_and_hang_up_when_left(page: Page, site: Site) -> None:
    news: News = app_of(site.wiring).state.news
    sent = called(site)
    tabs = [signed_in(page, site), page.context.new_page()]
    for tab, path in zip(tabs, ("/", f"/messages/{sent}"), strict=True):
        tab.goto(site.url + path)
        tab.evaluate("window.notReloaded = true")
    expect(tabs[1].get_by_text("0 of 3 sent")).to_be_visible()
    assert streams(news, 2) == 2
    page.wait_for_timeout(OPEN_MS)
    assert news.streams == 2, "nobody hung up meanwhile"

    registered(site, days=5)
    expect(tabs[0].get_by_text("Waiting for our call")).to_be_visible(timeout=SOON)
    carrier = FakeCarrier()
    for _ in until("the page says that all three have left"):
        a_second_passes(site, carrier)
        tabs[1].wait_for_timeout(200)  # the page's own loop runs meanwhile
        if tabs[1].get_by_text("3 of 3 sent").is_visible():
            break
    assert all(tab.evaluate("window.notReloaded") for tab in tabs)
    for tab, left in zip(tabs, (1, 0), strict=True):
        tab.goto(f"{site.url}/account")
        assert streams(news, left) == left


def called(site: Site) -> UUID:
    """Call everybody to a rally; return the id of the message, whose copies are written."""
    now, id_ = site.clock.now(), new_id()
    with site.wiring.database.write() as session:
        draft = Draft("Friday", "90 Main St", now + timedelta(days=4), "Come?", "¿Viene?")
        rally = save_draft(session, site.chapter, draft, by="Marta", now=now)
        announce(session, rally, blast_id=id_, by=SYSTEM, now=now)
    launch_due_blasts(site.wiring.database, now=site.clock.tick(seconds=1))
    return id_


def streams(news: News, wanted: int) -> int:
    """Wait until so many pages listen; return how many do."""
    for _ in until(f"{wanted} streams are open"):
        if news.streams == wanted:
            break
    return news.streams
