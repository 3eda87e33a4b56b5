"""People's pages in a browser: found, looked at, changed and forgotten, on a phone and at a desk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from service.checkins.register import Registration, register
from service.messages.pages import load_pages
from service.people.register import Card
from tests.browser.conftest import at_a_desk, in_each_language, on_a_phone
from tests.browser.site import Site, running_site
from tests.browser.sound import is_sound
from tests.factories import make_volunteer

WORDS = load_pages()


@pytest.fixture
def site(sqlite_original: Path, tmp_path: Path) -> Iterator[Site]:
    """A chapter with Rosa, who drives, and Azucena's family."""
    with running_site(tmp_path, sqlite_original) as running:
        now = running.clock.now()
        with running.wiring.database.write() as session:
            make_volunteer(
                session, running.wiring.keyring, running.chapter, 101, now=now, name="Rosa Luz",
                roles=["driver"],
            )  # fmt: skip
            card = Card("+14135550120", alias="Azucena", language="es")
            told = Registration(card, running.office.id, now + timedelta(days=5), how="web")
            register(session, running.wiring.outbox, running.chapter, told, now=now)
        yield running


@pytest.fixture
def people(page: Page, site: Site) -> Page:
    """Marta's browser, on the list of people."""
    site.sign_in(page)
    page.goto(f"{site.url}/people")
    return page


@at_a_desk
def test_somebody_is_found_looked_at_and_changed(people: Page) -> None:
    people.get_by_text("By place, language, trust").click()
    is_sound(people)
    people.get_by_label("A name or a number").fill("413-555-0101")
    people.get_by_role("button", name="Find").first.click()
    assert "555" not in people.url
    people.get_by_role("link", name="R•••").click()
    is_sound(people)
    people.get_by_role("link", name="Change", exact=True).click()
    is_sound(people)
    people.get_by_label("Training 1").fill("Know your rights")
    people.get_by_label("Last day of a break").fill("2026-03-20")
    people.get_by_role("button", name="Save").click()
    expect(people.get_by_text("Know your rights")).to_be_visible()
    expect(people.get_by_text("until Fri 20 Mar")).to_be_visible()
    people.get_by_role("button", name="Conversation").click()
    expect(people.get_by_text("No texts so far.")).to_be_visible()


@on_a_phone
def test_a_family_is_looked_at_and_forgotten(people: Page, site: Site) -> None:
    people.goto(f"{site.url}/people?kind=family")
    people.get_by_role("link", name="A•••").click()
    expect(people.get_by_text("waits for our call")).to_be_visible()
    is_sound(people)
    people.get_by_role("link", name="Erase what we know of them").click()
    is_sound(people)
    people.get_by_label("They asked us to").check()
    people.get_by_role("button", name="Yes, erase it").click()
    expect(people.get_by_text("is being erased")).to_be_visible()
    is_sound(people)


@in_each_language
def test_without_scripts_people_are_found_in_both_languages(
    plain: Page, site: Site, language: str
) -> None:
    site.sign_in(plain)
    site.speak(language)
    plain.goto(f"{site.url}/people")
    plain.get_by_label(WORDS.say("find.who", language)).fill("luz")
    plain.get_by_role("button", name=WORDS.say("find.button", language)).first.click()
    expect(plain.get_by_text(WORDS.say("find.found", language, count=1))).to_be_visible()
    plain.get_by_role("link", name="R•••").click()
    plain.get_by_role("link", name=WORDS.say("person.edit", language), exact=True).click()
    plain.get_by_role("button", name=WORDS.say("settings.save", language)).click()
    expect(plain.get_by_role("heading", level=1)).to_contain_text("R•••")
