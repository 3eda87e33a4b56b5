"""What carriers and machines ask to see; and the headers of every answer."""

from __future__ import annotations

import html

import pytest
from fastapi.testclient import TestClient

from service.errors import Unavailable
from service.wiring import Wiring
from tests.web.conftest import Group
from tests.web.public.test_checkin import family

__all__ = ["family"]  # a fixture


def test_the_privacy_page_says_that_numbers_are_never_sold_or_shared(family: TestClient) -> None:
    english = html.unescape(family.get("/privacy?lang=en").text)
    assert "never sell or share phone numbers" in english
    for word in ("STOP", "HELP", "Message and data rates", "413-555-0142"):
        assert word in english
    assert "Nunca vendemos ni compartimos" in family.get("/privacy?lang=es").text


def test_words_around_a_number_are_escaped(
    family: TestClient, wiring: Wiring, group: Group
) -> None:
    with wiring.database.write() as session:
        group.chapter.network_name = "Valle & <b>Sol</b>"
        session.add(group.chapter)
    page = family.get("/privacy?lang=en").text
    assert "<b>" not in page
    says = next(line for line in page.splitlines() if "you can call" in line)
    assert "Valle &amp; &lt;b&gt;Sol&lt;/b&gt;" in says
    assert '<span class="phone">413-555-0142</span>' in says


def test_health_follows_the_database(
    family: TestClient,
    wiring: Wiring,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert family.get("/healthz").status_code == 200

    def down() -> None:
        raise Unavailable("down")

    monkeypatch.setattr(wiring.database, "ping", down)
    assert family.get("/healthz").status_code == 503


def test_search_engines_stay_away(family: TestClient) -> None:
    assert "Disallow: /" in family.get("/robots.txt").text


def test_every_answer_is_guarded_and_kept_by_nobody(family: TestClient) -> None:
    for path in ("/checkin", "/signin", "/", "/nowhere", "/healthz", "/api/v1/x"):
        headers = family.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "camera=()" in headers["permissions-policy"]


def test_only_static_files_are_kept_and_for_good_when_their_address_has_a_hash(
    family: TestClient,
) -> None:
    address = family.get("/signin").text.split('rel="stylesheet" href="')[1].split('"')[0]
    assert "immutable" in family.get(address).headers["cache-control"]
    bare = address.partition("?")[0]
    assert family.get(bare).headers["cache-control"] == "no-cache"
    assert family.get("/static/nothing.css").headers["cache-control"] == "no-store"


def test_no_page_needs_an_inline_style_or_script(family: TestClient) -> None:
    for path in ("/checkin", "/signin", "/privacy"):
        page = family.get(path).text
        assert " style=" not in page
        assert "<style" not in page
        assert "onclick" not in page
