"""Invited, set up, signed in by a code or a passkey, asked again; without scripts, in both languages."""

from __future__ import annotations

import dataclasses
import html
import re

import pyotp
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.accounts import codes, guesses, passkeys
from service.accounts.passkeys import Place
from service.accounts.sign_in import make_texted_invitation
from service.accounts.tables import Organizer
from service.settings import Settings
from service.web.console.who import MOST_TRIES
from service.wiring import Wiring
from tests.accounts.authenticator import Authenticator
from tests.factories import StillClock, make_volunteer
from tests.web.conftest import PUBLIC_URL, Group
from tests.web.console.conftest import browser_of, new_link, text_of
from tests.web.console.ways import actions, app_of_theirs, invitation, signed_in_as

HERE = Place("localhost", [PUBLIC_URL])


def test_from_an_invitation_to_the_board_without_scripts(
    guest: TestClient, wiring: Wiring, ana: Organizer, clock: StillClock
) -> None:
    page = guest.post(invitation(wiring, ana))
    assert "How will you sign in?" in text_of(page)
    page = guest.post("/account/app/new")
    assert '<svg xmlns="http://www.w3.org/2000/svg"' in page.text
    assert "style=" not in page.text, "our pages allow no style of their own"
    secret = re.search(r'class="secret">([A-Z2-7 ]+)<', page.text)
    assert secret
    app = pyotp.TOTP(secret[1].replace(" ", ""))
    assert "isn't right" in text_of(guest.post("/account/app", data={"code": "12"}))
    page = guest.post("/account/app", data={"code": app.at(clock.now())})
    paper = re.findall(r"<code>([a-z0-9-]{19})</code>", page.text)
    assert len(paper) == codes.RECOVERY_CODES
    assert "Nothing needs you right now" in text_of(guest.get("/"))

    guest.post("/signout")
    assert guest.get("/").status_code == 401
    clock.tick(minutes=1)
    page = guest.post("/signin/code", data={"name": "Ana", "code": app.at(clock.now())})
    assert "Nothing needs you right now" in text_of(page)
    guest.post("/signout")
    page = guest.post("/signin/code", data={"name": "ana", "code": paper[3].upper()})
    assert "7 of 8 left" in text_of(page)
    guest.post("/signout")
    page = guest.post("/signin/code", data={"name": "ana", "code": paper[3]})
    assert page.status_code == 422
    assert [a for a in actions(wiring) if a.startswith("sign_in")] == [
        "sign_in invitation", "sign_in.app_added", "sign_in.recovery_codes", "sign_in code",
        "sign_in code", "sign_in recovery", "sign_in.failed code",
    ]  # fmt: skip


def test_an_invitation_leads_to_setting_up_and_nowhere_else(
    guest: TestClient, wiring: Wiring, ana: Organizer, clock: StillClock
) -> None:
    link = invitation(wiring, ana)
    assert "Welcome, Ana" in text_of(guest.get(link))
    guest.post(link)
    for path in ("/", "/people", "/account", "/organizers"):
        assert "How will you sign in?" in text_of(guest.get(path)), path
    answer = guest.post("/rallies/new", data={"title": "x"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/setup")
    clock.tick(hours=2)
    assert guest.get("/account/setup").status_code == 401
    assert guest.get(link).status_code == 410


def test_a_passkey_is_made_and_signs_in(guest: TestClient, wiring: Wiring, ana: Organizer) -> None:
    key = Authenticator(origin=PUBLIC_URL)
    guest.post(invitation(wiring, ana))
    made = key.make(guest.post("/account/passkeys/ask").text)
    page = guest.post("/account/passkeys", data={"credential": made, "label": "my key"})
    assert "Codes for the day when your phone is gone" in text_of(page)
    assert "my key" in text_of(guest.get("/account"))
    guest.post("/signout")
    signed = key.sign(guest.post("/signin/passkey/ask").text)
    page = guest.post("/signin/passkey", data={"credential": signed, "to": "/people"})
    assert page.url.path == "/people"
    guest.post("/signout")
    page = guest.post("/signin/passkey?lang=es", data={"credential": signed})
    assert page.status_code == 422
    assert "No pudimos usar esa llave" in text_of(page)
    assert "sign_in.failed passkey" in actions(wiring)


def test_a_demo_link_signs_in_only_where_the_demo_runs(
    app: FastAPI, wiring: Wiring, group: Group
) -> None:
    browser = browser_of(app)
    assert "Nothing needs you" in text_of(browser.post(new_link(wiring, group)))
    link = new_link(wiring, group)
    app.state.wiring = dataclasses.replace(wiring, settings=Settings(public_url=PUBLIC_URL))
    assert browser.get("/").status_code == 401, "its sessions end with it"
    for page in (browser.get(link), browser.post(link)):
        assert page.status_code == 410


def test_the_demo_is_for_this_machine_only() -> None:
    with pytest.raises(ValueError, match="localhost only"):
        Settings(public_url="https://text.example.org", demo=True)


def test_a_texted_invitation_asks_for_what_was_said_aloud(
    guest: TestClient, wiring: Wiring, ana: Organizer
) -> None:
    with wiring.database.write() as session:
        secret, spoken = make_texted_invitation(session, ana.id, now=wiring.clock.now())
    page = guest.post(f"/signin/{secret}", data={"spoken": "1"})
    assert page.status_code == 422
    assert "These digits aren&#39;t right" in page.text
    assert "How will you sign in?" in text_of(
        guest.post(f"/signin/{secret}", data={"spoken": spoken})
    )


def test_wrong_digits_void_a_texted_invitation(
    guest: TestClient, wiring: Wiring, ana: Organizer
) -> None:
    with wiring.database.write() as session:
        secret, spoken = make_texted_invitation(session, ana.id, now=wiring.clock.now())
    for _ in range(5):
        guest.post(f"/signin/{secret}", data={"spoken": "x"})
    assert guest.post(f"/signin/{secret}", data={"spoken": spoken}).status_code == 410


def test_a_wrong_name_and_a_wrong_code_read_the_same(
    guest: TestClient, wiring: Wiring, ana: Organizer
) -> None:
    app_of_theirs(wiring, ana)
    pages = [
        guest.post("/signin/code", data={"name": name, "code": "000000"}).text.replace(name, "")
        for name in ("ana", "nobody")
    ]
    assert pages[0] == pages[1]
    page = guest.post("/signin/code", data={"name": "ana", "code": ""})
    assert 'value="ana"' in page.text
    assert "Something is missing" in page.text


def test_guessing_waits_and_the_owner_gets_in_all_the_same(
    guest: TestClient, wiring: Wiring, ana: Organizer, clock: StillClock
) -> None:
    app = app_of_theirs(wiring, ana)
    with wiring.database.write() as session:
        paper = codes.new_recovery_codes(session, ana, now=clock.now())
    for _ in range(guesses.FREE_TRIES):
        guest.post("/signin/code", data={"name": "ana", "code": "000000"})
    good = {"name": "ana", "code": app.at(clock.now())}
    assert "Please wait 1 min" in text_of(guest.post("/signin/code", data=good))
    page = guest.post("/signin/code", data={"name": "ana", "code": paper[0]})
    assert "Your account" in page.text
    guest.post("/signout")
    clock.tick(seconds=61)
    good["code"] = app.at(clock.now())
    assert "Nothing needs you right now" in text_of(guest.post("/signin/code", data=good))


def test_a_flood_from_one_address_waits_a_minute(guest: TestClient, clock: StillClock) -> None:
    def knock() -> int:
        return guest.post("/signin/code", data={"name": "x", "code": "abc"}).status_code

    assert [knock() for _ in range(MOST_TRIES)] == [422] * MOST_TRIES
    assert knock() == 429
    clock.tick(seconds=61)
    assert knock() == 422


# --- asked again ------------------------------------------------------------------------------


def test_a_name_is_shown_only_to_who_has_just_been_there(
    guest: TestClient, wiring: Wiring, group: Group, ana: Organizer, clock: StillClock
) -> None:
    app = app_of_theirs(wiring, ana)
    with wiring.database.write() as session:
        alma = make_volunteer(session, wiring.keyring, group.chapter, 101, now=clock.now())
    signed_in_as(wiring, guest, ana)
    reveal = f"/people/{alma.id}/reveal"
    assert "Alma" in guest.post(reveal, data={"reason": "call", "back": "/"}).text
    clock.tick(minutes=11)
    page = guest.post(reveal, data={"reason": "call", "back": "/people"})
    assert page.status_code == 401
    assert "Is it still you?" in text_of(page)
    assert "Alma" not in page.text

    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    fields = {name: html.unescape(value) for name, value in fields.items()}
    wrong = guest.post("/confirm", data=fields | {"code": "000000", "credential": ""})
    assert "isn't right" in text_of(wrong)
    page = guest.post("/confirm", data=fields | {"code": app.at(clock.now()), "credential": ""})
    assert "Thank you" in text_of(page)
    kept = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    assert kept == {"reason": "call", "back": "/people"}
    assert f'action="{reveal}"' in page.text
    assert "Alma" in guest.post(reveal, data=kept).text
    assert {"sign_in.failed confirm", "sign_in.confirmed confirm"} <= set(actions(wiring))


def test_a_passkey_confirms_and_a_page_that_was_only_looked_at_opens(
    guest: TestClient, wiring: Wiring, ana: Organizer, clock: StillClock
) -> None:
    key = Authenticator(origin=PUBLIC_URL)
    with wiring.database.write() as session:
        asked = passkeys.ask_to_set_up(session, HERE, ana, now=clock.now())
        passkeys.add(session, HERE, ana, key.make(asked), "", now=clock.now())
    signed_in_as(wiring, guest, ana)
    clock.tick(minutes=11)
    assert "Is it still you?" in text_of(guest.get("/account/setup"))
    signed = key.sign(guest.post("/confirm/ask").text)
    sent = {"credential": signed, "to": "/account/setup", "method": "GET"}
    assert "How will you sign in?" in text_of(guest.post("/confirm", data=sent))
    clock.tick(minutes=11)
    assert guest.post("/confirm", data=sent).status_code == 422, "an answer works once"


def test_confirming_leads_to_our_own_pages_only(
    guest: TestClient, wiring: Wiring, ana: Organizer, clock: StillClock
) -> None:
    app = app_of_theirs(wiring, ana)
    signed_in_as(wiring, guest, ana)
    for to in ("https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example"):
        clock.tick(minutes=1)
        sent = {"code": app.at(clock.now()), "to": to, "method": "GET"}
        answer = guest.post("/confirm", data=sent, follow_redirects=False)
        assert answer.headers["location"] == "/"
