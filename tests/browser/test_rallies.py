"""Rallies after their call, actions and drills in a browser: both sizes, both languages, everybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from schedules.jobs import run_all
from service.db import new_id
from service.people.find import list_volunteers
from service.privacy.policy import SYSTEM
from service.rallies.actions.draft import ActionDraft, save_action
from service.rallies.actions.tables import ActionKind
from service.rallies.announce import announce
from service.rallies.draft import Draft, save_draft
from service.rallies.tables import Rally, RallyKind
from service.rsvps.respond import Answer, respond
from tests.browser.conftest import at_a_desk, on_a_phone
from tests.browser.site import Site, running_site
from tests.browser.sound import is_sound
from tests.factories import make_volunteer

TEXTS = (
    "Acompaña: training Tue Mar 3, 5:00 pm, 90 Main St. Can you come? Reply Y or N.",
    "Acompaña: martes 3 de marzo, 5:00 pm, 90 Main St: taller. ¿Viene? Responda S o N.",
)


@pytest.fixture
def site(sqlite_original: Path, tmp_path: Path) -> Iterator[Site]:
    """A chapter of its own, with three volunteers."""
    with running_site(tmp_path, sqlite_original) as running:
        with running.wiring.database.write() as session:
            for number, name in ((101, "Alma"), (102, "Beto"), (103, "Carmen")):
                make_volunteer(
                    session, running.wiring.keyring, running.chapter, number, vetting=0, name=name,
                    now=running.clock.now(),
                )  # fmt: skip
        yield running


def called(site: Site) -> UUID:
    """A training that everybody was asked to; two said yes."""
    now = site.clock.now()
    with site.wiring.database.write() as session:
        draft = Draft(
            "First steps", "90 Main St", now + timedelta(hours=8), *TEXTS, RallyKind.TRAINING
        )
        rally = save_draft(session, site.chapter, draft, by="Marta", now=now)
        announce(session, rally, blast_id=new_id(), by=SYSTEM, now=now)
    run_all(site.wiring, now=site.clock.tick(seconds=1))
    with site.wiring.database.write() as session:
        for person, _ in list_volunteers(session, site.chapter.id, limit=2):
            respond(session, person.id, rally.subject, Answer.YES, now=site.clock.now())
    return rally.id


def look_both(page: Page, name: str) -> None:
    """See that a page is sound in both languages; stay on it, in English."""
    address = page.url
    is_sound(page, name)
    page.get_by_role("button", name="Español").click()
    page.goto(address)
    is_sound(page, f"{name}, Spanish")
    page.get_by_role("button", name="English").click()
    page.goto(address)


def sign_in(page: Page, site: Site) -> None:
    site.sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_be_visible()


@at_a_desk
def test_a_training_moves_and_ends_with_who_came(page: Page, site: Site) -> None:
    rally_id = called(site)
    sign_in(page, site)
    page.goto(f"{site.url}/rallies/{rally_id}")
    is_sound(page, "rally")
    page.get_by_role("link", name="Change time or place").click()
    page.get_by_label("Place").fill("South Green, 300 Main St")
    page.get_by_role("button", name="Look before sending").click()
    expect(page.get_by_text("NEW PLACE for Mon Mar 2: South Green")).to_be_visible()
    is_sound(page, "the check page")
    page.get_by_role("button", name="Change it and tell 3 people").click()
    with site.wiring.database.read() as session:
        assert session.get_one(Rally, rally_id).place == "South Green, 300 Main St"
    page.goto(f"{site.url}/rallies/{rally_id}/all-clear")
    is_sound(page, "all clear")
    site.clock.tick(hours=9)
    sign_in(page, site)
    page.goto(f"{site.url}/rallies/{rally_id}/close")
    page.get_by_label("How many people came?").fill("12")
    page.get_by_label("Was there").first.check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Vetted now")).to_have_count(1)
    is_sound(page, "who came")
    page.get_by_label("Vetted now").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Vetted now")).to_have_count(0)
    page.get_by_role("link", name="First steps").click()
    expect(page.get_by_text("12 people came.")).to_be_visible()


@on_a_phone
def test_the_pages_of_a_rallys_life_speak_both_languages(page: Page, site: Site) -> None:
    rally_id = called(site)
    sign_in(page, site)
    page.goto(f"{site.url}/rallies/{rally_id}/move")
    look_both(page, "move")


@on_a_phone
def test_an_action_is_written_sent_and_closed(page: Page, site: Site) -> None:
    sign_in(page, site)
    page.goto(f"{site.url}/actions/new")
    look_both(page, "an empty action")
    page.get_by_label("Name").fill("Let them stay")
    page.get_by_label("Who is it for?").fill("the director")
    page.get_by_label("Number to call").fill("860-555-0170")
    page.get_by_label("Until which day").fill("2026-03-06")
    page.get_by_label("Until what time").fill("17:00")
    page.get_by_label("Over how many days?").fill("2")
    page.get_by_role("button", name="Write a first text for me").click()
    expect(page.get_by_label("English", exact=True)).to_have_value(
        "Acompaña: ..., please call 860-555-0170 before Friday, 5:00 pm. Done? Text CALLED. "
        "Questions: 413-555-0142. STOP to stop."
    )
    alone = page.locator("#count_en .cost").inner_text()
    page.get_by_label("Words to say: English").fill(
        "Hello, I live here. Please let them stay. " * 3
    )
    expect(page.locator("#count_en .cost")).not_to_have_text(alone)
    expect(page.locator("#count_en .bubble")).to_contain_text("let them stay")
    page.get_by_label("Words to say: Spanish").fill("Buenos días. Por favor, que se queden.")
    page.get_by_label("Number to call").fill("860-555-0171")
    page.get_by_label("English", exact=True).fill("Call {target_phone} ... Done? Text CALLED.")
    expect(page.locator("#count_en .bubble")).to_contain_text("Call 860-555-0171")
    is_sound(page, "an action as it is written")
    page.get_by_role("button", name="Go on: who gets it").click()
    is_sound(page, "who gets the action")
    page.get_by_role("button", name="Look before sending").click()
    expect(page.get_by_text("Three dots still stand in the text")).to_be_visible()
    expect(page.get_by_text("over 2 days, about 2 people a day")).to_be_visible()
    is_sound(page, "the check page")
    page.get_by_role("button", name="Send to 3 people").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    is_sound(page, "announced")
    run_all(site.wiring, now=site.clock.tick(seconds=16))
    page.get_by_role("link", name="Let them stay").click()
    expect(page.get_by_text("Day 1 of 2")).to_be_visible()
    is_sound(page, "running")
    page.goto(f"{site.url}/actions")
    look_both(page, "all actions")
    page.get_by_role("link", name="Let them stay").click()
    page.get_by_role("link", name="Write the result").click()
    is_sound(page, "the result")
    page.get_by_label("All 2 people who were asked").check()
    page.get_by_role("button", name="Look before sending").click()
    is_sound(page, "the result's check page")
    page.get_by_role("button", name="End it and tell 2 people").click()
    expect(page.get_by_role("heading", name="The result")).to_be_visible()
    is_sound(page, "closed")


@on_a_phone
def test_an_action_is_practised_from_its_page(page: Page, site: Site) -> None:
    sign_in(page, site)
    page.goto(f"{site.url}/drills")
    page.get_by_label("Phone").fill("413-555-0101")
    page.get_by_label("They agreed").check()
    page.get_by_role("button", name="Add to the list").click()
    with site.wiring.database.write() as session:
        saved = save_action(session, site.chapter, _to_sign(site), by=SYSTEM, now=site.clock.now())
    page.goto(f"{site.url}/actions/{saved.id}")
    look_both(page, "an action that can be practised")
    page.get_by_role("link", name="Practise it in a drill").click()
    expect(page.get_by_text("DRILL: ")).to_be_visible()
    look_both(page, "an action's drill before it starts")
    page.get_by_role("button", name="Start it with 1 guest").click()
    expect(page.get_by_text("0 of 1 answered.")).to_be_visible()
    look_both(page, "an action's drill")
    page.get_by_role("button", name="End the drill").click()
    expect(page.get_by_text("Over")).to_be_visible()


def _to_sign(site: Site) -> ActionDraft:
    return ActionDraft(
        ActionKind.SIGN, "Sign", "the senator", site.clock.now() + timedelta(days=4),
        "Please sign.", "Por favor firme.", link="https://example.org/sign",
    )  # fmt: skip


@on_a_phone
def test_a_drill_is_started_and_ended(page: Page, site: Site) -> None:
    sign_in(page, site)
    page.goto(f"{site.url}/drills")
    look_both(page, "no drills")
    page.get_by_label("Phone").fill("413-555-0101")
    page.get_by_label("They agreed").check()
    page.get_by_role("button", name="Add to the list").click()
    page.get_by_role("link", name="Start a drill").click()
    look_both(page, "a drill's form")
    page.get_by_label("Place").fill("90 Main St")
    page.get_by_role("button", name="Look before sending").click()
    is_sound(page, "a drill's check page")
    page.get_by_role("button", name="Start it with 1 guest").click()
    expect(page.get_by_text("0 of 1 answered.")).to_be_visible()
    look_both(page, "a drill")
    page.get_by_role("button", name="End the drill").click()
    expect(page.get_by_text("Over")).to_be_visible()
