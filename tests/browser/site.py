"""A running site with an invented chapter, for page tests: its own process of threads, its own data."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from playwright.sync_api import Page

from service.accounts.sign_in import make_link
from service.accounts.tables import Organizer
from service.chapters.tables import Chapter, Office
from service.db import Database
from service.messages.catalog import load_catalog
from service.privacy.keyring import Keyring
from service.settings import Settings
from service.sms.signature import Signatures
from service.web.console import end_streams
from service.wiring import Wiring
from tests.apps import app_of
from tests.conftest import MASTER_KEY
from tests.factories import StillClock, make_chapter, make_office, make_organizer, make_sender


@dataclass(frozen=True)
class Site:
    """What a page test needs to know."""

    url: str
    wiring: Wiring
    clock: StillClock
    chapter: Chapter
    office: Office
    organizer: Organizer

    def link(self) -> str:
        """The address of a new one-time link."""
        with self.wiring.database.write() as session:
            return f"{self.url}/signin/{make_link(session, self.organizer, now=self.clock.now())}"

    def sign_in(self, page: Page) -> None:
        """Sign the organizer in at this browser."""
        page.goto(self.link())
        page.locator("main form button").click()

    def speak(self, language: str) -> None:
        """Let the organizer read this language from now on."""
        with self.wiring.database.write() as session:
            session.get_one(Organizer, self.organizer.id).language = language


class Server(uvicorn.Server):
    """Runs beside the tests; open streams end first, as in `acompana web`."""

    def install_signal_handlers(self) -> None:
        pass

    async def shutdown(self, sockets: object = None) -> None:
        end_streams(self.config.app)  # type: ignore[arg-type]  # it is the FastAPI app
        await super().shutdown()


@contextlib.contextmanager
def running_site(folder: Path, migrated: Path) -> Iterator[Site]:
    """Run a site on its own copy of a migrated database; end it whatever happens."""
    shutil.copy(migrated, folder / "acompana.sqlite")
    database = Database(f"sqlite:///{folder / 'acompana.sqlite'}")
    keys = Database(f"sqlite:///{folder / 'keyring.sqlite'}")
    keyring = Keyring(keys, MASTER_KEY)
    keyring.prepare()
    clock = StillClock(datetime(2026, 3, 2, 15, 0, tzinfo=UTC))
    wiring = Wiring(
        settings=Settings(public_url="http://localhost", demo=True), database=database, keyring=keyring,
        clock=clock, catalog=load_catalog(),
        signatures=Signatures(public_url="http://localhost", account_sid="AC0", auth_tokens=["x"]),
    )  # fmt: skip
    with wiring.database.write() as session:
        chapter = make_chapter(session)
        make_sender(session, chapter)
        organizer = make_organizer(session, chapter, now=clock.now())
        office = make_office(session, chapter)
    server = Server(uvicorn.Config(app_of(wiring), host="127.0.0.1", port=0, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            threading.Event().wait(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Site(f"http://localhost:{port}", wiring, clock, chapter, office, organizer)
    finally:
        server.should_exit = True
        thread.join(20)
        database.dispose()
        keyring.close()
    assert not thread.is_alive(), "the site did not end: a stream was left open"
