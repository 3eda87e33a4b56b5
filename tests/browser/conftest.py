"""A real browser for page tests: Debian's Chromium, on http://localhost only."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.find_chromium import find
from tests.browser.sound import hear

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
Visit = Callable[..., Page]

# Most of what somebody does is the same on any screen: it is tried on one. How pages look at both
# sizes is the business of test_every_page.py.
on_a_phone = pytest.mark.parametrize("page", [PHONE], ids=["390px"], indirect=True)
at_a_desk = pytest.mark.parametrize("page", [DESK], ids=["1280px"], indirect=True)
# Widths and languages in pairs: Spanish is longer, and a phone is narrower.
in_each_language = pytest.mark.parametrize(
    ("page", "language"),
    [(PHONE, "es"), (DESK, "en")],
    ids=["390px-es", "1280px-en"],
    indirect=["page"],
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give page tests time: the first one of a run also starts the browser."""
    for item in items:
        if "tests/browser/" in item.path.as_posix() and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(180))


@pytest.fixture(scope="package")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium, headless; closed after the last page test, as its event loop runs in our thread."""
    _only_one(tmp_path_factory)
    path = find()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium in CI")
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield opened
        finally:
            opened.close()


def _only_one(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Fail where two workers of a run open a browser: they are handed out wrongly."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        return
    note = tmp_path_factory.getbasetemp().parent / "pages-are-in"
    try:
        note.open("x").write(worker)
    except FileExistsError:
        assert note.read_text() == worker, "page tests belong in one worker: tests/conftest.py"


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Open a browser of one's own, by what `new_context` takes; none may complain about a page."""
    with ExitStack() as undo:
        heard = []

        def opened(**more: Any) -> Page:
            usual: dict[str, Any] = {"locale": "en-US", "reduced_motion": "reduce"}
            context = browser.new_context(**usual | more)
            undo.callback(context.close)
            heard.append(hear(context))
            return context.new_page()

        yield opened
        assert [said for complaints in heard for said in complaints] == []


@pytest.fixture(params=[PHONE, DESK], ids=["390px", "1280px"])
def page(visit: Visit, request: pytest.FixtureRequest) -> Page:
    """A page of its own, on a phone and on a desk."""
    return visit(viewport=request.param)


@pytest.fixture
def plain(visit: Visit, page: Page) -> Page:
    """Another one of the same size, without scripts."""
    return visit(viewport=page.viewport_size, java_script_enabled=False)
