"""The form for families, as it is on a phone that is handed around."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.site import Site, running_site
from tests.browser.test_console import axe, fits


@pytest.fixture(scope="module")
def site(sqlite_original: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A chapter with one office."""
    with running_site(tmp_path_factory.mktemp("family"), sqlite_original) as running:
        yield running


def fill(page: Page, site: Site) -> None:
    page.get_by_label("Nombre").fill("Azucena")
    page.get_by_label("Su teléfono").fill("413-555-0120")
    page.get_by_label("Oficina").select_option(str(site.office.id))
    page.get_by_label("Fecha").fill("2026-03-10")
    page.get_by_label("Hora").fill("08:00")
    page.get_by_label("Pueden mandarme textos").check()


def test_a_family_registers_in_spanish(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/checkin?lang=en")
    page.get_by_role("link", name="Español").click()
    expect(page).to_have_title("Su cita")
    fill(page, site)
    page.get_by_role("button", name="Mandar").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Gracias. Ya lo tenemos.")
    expect(page.get_by_text("Marta le llama del 413-555-0142.")).to_be_visible()
    assert axe(page) == []
    assert fits(page)


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
    expect(page.get_by_role("heading", level=1)).to_have_text("Gracias. Ya lo tenemos.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_open_to_everybody(page: Page, site: Site, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of the two words
    for path in ("/checkin?lang=en", "/checkin?lang=es", "/privacy?lang=en", "/privacy?lang=es"):
        page.goto(site.url + path)
        assert axe(page) == [], path
        assert fits(page), path
        expect(page.locator("script")).to_have_count(0)
