"""Signing in as people do: by a passkey on a phone, by a code without scripts, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Page, expect
from sqlmodel import Session

from service.accounts import codes, sessions
from service.accounts.organizers import Badge, add_organizer
from service.accounts.sign_in import make_invitation
from service.accounts.tables import How, Organizer
from service.messages.pages import load_pages
from service.privacy.policy import SYSTEM, Role
from tests.browser.conftest import at_a_desk, in_each_language, on_a_phone
from tests.browser.site import Site, running_site
from tests.browser.sound import is_sound, small_targets
from tests.factories import make_volunteer

WORDS = load_pages()


@pytest.fixture
def site(sqlite_original: Path, tmp_path: Path) -> Iterator[Site]:
    """A chapter whose admin is yet to be added."""
    with running_site(tmp_path, sqlite_original) as running:
        yield running


def admin(site: Site, session: Session, language: str) -> Organizer:
    badge = Badge("Ana", Role.ADMIN, language)
    return add_organizer(session, site.chapter.id, badge, by=SYSTEM, now=site.clock.now())


def invited(site: Site, language: str) -> str:
    """The address of an invitation for an admin who reads this language."""
    with site.wiring.database.write() as session:
        ana = admin(site, session, language)
        return f"{site.url}/signin/{make_invitation(session, ana.id, now=site.clock.now())}"


def phone_that_knows(page: Page) -> tuple[Any, str]:
    """Give the browser a passkey store that knows its owner by finger."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    made = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return cdp, made["authenticatorId"]


@in_each_language
def test_from_invitation_to_passkey_and_in_again(page: Page, site: Site, language: str) -> None:
    def say(key: str, **values: object) -> str:
        return WORDS.say(key, language, **values)

    phone_that_knows(page)
    page.goto(invited(site, language))
    is_sound(page)
    page.get_by_role("button", name=say("signin.begin")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(say("setup.title"))
    is_sound(page)
    page.get_by_label(say("setup.label")).fill("my phone")
    page.get_by_role("button", name=say("setup.passkey")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(say("recovery.title"))
    is_sound(page)
    page.get_by_role("link", name=say("recovery.written")).click()
    expect(page.get_by_text("my phone").first).to_be_visible()
    is_sound(page)

    page.goto(f"{site.url}/")
    page.get_by_role("button", name=say("nav.out")).click()
    page.get_by_role("link", name=say("signin.title")).click()
    is_sound(page)
    page.get_by_role("button", name=say("signin.passkey")).click()
    expect(page.get_by_text(say("board.calm"))).to_be_visible()


@at_a_desk
def test_a_number_is_shown_after_the_passkey_was_used_again(page: Page, site: Site) -> None:
    phone_that_knows(page)
    with site.wiring.database.write() as session:
        make_volunteer(session, site.wiring.keyring, site.chapter, 101, now=site.clock.now())
    page.goto(invited(site, "en"))
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("button", name="Make a passkey").click()
    page.get_by_role("link", name="I have written them down").click()
    site.clock.tick(minutes=11)
    page.goto(f"{site.url}/people")
    page.get_by_text("Show name and number").click()
    page.get_by_role("button", name=WORDS.say("reveal.show", "en")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is it still you?")
    is_sound(page)
    page.get_by_role("button", name="Use my passkey").click()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("413-555-0101")).to_be_visible()


@on_a_phone
def test_a_passkey_that_does_not_know_its_owner_says_so(page: Page, site: Site) -> None:
    cdp, authenticator = phone_that_knows(page)
    cdp.send(
        "WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False}
    )
    page.goto(invited(site, "en"))
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_text("That did not work, or it was stopped.")).to_be_visible()
    is_sound(page)


@in_each_language
def test_a_code_app_needs_no_scripts(plain: Page, site: Site, language: str) -> None:
    def say(key: str, **values: object) -> str:
        return WORDS.say(key, language, **values)

    plain.goto(invited(site, language))
    plain.get_by_role("button", name=say("signin.begin")).click()
    expect(plain.get_by_text(say("passkey.without"))).to_be_visible()
    plain.get_by_role("button", name=say("setup.app")).click()
    expect(plain.locator("svg.qr")).to_be_visible()
    secret = plain.locator("code.secret").inner_text().replace(" ", "")
    app = pyotp.TOTP(secret)
    plain.get_by_label(say("setup.code")).fill(app.at(site.clock.now()))
    plain.get_by_role("button", name=say("setup.finish")).click()
    paper = plain.locator(".codes code").all_inner_texts()
    plain.get_by_role("link", name=say("recovery.written")).click()
    plain.get_by_role("button", name=say("nav.out")).click()
    plain.get_by_role("link", name=say("signin.title")).click()
    plain.get_by_label(say("signin.name")).fill("ana")
    plain.get_by_label(say("signin.code"), exact=True).fill("000000")
    plain.get_by_role("button", name=say("signin.button"), exact=True).click()
    expect(plain.get_by_label(say("signin.name"))).to_have_value("ana")
    plain.get_by_label(say("signin.code"), exact=True).fill(paper[0])
    plain.get_by_role("button", name=say("signin.button"), exact=True).click()
    expect(plain.get_by_text(say("account.codes_left", left=7, of=8))).to_be_visible()


@in_each_language
def test_pages_of_accounts_are_open_to_everybody(page: Page, site: Site, language: str) -> None:
    now = site.clock.now()
    with site.wiring.database.write() as session:
        ana = admin(site, session, language)
        earlier = now - timedelta(hours=1)
        codes.begin_app(session, site.wiring.keyring, ana, now=earlier)
        sessions.begin(session, ana, How.PASSKEY, now=now, device="Safari, iPhone")
        cookie = sessions.begin(session, ana, How.CODE, now=now, device="Chrome, Linux")
    page.context.add_cookies([{"name": "acompana", "value": cookie, "url": site.url}])
    for path in ("/account", "/people/export", "/organizers", "/organizers/new"):
        page.goto(site.url + path)
        is_sound(page)
        assert small_targets(page) == [], path
    page.get_by_label(WORDS.say("organizers.name", language), exact=True).fill("Beto")
    page.get_by_role("button", name=WORDS.say("organizers.make_link", language)).click()
    expect(page.locator("code.secret")).to_contain_text("/signin/")
    is_sound(page)


@in_each_language
def test_a_list_comes_in_without_scripts(
    page: Page, plain: Page, site: Site, language: str
) -> None:
    def say(key: str, **values: object) -> str:
        return WORDS.say(key, language, **values)

    now = site.clock.now()
    with site.wiring.database.write() as session:
        ana = admin(site, session, language)
        cookie = sessions.begin(session, ana, How.CODE, now=now)
    for each in (plain, page):
        each.context.add_cookies([{"name": "acompana", "value": cookie, "url": site.url}])
    people = "Nombre;Teléfono;Idioma\nJosé;413-555-0101;español\nAna;4.14E+09;\n".encode("utf-16")
    plain.goto(f"{site.url}/people/lists/new")
    file = {"name": "list.csv", "mimeType": "text/csv", "buffer": people}
    plain.get_by_label(say("lists.file")).set_input_files(files=[file])  # type: ignore[arg-type]  # a dict of the right keys
    plain.get_by_role("button", name=say("lists.read")).click()
    page.goto(plain.url)
    is_sound(page)
    plain.get_by_label(say("lists.source")).fill("la reunión")
    plain.get_by_role("button", name=say("lists.look")).click()
    expect(plain.get_by_role("heading", level=1)).to_have_text(say("lists.new", count=1))
    page.goto(plain.url)
    is_sound(page)
    plain.get_by_role("button", name=say("lists.apply", count=1)).click()
    expect(plain.get_by_role("heading", level=1)).to_have_text(say("lists_state.applying"))
    page.goto(plain.url)
    is_sound(page)
