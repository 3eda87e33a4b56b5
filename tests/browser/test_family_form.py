"""The form for families, as it is on a phone that is handed around."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import col, select

from service.outbox.tables import Delivery
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader
from tests.browser.conftest import at_a_desk, on_a_phone
from tests.browser.site import Site, running_site
from tests.browser.sound import axe, fits


@pytest.fixture(scope="module")
def site(sqlite_original: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A chapter with one office."""
    with running_site(tmp_path_factory.mktemp("family"), sqlite_original) as running:
        yield running


def newest_code(site: Site) -> str:
    """The code that was texted last."""
    with site.wiring.database.read() as session:
        query = select(Delivery).where(Delivery.template == "one_time_code")
        newest = session.exec(query.order_by(col(Delivery.id).desc())).first()
    assert newest is not None
    body = Reader(site.wiring.keyring, SYSTEM).show(newest.sealed_body(None))
    code: str = re.findall(r"\d{3} \d{3}", body)[0]
    return code.replace(" ", "")


def fill(page: Page, site: Site) -> None:
    page.get_by_label("Nombre").fill("Azucena")
    page.get_by_label("Su teléfono").fill("413-555-0120")
    page.get_by_label("Oficina").select_option(str(site.office.id))
    page.get_by_label("Fecha").fill("2026-03-10")
    page.get_by_label("Hora").fill("08:00")
    page.get_by_label("Pueden mandarme textos").check()


@on_a_phone
def test_a_family_registers_in_spanish(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/checkin?lang=en")
    page.get_by_role("link", name="Español").click()
    expect(page).to_have_title("Su cita")
    fill(page, site)
    page.get_by_role("button", name="Mandar").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ahora su código")
    assert axe(page) == []
    assert fits(page)
    page.get_by_label("Código").fill(newest_code(site))
    page.get_by_role("button", name="Listo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Gracias. Ya lo tenemos.")
    expect(page.get_by_text("Marta le llama del 413-555-0142.")).to_be_visible()
    assert axe(page) == []
    assert fits(page)


@at_a_desk
def test_a_mistake_is_shown_beside_its_field_and_nothing_is_lost(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/checkin?lang=es")
    fill(page, site)
    page.get_by_label("Su teléfono").fill("12")
    page.get_by_role("button", name="Mandar").click()
    expect(page.get_by_role("alert")).to_contain_text("Teléfono")
    phone = page.get_by_label("Su teléfono")
    expect(phone).to_have_attribute("aria-invalid", "true")
    expect(phone).to_have_value("12")
    expect(page.get_by_label("Fecha")).to_have_value("2026-03-10")
    expect(page.get_by_label("Oficina")).to_have_value(str(site.office.id))
    assert axe(page) == []
    assert fits(page)
    phone.fill("413-555-0121")
    page.get_by_role("button", name="Mandar").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ahora su código")


@pytest.mark.parametrize("language", ["en", "es"])
def test_without_scripts_it_goes_all_the_way(browser: Browser, site: Site, language: str) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=False, locale=language
    )
    try:
        page = context.new_page()
        page.goto(f"{site.url}/checkin")
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.locator("#alias")).not_to_have_value("")
        page.locator("#phone").fill("413-555-0122")
        page.locator("#office_id").select_option(str(site.office.id))
        page.locator("#day").fill("2026-03-11")
        page.locator("#clock").fill("09:00")
        page.locator(".finish button").click()
        page.locator("#code").fill(newest_code(site))
        page.locator(".finish button").click()
        expect(page.locator(".thanks h1")).to_be_visible()
        page.get_by_role("link", name="Leave this page" if language == "en" else "Salir").click()
        expect(page).to_have_title("Useful numbers" if language == "en" else "Teléfonos útiles")
    finally:
        context.close()


@on_a_phone
def test_a_wrong_code_is_shown_beside_its_field(page: Page, site: Site) -> None:
    site.clock.tick(hours=1)
    page.goto(f"{site.url}/checkin?lang=es")
    fill(page, site)
    page.get_by_role("button", name="Mandar").click()
    right = newest_code(site)
    page.get_by_label("Código").fill(right[:-1] + str((int(right[-1]) + 1) % 10))
    page.get_by_role("button", name="Listo").click()
    expect(page.get_by_role("alert")).to_contain_text("Ese código no es.")
    expect(page.get_by_label("Código")).to_have_attribute("aria-invalid", "true")
    assert axe(page) == []
    assert fits(page)
    page.get_by_role("button", name="Cambiar lo que escribí").click()
    expect(page.get_by_label("Fecha")).to_have_value("2026-03-10")


@on_a_phone
def test_leaving_quickly_leaves_nothing_to_go_back_to(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/away?lang=en")
    page.goto(f"{site.url}/checkin?lang=en")
    page.get_by_role("link", name="Leave this page").click()
    expect(page).to_have_title("Useful numbers")
    page.go_back()
    expect(page).to_have_url(re.compile("/away"))  # the page before; the form is nowhere
