"""The API's page in a real browser: it works under the policy that it is sent with."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Page
from starlette.staticfiles import StaticFiles

from service.app import STATIC
from service.web import api
from service.web.headers import SecurityHeaders
from tests.browser.conftest import at_a_desk

READY_SECONDS = 10


class _Server(uvicorn.Server):
    """Tells when it is ready."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(uvicorn.Config(app, port=0, log_level="error"))
        self.ready = threading.Event()

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup()
        self.ready.set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://localhost:{self.servers[0].sockets[0].getsockname()[1]}"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The API and its static files, served; nothing here needs data."""
    if not (STATIC / "swagger-ui-bundle.js").exists():
        pytest.skip("the page assets are not built: make assets")
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(api.router)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.add_middleware(SecurityHeaders, is_https=False)
    server = _Server(app)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        assert server.ready.wait(READY_SECONDS)
        yield server.url
    finally:
        server.should_exit = True
        thread.join(READY_SECONDS)


@at_a_desk
def test_the_description_opens_and_nothing_is_blocked(page: Page, url: str) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    page.goto(f"{url}/api/v1/docs")
    page.get_by_text("/api/v1/checkins", exact=True).first.wait_for()
    page.get_by_role("button", name="Authorize").first.click()
    page.get_by_text("A token of an organizer's own.").wait_for()
    assert complaints == []


@at_a_desk
def test_everything_the_page_loads_is_ours(page: Page, url: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{url}/api/v1/docs")
    page.get_by_text("/api/v1/checkins", exact=True).first.wait_for()
    assert [each for each in asked if not each.startswith((url, "data:"))] == []
