"""Who gets in, for how long, and what a browser is given."""

from __future__ import annotations

import dataclasses

from fastapi.testclient import TestClient

from service.app import create_app
from service.settings import Settings
from service.wiring import Wiring
from tests.factories import StillClock
from tests.web.conftest import Group
from tests.web.console.conftest import browser_of, new_link, text_of


def test_a_link_says_where_it_leads_and_a_preview_does_not_use_it_up(
    guest: TestClient, wiring: Wiring, group: Group
) -> None:
    link = new_link(wiring, group)
    for _ in range(2):
        page = guest.get(link)
        assert "Sign in as an organizer of Acompaña" in text_of(page)
        assert "set-cookie" not in page.headers
    assert "Nothing needs you right now" in text_of(guest.post(link))


def test_a_link_works_once(guest: TestClient, wiring: Wiring, group: Group) -> None:
    link = new_link(wiring, group)
    guest.post(link)
    guest.cookies.clear()
    for page in (guest.get(link), guest.post(link)):
        assert page.status_code == 410
        assert "has been used" in text_of(page)
    assert guest.get("/").status_code == 401


def test_a_link_gets_too_old(
    guest: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    link = new_link(wiring, group)
    clock.tick(hours=13)
    assert guest.post(link).status_code == 410


def test_the_cookie_is_for_this_site_only(guest: TestClient, wiring: Wiring, group: Group) -> None:
    answer = guest.post(new_link(wiring, group), follow_redirects=False)
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("acompana=")
    assert {"httponly", "samesite=lax", "path=/"} <= {part.strip() for part in cookie.split(";")}


def test_on_https_the_cookie_is_bound_to_the_host(wiring: Wiring, group: Group) -> None:
    settings = Settings(public_url="https://localhost", demo=True)
    secure = dataclasses.replace(wiring, settings=settings)
    with TestClient(create_app(secure), base_url="https://localhost") as browser:
        headers = {"Origin": "https://localhost"}
        answer = browser.post(new_link(wiring, group), headers=headers, follow_redirects=False)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-acompana=")
    assert "Secure" in cookie
    assert "strict-transport-security" in answer.headers


def test_nobody_gets_in_without_signing_in(guest: TestClient) -> None:
    for path in ("/", "/people", "/rallies/new", "/checkins/new", "/live"):
        page = guest.get(path)
        assert page.status_code == 401, path
        assert 'href="/signin?lang=en' in page.text


def test_a_page_in_pieces_is_sent_to_sign_in_whole(guest: TestClient) -> None:
    piece = guest.get("/", headers={"HX-Request": "true"})
    assert (piece.status_code, piece.headers["hx-redirect"], piece.text) == (401, "/signin", "")


def test_half_an_hour_without_work_signs_out(marta: TestClient, clock: StillClock) -> None:
    for _ in range(3):
        clock.tick(minutes=25)
        assert marta.get("/people").status_code == 200
    clock.tick(minutes=31)
    assert marta.get("/people").status_code == 401


def test_a_board_left_open_goes_idle(marta: TestClient, clock: StillClock) -> None:
    for _ in range(3):
        clock.tick(minutes=14)
        marta.get("/", headers={"HX-Request": "true"})
    assert marta.get("/").status_code == 401


def test_signing_out_ends_the_session_itself(marta: TestClient) -> None:
    kept = marta.cookies["acompana"]
    assert "signed out" in text_of(marta.post("/signout"))
    marta.cookies.set("acompana", kept)
    assert marta.get("/").status_code == 401


def test_what_was_typed_survives_a_session_that_ended(marta: TestClient, clock: StillClock) -> None:
    clock.tick(hours=1)
    page = marta.post("/rallies/new", data={"title": "Vigil for Azucena"})
    assert page.status_code == 401
    assert 'value="Vigil for Azucena"' in page.text


def test_the_console_speaks_the_organizers_language(marta: TestClient) -> None:
    page = marta.post("/language", data={"language": "es"})
    assert 'lang="es"' in page.text
    assert "Nada le necesita" in text_of(page)
    assert marta.post("/language", data={"language": "xx"}).status_code == 422


FROM_ELSEWHERE: list[dict[str, str]] = [
    {"Origin": "https://elsewhere.example"},
    {"Origin": "null"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Referer": "https://elsewhere.example/page"},
    {},
]
FROM_HERE = [
    {"Sec-Fetch-Site": "same-origin"},
    {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    {"Referer": "http://localhost:8000/people"},
]


def test_other_sites_cannot_act(marta: TestClient) -> None:
    del marta.headers["Origin"]
    for headers in FROM_ELSEWHERE:
        assert marta.post("/signout", headers=headers).status_code == 403, headers
        assert marta.get("/").status_code == 200


def test_our_own_pages_can_act_in_any_browser(marta: TestClient) -> None:
    del marta.headers["Origin"]
    for headers in FROM_HERE:
        answer = marta.post("/language", data={"language": "en"}, headers=headers)
        assert answer.status_code == 200, headers


def test_one_browser_never_sees_through_the_others_cookie(
    marta: TestClient, wiring: Wiring, other_group: Group
) -> None:
    other = browser_of(marta.app)  # type: ignore[arg-type]  # it is the FastAPI app
    other.post(new_link(wiring, other_group))
    assert 'lang="es"' in other.get("/").text
    assert 'lang="en"' in marta.get("/").text
