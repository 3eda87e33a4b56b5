"""The run sheet is one Letter page, in both languages, and gives nobody away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import at_a_desk
from tests.browser.site import Site, running_site
from tests.browser.sound import axe, fits
from tests.web.conftest import Group
from tests.web.console.test_board import approved

ONE_PAGE = re.compile(rb"/Type\s*/Page(?!s)")


@pytest.fixture
def site(sqlite_original: Path, tmp_path: Path) -> Iterator[Site]:
    """A chapter of its own."""
    with running_site(tmp_path, sqlite_original) as running:
        yield running


@at_a_desk
def test_it_is_one_page_in_both_languages(page: Page, site: Site) -> None:
    group = Group(site.chapter, site.office, site.organizer, token="")
    checkin = approved(site.wiring, group, days=2)
    site.sign_in(page)
    page.goto(f"{site.url}/checkins/{checkin.id}/sheet")
    said = page.locator(".run-sheet").inner_text()
    assert "Text HERE when you arrive" in said
    assert "escriba LLEGUE" in said
    assert "Azucena" not in said
    assert "413-555-0142" in said
    assert fits(page)
    assert axe(page) == []
    printed = page.pdf(prefer_css_page_size=True)
    assert len(ONE_PAGE.findall(printed)) == 1
