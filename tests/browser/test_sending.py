"""A message to many, paused, resumed, stopped and followed up in the browser while its numbers move."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import func, select

from service.chapters.tables import Sender
from service.outbox.deliver import Parts, Worker
from service.outbox.tables import Delivery, State
from service.rallies.draft import Draft, save_draft
from service.rsvps.plan import launch_due_blasts
from tests.browser.conftest import on_a_phone
from tests.browser.site import Site, running_site
from tests.browser.sound import axe, fits
from tests.browser.test_compose import signed_in
from tests.factories import make_volunteer
from tests.outbox.fakes import FakeCarrier, FakeDirectory

PEOPLE = 90
A_SECOND = 10  # texts


@pytest.fixture
def site(sqlite_original: Path, tmp_path: Path) -> Iterator[Site]:
    """A chapter with ninety volunteers and a rally that nobody has been called to."""
    with running_site(tmp_path, sqlite_original) as running:
        now = running.clock.now()
        with running.wiring.database.write() as session:
            sender = session.exec(select(Sender)).one()
            sender.segments_per_second = A_SECOND
            running.chapter.second_over = 1000
            session.add_all([sender, running.chapter])
            for number in range(100, 100 + PEOPLE):
                make_volunteer(session, running.wiring.keyring, running.chapter, number, now=now)
            draft = Draft(
                "Friday", "South Green", now + timedelta(days=4), "Come {day}. Reply Y or N.",
                "Venga {day}. Responda S o N.",
            )  # fmt: skip
            save_draft(session, running.chapter, draft, by="Marta", now=now)
        yield running


def a_second_passes(site: Site, carrier: FakeCarrier) -> int:
    """Let the worker send what a second allows; return how many have left in all."""
    site.clock.tick(seconds=1)
    wiring = site.wiring
    parts = Parts(wiring.database, wiring.keyring, carrier, FakeDirectory(), site.clock, site.url)
    # The browser's driver runs an event loop in this thread.
    working = threading.Thread(target=lambda: asyncio.run(Worker(parts).drain_once()))
    working.start()
    working.join()
    with wiring.database.read() as session:
        left = select(func.count()).select_from(Delivery).where(Delivery.state == State.ACCEPTED)
        return session.exec(left).one()


@on_a_phone
def test_it_is_paused_resumed_stopped_and_followed_up(page: Page, site: Site) -> None:
    carrier = FakeCarrier()
    signed_in(page, site).goto(site.url)
    page.locator(".is-draft .button").first.click()
    page.get_by_role("button", name=f"Send to {PEOPLE} people").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    assert launch_due_blasts(site.wiring.database, now=site.clock.tick(seconds=15)) == PEOPLE
    expect(page.get_by_text(f"0 of {PEOPLE} sent")).to_be_visible()

    left = a_second_passes(site, carrier)
    assert 0 < left < PEOPLE
    expect(page.get_by_text(f"{left} of {PEOPLE} sent")).to_be_visible()  # by itself
    more = a_second_passes(site, carrier)
    assert more > left
    expect(page.get_by_text(f"{more} of {PEOPLE} sent")).to_be_visible()
    expect(page.get_by_text("people a minute")).to_be_visible()
    assert axe(page) == []
    assert fits(page)

    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    assert a_second_passes(site, carrier) == more
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    last = a_second_passes(site, carrier)
    assert last > more

    page.get_by_role("link", name="Stop this message for good").click()
    page.get_by_role("button", name="Yes, stop it for good").click()
    expect(page.get_by_text("Stopped by Marta")).to_be_visible()
    assert a_second_passes(site, carrier) == last
    expect(page.get_by_text("were left when it was stopped")).to_be_visible()
    expect(page.get_by_role("img")).to_be_visible()
    expect(page.locator("#picture-says")).to_contain_text(f"Sent: {last}.")
    assert axe(page) == []

    page.get_by_role("link", name="To everyone who was asked").click()
    page.get_by_label("English").fill("Thank you all.")
    page.get_by_label("Spanish").fill("Gracias a todos.")
    page.get_by_role("button", name="Go on: who gets it").click()
    expect(page.get_by_text(f"{PEOPLE} people").first).to_be_visible()
