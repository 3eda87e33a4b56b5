"""A message to many, in a real browser: counted as it is typed, with scripts and without, in both themes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import select

from service.accounts import sessions
from service.accounts.tables import How, Organizer
from service.blasts.compose import whole_text
from service.blasts.tables import Blast
from service.messages.segments import count_segments, parts_saved
from service.rsvps.plan import launch_due_blasts
from tests.browser.conftest import Visit, at_a_desk, in_each_language, on_a_phone
from tests.browser.site import Site, running_site
from tests.browser.sound import axe, fits, is_sound
from tests.factories import make_organizer, make_volunteer

BODIES = (
    "Thank you.",
    "Acompaña: gracias por venir",
    "así es, la reunión es mañana",
    "“Curly” – and … €uros {[]}",
    "👍 family 👨‍👩‍👧‍👦 " * 5,
    "x" * 150,
    "Come to South Green. " * 20,
    "Acompaña: la próxima junta será en el jardín; traiga a su mamá y a su papá. STOP: fin.",
    "ò ñ é ü Ç ¿ ¡ STOP",
    "line\nand line",
)

LONG = (
    "Gracias por venir, la reunión es mañana a las siete en la escuela, cerca de la plaza del sur "
)


@pytest.fixture
def site(sqlite_original: Path, tmp_path: Path) -> Iterator[Site]:
    """A chapter with three volunteers, one of them far away."""
    with running_site(tmp_path, sqlite_original) as running:
        now = running.clock.now()
        with running.wiring.database.write() as session:
            for number, language in ((101, "en"), (102, "es"), (103, "es")):
                made = make_volunteer(
                    session, running.wiring.keyring, running.chapter, number, now=now,
                    language=language, roles=["driver"] if number == 102 else [],
                )  # fmt: skip
                made.area = "06103" if number < 103 else "90001"
                session.add(made)
        yield running


def signed_in(page: Page, site: Site, *, name: str = "Marta", language: str = "en") -> Page:
    """Sign somebody in at this browser; made if need be."""
    now = site.clock.now()
    with site.wiring.database.write() as session:
        found = session.exec(select(Organizer).where(Organizer.name == name)).first()
        organizer = found or make_organizer(session, site.chapter, now=now, name=name)
        organizer.language = language
        session.add(organizer)
        secret = sessions.begin(session, organizer, How.DEMO, now=now)
    page.context.add_cookies([{"name": "acompana", "value": secret, "url": site.url}])
    return page


@at_a_desk
def test_the_browser_counts_as_the_server_does(page: Page, site: Site) -> None:
    signed_in(page, site).goto(f"{site.url}/messages/new")
    area, counter = page.get_by_label("English"), page.locator("#count_en")
    for typed in BODIES:
        area.fill(typed)
        body = whole_text(typed, "Acompaña", "STOP to stop.")
        counted, saved = count_segments(body), parts_saved(body)
        parts = "1 part" if counted.parts == 1 else f"{counted.parts} parts"
        expect(counter.locator(".cost")).to_have_text(
            f"{parts} · {counted.units} of {counted.room} letters"
        )
        assert counter.locator(".bubble").evaluate("e => e.textContent") == body
        if counted.offending and saved:
            expect(counter.locator(".cheaper")).to_contain_text(f"saves {saved} part")


@on_a_phone
def test_accents_go_at_a_press_and_places_are_put_in(page: Page, site: Site) -> None:
    signed_in(page, site).goto(f"{site.url}/messages/new")
    area, counter = page.get_by_label("Spanish"), page.locator("#count_es")
    area.fill(LONG)
    expect(counter.locator("mark")).to_have_text("ó")
    counter.get_by_role("button", name="Remove accents").click()
    expect(area).to_have_value(LONG.replace("ó", "o"))
    expect(counter.locator("mark")).to_have_count(0)
    counter.locator("xpath=..").get_by_role("button", name="our phone").click()
    expect(area).to_have_value(LONG.replace("ó", "o") + "{phone}")
    expect(counter.locator(".bubble")).to_contain_text("plaza del sur 413-555-0142.")


@in_each_language
def test_the_way_from_the_first_word_to_the_last_look(
    page: Page, site: Site, language: str
) -> None:
    page.set_extra_http_headers({"Accept-Language": language})
    signed_in(page, site, language=language).goto(f"{site.url}/messages/new")

    page.locator("#text_en").fill("Thank you all, “friends”")
    page.locator("#text_es").fill("Gracias a todos, así es")
    page.locator(".is-main").click()  # the name is missing
    expect(page.locator("#title-wrong")).to_be_visible()
    is_sound(page)
    page.locator("#title").fill("Thanks")
    is_sound(page)
    page.locator(".is-main").click()
    expect(page.locator("#counted .big")).to_contain_text("3")
    page.wait_for_load_state()  # only then does anything count along
    page.locator("[name=role_driver]").check()
    expect(page.locator("#counted .big")).to_contain_text("1")
    page.locator("[name=role_driver]").uncheck()
    expect(page.locator("#counted .big")).to_contain_text("3")
    page.locator("#near").fill("06103")
    page.locator("#near").press("Tab")
    # The first distance of a process reads the table of ZIP codes.
    expect(page.locator("#counted .big")).to_contain_text("2", timeout=30_000)
    is_sound(page)
    page.locator(".is-main").click()
    expect(page.locator(".bubble")).to_have_count(2)
    is_sound(page)
    page.goto(f"{site.url}/account/phone")
    is_sound(page)


@on_a_phone
def test_everything_works_without_scripts(plain: Page, site: Site) -> None:
    signed_in(plain, site)
    plain.goto(f"{site.url}/messages/new")
    plain.get_by_label("Name").fill("Thanks")
    plain.get_by_label("English").fill("Thank you all.")
    plain.get_by_label("Spanish").fill(LONG)
    plain.get_by_role("button", name="Count the parts").click()
    expect(plain.locator("#count_es mark")).to_have_text("ó")
    plain.locator("#count_es").get_by_role("button", name="Remove accents").click()
    expect(plain.get_by_label("Spanish")).to_have_value(LONG.strip().replace("ó", "o"))
    plain.get_by_role("button", name="Save for later").click()
    expect(plain.get_by_text("Saved as it is.")).to_be_visible()
    plain.goto(site.url)
    plain.get_by_role("link", name="Look and send").or_(
        plain.locator(".is-draft .button")
    ).first.click()
    plain.get_by_role("button", name="Go on: who gets it").click()
    plain.locator("[name=reads_es]").check()
    plain.get_by_role("button", name="Count again").click()
    expect(plain.get_by_text("2 people")).to_be_visible()
    plain.get_by_role("button", name="Look before sending").click()
    plain.get_by_role("button", name="Send to 2 people").click()
    expect(plain.get_by_role("button", name="Undo")).to_be_visible()


@at_a_desk
def test_a_second_person_approves_in_their_own_browser(
    page: Page, visit: Visit, site: Site
) -> None:
    with site.wiring.database.write() as session:
        site.chapter.second_over = 2
        session.add(site.chapter)
    nora = signed_in(visit(viewport=page.viewport_size), site, name="Nora")
    signed_in(page, site).goto(f"{site.url}/messages/new")
    page.get_by_label("Name").fill("Thanks")
    page.get_by_label("English").fill("Thank you all.")
    page.get_by_label("Spanish").fill("Gracias a todos.")
    page.get_by_role("button", name="Go on: who gets it").click()
    page.get_by_role("button", name="Look before sending").click()
    page.get_by_role("button", name="Ask for approval for 3 people").click()
    expect(page.get_by_text("It waits for a second person's yes.")).to_be_visible()
    assert axe(page) == []
    nora.goto(site.url)
    nora.get_by_role("link", name="Read and decide").click()
    assert axe(nora) == []
    assert fits(nora)
    nora.get_by_role("button", name="Approve and send to 3 people").click()
    expect(nora.get_by_role("button", name="Undo")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Nora approved it already")).to_be_visible()
    with site.wiring.database.read() as session:
        assert len(session.exec(select(Blast)).all()) == 1
    assert launch_due_blasts(site.wiring.database, now=site.clock.tick(seconds=15)) == 3
