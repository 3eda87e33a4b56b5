"""Every page there is: well-formed, open to everybody, quiet in the browser's console, light to load.

A page that is not in `pages_of` fails `test_no_page_is_left_out`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import routing
from playwright.sync_api import Browser, BrowserContext, Page

from tests.apps import app_of
from tests.browser.conftest import DESK, PHONE
from tests.browser.furnished import furnish, own_page_link, pages_of
from tests.browser.site import Site, running_site
from tests.browser.sound import ALL_RULES, LAYOUT, axe, fits, hear, parted_numbers, small_targets

pytestmark = pytest.mark.timeout(900)  # dozens of pages each

VALIDATOR = Path(__file__).parent / "html" / "validate.mjs"
LIGHT_ENOUGH = 100_000  # bytes transferred on the first load
# Data, files, events, and pieces of pages.
NO_PAGES = (
    "/api/", "/static/", "/webhooks/", "/live", "/calendar/", "/posters/", "/healthz",
    "/robots.txt", "/openapi", "/docs", "/redoc", "/drafts/{draft_id}/count",
)  # fmt: skip
# What is not possible yet, or no longer, says so on a page too.
REFUSED = ("/account/setup", "/account/app", "/outcome", "/close", "/nothing")


@pytest.fixture(scope="module")
def site(sqlite_original: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("every"), sqlite_original) as running:
        furnish(running)
        yield running


@pytest.fixture(scope="module")
def paths(site: Site) -> list[str]:
    return pages_of(site)


def signed_in(browser: Browser, site: Site, language: str, **more: Any) -> BrowserContext:
    context = browser.new_context(locale=f"{language}-US", reduced_motion="reduce", **more)
    page = context.new_page()
    page.goto(site.link())
    page.locator("form button").first.click()
    page.goto(own_page_link(site))
    page.locator("main form button, form button").first.click()
    site.speak(language)
    page.wait_for_load_state()
    page.close()
    return context


class Scales:
    """How many bytes the first load of a page transfers."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.loaded = 0.0
        network = context.new_cdp_session(page)
        network.send("Network.enable")
        network.send("Network.setCacheDisabled", {"cacheDisabled": True})
        network.on("Network.loadingFinished", self._count)

    def _count(self, event: Any) -> None:
        self.loaded += event["encodedDataLength"]


# Spanish is longer, and a phone narrower. What a page is made of is the same both times: all rules
# are asked at the desk, where nothing of it is hidden, and on the phone those that see a layout.
WAYS = (
    ("es", LAYOUT, {"viewport": PHONE, "color_scheme": "light"}),
    ("en", ALL_RULES, {"viewport": DESK, "color_scheme": "dark"}),
)


def test_every_page(browser: Browser, site: Site, paths: list[str]) -> None:
    written: dict[str, str] = {}
    wrong = []
    for language, rules, options in WAYS:
        context = signed_in(browser, site, language, **options)
        complaints = hear(context)
        page = context.new_page()
        scales = Scales(context, page)
        for path in paths:
            scales.loaded = 0
            answer = page.goto(site.url + path)
            assert answer is not None
            written[f"{path} ({language})"] = answer.text()
            found = [*axe(page, rules), *complaints, *([] if fits(page) else ["sticks out"])]
            found += [f"is small: {each}" for each in small_targets(page)]
            found += [f"is parted: {each}" for each in parted_numbers(page)]
            if scales.loaded > LIGHT_ENOUGH:
                found.append(f"{scales.loaded:,.0f} bytes")
            if answer.status != 200 and (answer.status > 410 or not path.endswith(REFUSED)):
                found.append(f"answered {answer.status}")
            wrong += [f"{path} ({language}): {each}" for each in found]
            complaints.clear()
        context.close()
    assert wrong == []
    badly = badly_formed(written)
    assert not badly, "\n".join(badly)


def badly_formed(pages: dict[str, str]) -> list[str]:
    """Return what html-validate finds, one line each."""
    done = subprocess.run(
        ["node", VALIDATOR.name], cwd=VALIDATOR.parent, input=json.dumps(pages), text=True,
        capture_output=True, check=True, env=os.environ,
    )  # fmt: skip
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [f"{one['name']}:{one['line']}: {one['rule']}: {one['message']}" for one in found]


def test_the_judge_of_html_finds_what_is_wrong() -> None:
    assert badly_formed({"x": "<p><div>no</div></p>"}) != []


def test_no_page_is_left_out(site: Site, paths: list[str]) -> None:
    patterns = [
        re.compile(re.sub(r"\{[^}]+\}", "[^/?]+", route.path) + r"(\?.*)?$")
        for route in _page_routes(site)
    ]
    left = [p.pattern for p in patterns if not any(p.match(path) for path in paths)]
    assert len(patterns) > 30, "the way to find routes no longer works"
    assert left == []


def _page_routes(site: Site) -> Iterator[Any]:
    for found in routing.iter_route_contexts(app_of(site.wiring).routes):
        methods = getattr(found, "methods", None) or ()
        if "GET" in methods and not (found.path or "").startswith(NO_PAGES):
            yield found
