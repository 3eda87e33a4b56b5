"""A family's whole way: a date told with slips, a code, days later their own page, and taken back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from service.checkins.tables import CheckInState
from tests.browser.journeys.conftest import SetOut
from tests.browser.journeys.town import Phone, Town
from tests.browser.journeys.ways import WAYS, Walk, Way

pytestmark = pytest.mark.timeout(600)  # several processes and a browser

A_CODE = r"\d{3} \d{3}"
A_LINK = r"http://localhost:\d+/m/\S+"


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_family_tells_a_date_and_takes_it_back(way: Way, town: Town, sets_out: SetOut) -> None:
    phone = town.phone(110 + way.place, "Azucena", way.language)
    library = sets_out()
    alias = _slips(library, town)
    _registers(library, town, phone, alias)

    town.later(hours=1)
    library.opens("/checkin")
    library.follows("public.my_dates")
    library.page.locator("#phone").fill(phone.typed)
    library.presses("mine_link.send")
    library.reads("mine_link.sent")
    own = sets_out()
    own.opens(phone.sees(A_LINK))
    _changes_and_deletes(own, town)
    _leaves_quickly(own)

    (date,) = town.dates_of(phone)
    assert date.state is CheckInState.CANCELLED
    for walk in (library, own):
        walk.kept_nothing()


def _slips(walk: Walk, town: Town) -> str:
    """Forget the phone, take a day that is over, send all the same; return the name they keep."""
    page = walk.page
    walk.opens("/checkin")
    expect(page.locator("html")).to_have_attribute("lang", walk.way.language)
    alias = page.locator("#alias").input_value()
    assert alias, "a name is offered"
    page.locator("#office_id").select_option(str(town.office.id))
    page.locator("#day").fill(town.day(-3))
    page.locator("#clock").fill("08:00")
    page.locator("#note").fill("Mi hija y yo")
    page.locator("#may_text").check()
    walk.presses("public.send")
    walk.is_wrong("phone", "day")
    for name, typed in {"alias": alias, "day": town.day(-3), "clock": "08:00"}.items():
        expect(page.locator(f"#{name}")).to_have_value(typed)
    expect(page.locator("#office_id")).to_have_value(str(town.office.id))
    expect(page.locator("#note")).to_have_value("Mi hija y yo")
    expect(page.locator("#may_text")).to_be_checked()
    return alias


def _registers(walk: Walk, town: Town, phone: Phone, alias: str) -> None:
    page = walk.page
    page.locator("#phone").fill(phone.typed)
    page.locator("#day").fill(town.office_day(8))
    walk.presses("public.send")
    walk.reads("public_code.title")
    page.locator("#code").fill(phone.sees(A_CODE))
    walk.presses("public_code.send")
    walk.reads("thanks.title")
    walk.reads("thanks.who", name=town.chapter.caller_name, phone=town.chapter.contact_phone)
    expect(page.locator(".thanks")).to_contain_text("8:00 am")
    expect(page.locator("main")).not_to_contain_text(alias)
    assert len(town.dates_of(phone)) == 1


def _changes_and_deletes(walk: Walk, town: Town) -> None:
    page = walk.page
    walk.presses("mine_link.open_button")
    expect(page.locator("article h3")).to_contain_text("8:00 am")
    walk.follows("mine.change")
    page.locator("#words").fill("9:30")
    walk.presses("mine_change.send")
    walk.is_told("mine_did.change", phone=town.chapter.contact_phone)
    walk.follows("mine.delete")
    walk.reads("mine_sure.delete")
    walk.presses("mine_yes.delete")
    walk.is_told("mine_did.delete")
    walk.reads("mine.no_dates")


def _leaves_quickly(walk: Walk) -> None:
    """One press, and neither this page nor the way back shows anything."""
    walk.follows("public.leave")
    expect(walk.page).to_have_title(walk.say("away.title"))
    walk.page.go_back()
    walk.reads("mine_link.closed")
    expect(walk.page.locator("article")).to_have_count(0)
