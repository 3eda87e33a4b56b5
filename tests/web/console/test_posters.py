"""Posters of one's own chapter, in both languages and both formats."""

from __future__ import annotations

import html

from fastapi.testclient import TestClient

from service.chapters.tables import Chapter
from service.wiring import Wiring
from tests.web.conftest import Group
from tests.web.console.conftest import text_of


def test_all_of_them_can_be_had(marta: TestClient) -> None:
    page = marta.get("/posters")
    assert "text DATE to 413-555-0100" in text_of(page)
    for who in ("family", "volunteer"):
        for language in ("en", "es"):
            assert f'href="/posters/{who}/{language}.pdf"' in page.text
            svg = marta.get(f"/posters/{who}/{language}.svg")
            pdf = marta.get(f"/posters/{who}/{language}.pdf")
            assert svg.headers["content-type"].startswith("image/svg+xml")
            assert "413-555-0100" in html.unescape(svg.text)
            assert pdf.headers["content-type"] == "application/pdf"
            assert pdf.content.startswith(b"%PDF")
    assert marta.get("/posters/family/fr.svg").status_code == 404
    assert 'href="/posters"' in marta.get("/account").text


def test_a_chapters_own_word_stands_on_the_volunteers_poster(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    with wiring.database.write() as session:
        session.get_one(Chapter, group.chapter.id).keyword = "valle"
    assert "mande VALLE al 413-555-0100" in text_of(marta.get("/posters/volunteer/es.svg"))
    assert "mande CITA al 413-555-0100" in text_of(marta.get("/posters/family/es.svg"))


def test_nobody_gets_them_without_signing_in(guest: TestClient) -> None:
    assert guest.get("/posters/family/en.pdf").status_code == 401
