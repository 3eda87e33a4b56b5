"""The safety pages in a browser: on a phone and on a desk, in both languages, for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from service.chapters.shifts import add_shift
from service.checkins.safety.report import raise_alarm
from tests.browser.conftest import on_a_phone
from tests.browser.site import Site, running_site
from tests.browser.sound import is_sound
from tests.factories import make_family, make_volunteer


@pytest.fixture
def site(sqlite_original: Path, tmp_path: Path) -> Iterator[Site]:
    """A chapter of its own."""
    with running_site(tmp_path, sqlite_original) as running:
        yield running


@pytest.fixture
def alarm(site: Site) -> str:
    """Azucena wrote that she is in danger, and Hannah is on call."""
    now = site.clock.now()
    with site.wiring.database.write() as session:
        keyring = site.wiring.keyring
        hannah = make_volunteer(session, keyring, site.chapter, 142, now=now, name="Hannah")
        add_shift(session, site.chapter.id, hannah.id, starts_at=now,
                  ends_at=now + timedelta(hours=8), by="Marta", now=now)  # fmt: skip
        family = make_family(session, keyring, site.chapter, 120, now=now)
        return str(raise_alarm(session, site.wiring.outbox, family, now=now).id)


@on_a_phone
def test_from_the_board_to_the_tap_that_ends_it(page: Page, site: Site, alarm: str) -> None:
    site.sign_in(page)
    expect(page.get_by_text("Someone wrote that there is danger.")).to_be_visible()
    is_sound(page, "board")
    page.locator(f"#f-{alarm}").get_by_role("link", name="Look and act").click()
    expect(page.get_by_text("(on call) was called")).to_be_visible()
    is_sound(page, "safety")
    page.get_by_role("button", name="I have spoken with them").click()
    expect(page.get_by_text("Marta spoke with them")).to_be_visible()
    is_sound(page, "resolved")
    page.goto(f"{site.url}/shifts")
    is_sound(page, "shifts")
