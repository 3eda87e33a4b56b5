"""A volunteer's whole way: joined on the page and by text, asked, declined, a break, and left."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from service.people.tables import Consent
from tests.browser.journeys.conftest import SetOut
from tests.browser.journeys.town import Phone, Town
from tests.browser.journeys.ways import WAYS, Walk, Way
from tests.faults.parts import until

pytestmark = pytest.mark.timeout(600)  # several processes and a browser

A_LINK = r"http://localhost:\d+/m/\S+"
JOIN = {"en": "JOIN", "es": "UNIRME"}
YES = {"en": "Y", "es": "S"}


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_volunteer_joins_declines_rests_and_leaves(
    way: Way, town: Town, sets_out: SetOut
) -> None:
    phone = town.phone(120 + way.place, "Alma", way.language)
    poster = sets_out()
    _joins(poster, town, phone)

    rally = town.call_rally()
    phone.sees({"en": "Reply Y or N", "es": "Responda S o N"}[way.language])
    phone.says(YES[way.language])
    for _ in until("the yes counts"):
        if town.answers_to(rally).yes == 1:
            break

    town.later(hours=1)
    poster.follows("mine_link.title")
    poster.page.locator("#phone").fill(phone.typed)
    poster.presses("mine_link.send")
    own = sets_out()
    own.opens(phone.sees(A_LINK))
    own.presses("mine_link.open_button")
    expect(own.page.locator("article")).to_contain_text("90 Main St")
    own.follows("mine.decline")
    own.reads("mine_sure.decline")
    own.presses("mine_yes.decline")
    own.is_told("mine_did.decline")
    own.reads("mine.no_promises")
    assert (town.answers_to(rally).yes, town.answers_to(rally).coming_people) == (0, 0)

    _settles(own, town, phone)
    own.follows("mine.leave")
    own.reads("mine_sure.leave")
    own.presses("mine_yes.leave")
    own.reads("mine_gone.leave")
    assert town.consent_of(phone) is Consent.OPTED_OUT
    own.opens("/mine")
    own.language = way.language  # whose page it was is no longer known
    own.reads("mine_link.closed")
    for walk in (poster, own):
        walk.kept_nothing()


def _joins(walk: Walk, town: Town, phone: Phone) -> None:
    """Forget half of it, put it right, and answer the text: only that counts."""
    page, language = walk.page, walk.way.language
    walk.opens("/join")
    expect(page.locator("html")).to_have_attribute("lang", language)
    page.locator("#alias").fill("Alma")
    page.locator(f"[name=speaks_{language}]").check()
    walk.presses("join.send")
    walk.is_wrong("phone", "agrees")
    expect(page.locator("#alias")).to_have_value("Alma")
    expect(page.locator(f"[name=speaks_{language}]")).to_be_checked()
    page.locator("#phone").fill(phone.typed)
    page.locator("#area").fill("06103")
    page.locator("#agrees").check()
    walk.presses("join.send")
    walk.reads("join.sent")
    phone.sees(JOIN[language])
    assert town.consent_of(phone) is Consent.INVITED
    before = phone.says(JOIN[language])
    phone.sees(r"STOP", after=before)
    assert town.consent_of(phone) is Consent.ACTIVE


def _settles(walk: Walk, town: Town, phone: Phone) -> None:
    """Ask for texts in the other language, offer to drive from elsewhere, and take a break."""
    page, other = walk.page, walk.way.other_language
    page.locator(f"[name=language][value={other}]").check()
    page.locator("#area").fill("01060")
    page.locator("[name=role_driver]").check()
    page.locator("#car_seats").fill("3")
    walk.presses("mine.save")
    walk.language = other
    walk.is_told("mine_did.offer")
    expect(page.locator("html")).to_have_attribute("lang", other)
    expect(page.locator("#area")).to_have_value("01060")
    expect(page.locator("[name=role_driver]")).to_be_checked()
    assert town.language_of(phone) == other
    page.locator("#until").fill(town.day(20))
    walk.presses("mine.pause_button")
    walk.is_told("mine_did.pause")
    expect(page.get_by_role("button", name=walk.say("mine.go_on"))).to_be_visible()
