"""`make shots`: a picture of every page, on a phone and at a desk, in both languages; in var/shots."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from service.db.migrate import upgrade
from service.messages.catalog import LANGUAGES
from tests.browser.conftest import DESK, FLAGS, PHONE
from tests.browser.find_chromium import find
from tests.browser.furnished import furnish, own_page_link, pages_of
from tests.browser.site import Site, running_site

SHOTS = Path(__file__).parents[2] / "var" / "shots"
SIZES: dict[str, tuple[Any, Any]] = {"phone": (PHONE, "light"), "desk": (DESK, "dark")}
AN_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


def main() -> int:
    """Take the pictures; return 1 where there is no browser."""
    chromium = find()
    if chromium is None:
        print(
            "shots: no Chromium on this machine; `make test` says how to get one", file=sys.stderr
        )
        return 1
    SHOTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        migrated = folder / "original.sqlite"
        upgrade(f"sqlite:///{migrated}")
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        with running_site(folder, migrated) as site:
            furnish(site)
            for language in LANGUAGES:
                for size in SIZES:
                    _take(browser, site, language, size)
        browser.close()
    print(f"shots: {len(list(SHOTS.glob('*.png')))} pictures in {SHOTS.relative_to(Path.cwd())}")
    return 0


def _take(browser: Browser, site: Site, language: str, size: str) -> None:
    viewport, scheme = SIZES[size]
    context = browser.new_context(
        viewport=viewport, color_scheme=scheme, locale=f"{language}-US", reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(site.link())
    page.locator("form button").first.click()
    page.goto(own_page_link(site))
    page.locator("form button").first.click()
    site.speak(language)
    for path in pages_of(site):
        page.goto(site.url + path)
        page.screenshot(path=SHOTS / f"{_name(path)}-{size}-{language}.png", full_page=True)
    context.close()


def _name(path: str) -> str:
    return AN_ID.sub("one", path).partition("?")[0].strip("/").replace("/", "-") or "board"


if __name__ == "__main__":
    sys.exit(main())
