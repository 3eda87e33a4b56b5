"""The inbox in a browser: on a phone and at a desk, by keyboard and without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from service.messages.pages import load_pages
from tests.browser.conftest import PHONE, at_a_desk, in_each_language, on_a_phone
from tests.browser.site import Site, running_site
from tests.browser.sound import is_sound
from tests.factories import make_volunteer
from tests.web.api.bodies import texted

WORDS = load_pages()
ASKS = "my cousin needs to talk with one of you please"


@pytest.fixture
def site(sqlite_original: Path, tmp_path: Path) -> Iterator[Site]:
    """A chapter where Alma and Beto have written, Alma first, and a number that nobody knows."""
    with running_site(tmp_path, sqlite_original) as running:
        now = running.clock.now()
        with running.wiring.database.write() as session:
            for number, name in ((103, "Alma"), (104, "Beto")):
                make_volunteer(
                    session, running.wiring.keyring, running.chapter, number, now=now, name=name
                )
        for phone in ("+14135550103", "+14135550104", "+14135550177"):
            texted(running.wiring, ASKS, phone)
            running.clock.tick(minutes=5)
        yield running


@pytest.fixture
def inbox(page: Page, site: Site) -> Page:
    """Marta's browser, on the inbox."""
    site.sign_in(page)
    page.goto(f"{site.url}/inbox")
    return page


def test_from_the_list_to_a_reply_that_shows_by_itself(inbox: Page, site: Site) -> None:
    is_sound(inbox)
    inbox.locator("[data-row]").first.click()
    expect(inbox.get_by_text(ASKS)).to_be_visible()
    is_sound(inbox)
    inbox.get_by_text("Replies at hand").click()
    inbox.get_by_role("button", name="One of us calls you today").click()
    box = inbox.get_by_label("Your reply")
    expect(box).to_have_value("Thank you for writing. One of us calls you today.")
    expect(inbox.locator("#count_words .cost")).to_contain_text("1 part · 59 of 160 letters")
    box.fill("Mañana a las 5, aquí.")
    expect(inbox.locator("#count_words .costly")).to_contain_text("í")
    texted(site.wiring, "please call soon", "+14135550103")
    expect(inbox.get_by_text("please call soon", exact=True)).to_be_visible()
    expect(box).to_have_value("Mañana a las 5, aquí.")
    box.fill("Marta calls you at 5 pm.")
    inbox.get_by_role("button", name="Send", exact=True).click()
    expect(inbox.get_by_text("Acompaña: Marta calls you at 5 pm.")).to_be_visible()
    expect(inbox.get_by_text("Marta has it")).to_be_visible()


@on_a_phone
def test_a_new_text_shows_in_the_list_by_itself(inbox: Page, site: Site) -> None:
    inbox.goto(f"{site.url}/inbox?show=unknown")
    inbox.evaluate("window.notReloaded = true")
    texted(site.wiring, "I saw your poster, who are you?", "+14135550188")
    expect(inbox.get_by_text("I saw your poster")).to_be_visible()
    expect(inbox.get_by_role("link", name="Unknown numbers 2")).to_be_visible()
    assert inbox.evaluate("window.notReloaded")


@on_a_phone
def test_the_reply_box_is_where_the_thumb_is(inbox: Page) -> None:
    inbox.locator("[data-row]").first.click()
    button = inbox.get_by_role("button", name="Send", exact=True)
    inbox.evaluate("scrollTo(0, 0)")
    box = button.bounding_box()
    assert box
    assert box["height"] >= 44
    assert PHONE["height"] * 2 / 3 < box["y"] + box["height"] <= PHONE["height"]


@at_a_desk
def test_keys_work_but_not_while_typing_nor_switched_off(inbox: Page) -> None:
    rows = inbox.locator("[data-row]")
    inbox.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    inbox.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    inbox.keyboard.press("k")
    expect(rows.nth(0)).to_be_focused()
    inbox.keyboard.press("Enter")
    expect(inbox.get_by_text(ASKS)).to_be_visible()
    inbox.wait_for_load_state("load")
    box = inbox.get_by_label("Your reply")
    inbox.keyboard.press("r")
    expect(box).to_be_focused()
    inbox.keyboard.type("see you there, ee")
    expect(box).to_have_value("see you there, ee")
    box.fill("")
    inbox.evaluate("document.activeElement.blur()")
    inbox.evaluate("localStorage.setItem('acompana-keys-off', 'yes')")
    inbox.keyboard.press("r")
    expect(box).not_to_be_focused()
    inbox.evaluate("localStorage.clear()")
    inbox.keyboard.press("e")
    expect(inbox.get_by_role("heading", level=1)).to_have_text("Inbox")
    expect(rows).to_have_count(1)


@on_a_phone
def test_a_misreading_is_put_right(inbox: Page) -> None:
    inbox.locator("[data-row]").first.click()
    inbox.get_by_text("Not right?").first.click()
    inbox.get_by_role("link", name="Only thanks").click()
    expect(inbox.get_by_text("They get no text for it.")).to_be_visible()
    is_sound(inbox)
    inbox.get_by_role("button", name="Yes, count it so").click()
    expect(inbox.get_by_text("Marta said so; we had read: Not understood")).to_be_visible()


@at_a_desk
def test_texts_are_ended_by_hand(inbox: Page) -> None:
    inbox.locator("[data-row]").first.click()
    inbox.get_by_text("Give it on, or end their texts").click()
    inbox.get_by_role("link", name="They want no more texts").click()
    is_sound(inbox)
    inbox.get_by_label("They said so to one of us").check()
    inbox.get_by_role("button", name="Yes, end their texts").click()
    expect(inbox.get_by_text("They asked for no texts, so none leaves.")).to_be_visible()
    is_sound(inbox)


@on_a_phone
def test_replies_at_hand_are_changed(inbox: Page, site: Site) -> None:
    inbox.goto(f"{site.url}/settings/replies")
    is_sound(inbox)
    inbox.get_by_role("link", name="Change it").first.click()
    is_sound(inbox)
    inbox.get_by_label("English").fill("We call you by 5 pm.")
    inbox.get_by_role("button", name="Save").click()
    expect(inbox.get_by_text("We call you by 5 pm.")).to_be_visible()


@in_each_language
def test_without_scripts_everything_works_in_both_languages(
    plain: Page, site: Site, language: str
) -> None:
    def say(key: str, **values: object) -> str:
        return WORDS.say(key, language, **values)

    site.sign_in(plain)
    if language == "es":
        plain.get_by_role("button", name="Español").click()
    plain.goto(f"{site.url}/inbox")
    plain.locator("[data-row]").first.click()
    plain.get_by_role("button", name=say("inbox.take")).click()
    expect(plain.get_by_text(say("inbox.has_it", name="Marta"))).to_be_visible()
    plain.get_by_label(say("inbox.reply")).fill("We call you at 5 pm.")
    plain.get_by_role("button", name=say("inbox.look")).click()
    expect(plain.locator(".letter .bubble")).to_have_text("Acompaña: We call you at 5 pm.")
    plain.get_by_role("button", name=say("inbox.send"), exact=True).click()
    expect(plain.locator(".said.is-ours .bubble").last).to_have_text(
        "Acompaña: We call you at 5 pm."
    )
    plain.get_by_role("button", name=say("inbox.finish"), exact=True).click()
    expect(plain.locator("[data-row]")).to_have_count(1)


def test_stopping_every_text_is_one_tap_away(inbox: Page, site: Site) -> None:
    inbox.locator("[data-row]").first.click()
    for path in (inbox.url.removeprefix(site.url).partition("#")[0], "/inbox", "/people", "/"):
        inbox.goto(site.url + path)
        stop = inbox.get_by_role("link", name="Stop all texts", exact=True)
        box, size = stop.bounding_box(), inbox.viewport_size
        assert box
        assert size
        assert box["height"] >= 44, path
        assert box["x"] + box["width"] <= size["width"], path
    stop.click()
    expect(inbox.get_by_label("Type STOP to do it")).to_be_visible()
