"""An organizer's whole day: in, a family approved, a rally called and watched, texts seen to, out."""

from __future__ import annotations

import re

import pyotp
import pytest
from playwright.sync_api import expect

from tests.browser.journeys.conftest import SetOut
from tests.browser.journeys.town import Desk, Town
from tests.browser.journeys.ways import WAYS, Walk, Way
from tests.browser.test_ways_in import phone_that_knows

pytestmark = pytest.mark.timeout(600)  # several processes and a browser

TITLE = "Keep them together"
COSTLY = (
    "Vigilia el viernes, 90 Main St, por una familia de aquí: ¿viene con nosotros? Responda S o N."
)
NOT_AN_ANSWER = "my cousin needs to talk with one of you please"
OURS = "Marta calls you at 5 pm."
MANY = 498  # besides those with a phone: one more than what is sent without typing the number

DAYS = [
    pytest.param(way, "postgresql" if way.place == 4 else "sqlite", id=str(way)) for way in WAYS
]


@pytest.mark.parametrize(("way", "town"), DAYS, indirect=["town"])
def test_an_organizer_s_day(way: Way, town: Town, sets_out: SetOut) -> None:
    desk = Desk(town, way)
    walk = sets_out()
    _comes_in(walk, desk)
    _registers_and_approves(walk, desk)
    if way.place == 4:
        desk.grow(MANY)
    rally = _calls_a_rally(walk, desk)
    _sees_the_answers(walk, desk)
    _sees_to_a_text(walk, desk, rally)
    if way.place == 4:
        _follows_up(walk, desk, rally)
    else:
        _says_all_clear(walk, desk, rally)
    walk.opens("/")
    walk.presses("nav.out")
    walk.reads("signin.out")
    walk.opens("/inbox")
    walk.reads("signin.why_again")
    walk.kept_nothing()


def _comes_in(walk: Walk, desk: Desk) -> None:
    """From the invitation to the board: with a passkey, or without scripts by an app's code."""
    page = walk.page
    if walk.way.has_scripts:
        phone_that_knows(page)
    walk.opens(desk.invitation)
    walk.presses("signin.begin")
    if walk.way.has_scripts:
        walk.presses("setup.passkey")
    else:
        walk.presses("setup.app")
        app = pyotp.TOTP(page.locator("code.secret").inner_text().replace(" ", ""))
        page.locator("#code").fill(app.at(desk.town.stage.wiring.clock.now()))
        walk.presses("setup.finish")
    walk.follows("recovery.written")
    walk.opens("/")
    walk.reads("board.calm")


def _registers_and_approves(walk: Walk, desk: Desk) -> None:
    """Add a family's appointment, ask for company, and see a seat fill."""
    page = walk.page
    walk.follows("board.add_checkin")
    page.locator("#alias").fill("Azucena")
    page.locator("#phone").fill(desk.family.typed)
    page.locator("#office_id").select_option(str(desk.office.id))
    page.locator("#day").fill(desk.town.office_day(8))
    page.locator("#clock").fill("09:00")
    walk.presses("checkin_new.save")
    walk.follows("checkin.approve")
    page.locator("#agreed").check()
    walk.presses("approve.button", count=desk.people)
    walk.reads("status.recruiting")
    for phone, answer in ((desk.alma, "Y"), (desk.beto, "N"), (desk.carmen, "N")):
        phone.sees(r"\b(Y or|S o) N\b")
        before = phone.says(answer)
        phone.sees(".", after=before)
    walk.awaits(page.locator(".seat.is-taken"))
    expect(page.locator(".seat.is-taken")).to_have_count(1)


def _calls_a_rally(walk: Walk, desk: Desk) -> str:
    """Write it, take the costly letters out, see who gets it, send, wait, watch; return its page."""
    page, way = walk.page, walk.way
    walk.opens("/")
    walk.follows("board.call_rally")
    page.locator("#title").fill(TITLE)
    page.locator("#place").fill("90 Main St")
    page.locator("#day").fill(desk.town.day(4))
    page.locator("#clock").fill("17:00")
    walk.presses("rally_form.write")
    expect(page.locator("#text_en")).to_have_value(re.compile("90 Main St.*Reply Y or N"))
    page.locator("#text_es").fill(COSTLY)
    if not way.has_scripts:
        walk.presses("writing.count")
    counter = page.locator("#count_es")
    expect(counter.locator(".costly")).to_contain_text("í")
    counter.locator(".cheaper button").click()
    plain = COSTLY.replace("í", "i")
    expect(page.locator("#text_es")).to_have_value(plain)
    walk.presses("writing.go_on")
    walk.reads("left_out.opted_out", count=1)
    walk.presses("audience.look")
    expect(page.locator(".bubble", has_text=plain)).to_be_visible()
    if desk.people > 500:
        walk.presses("send.button", count=desk.people)
        walk.is_wrong("typed_count")
        page.locator("#typed_count").fill(str(desk.people))
    walk.presses("send.button", count=desk.people)
    expect(page.get_by_role("button", name=walk.say("message.undo"))).to_be_visible()
    if way.has_scripts:
        page.evaluate("window.notReloaded = true")
    desk.town.later(seconds=16)
    line = walk.say("progress.line", left=desk.people, people=desk.people)
    walk.awaits(page.get_by_text(line))
    if way.has_scripts:
        assert page.evaluate("window.notReloaded"), "the numbers move by themselves"
    assert plain in desk.beto.sees("Vigilia.*")
    page.get_by_role("link", name=TITLE).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    return page.url


def _sees_the_answers(walk: Walk, desk: Desk) -> None:
    """Alma comes with a friend, and the rally's page says so."""
    desk.alma.sees("90 Main St")
    before = desk.alma.says("Y 2")
    desk.alma.sees(".", after=before)
    _counts(walk, yes=1, coming=2)


def _counts(walk: Walk, *, yes: int, coming: int) -> None:
    tally = walk.page.locator("dl.counts")
    exact = re.compile(rf"^{coming}$")
    walk.awaits(tally.locator(".count-coming dd").filter(has_text=exact))
    expect(tally.locator(".count-delivered dd")).to_have_text(str(yes))


def _sees_to_a_text(walk: Walk, desk: Desk, rally: str) -> None:
    """Read what Carmen wrote, answer, and say that it was a yes after all: then it is done."""
    page = walk.page
    desk.carmen.says(NOT_AN_ANSWER)
    walk.opens("/")
    walk.awaits(page.get_by_text(NOT_AN_ANSWER))
    walk.follows("nav.inbox")
    page.locator("[data-row]").first.click()
    expect(page.get_by_text(walk.say("understood.unknown")).last).to_be_visible()
    page.locator("#words").fill(OURS)
    before = len(desk.carmen.got())
    walk.presses("inbox.send")
    walk.reads("inbox.has_it", name="Marta")
    desk.carmen.sees(re.escape(OURS), after=before)
    page.get_by_text(walk.say("inbox.not_right")).last.click()
    walk.follows("meant.yes")
    walk.reads("correct.then")
    walk.presses("correct.button")
    was = walk.say("understood.unknown")
    walk.reads("inbox.corrected", name="Marta", was=was)
    expect(page.get_by_role("button", name=walk.say("inbox.reopen"))).to_be_visible()
    walk.opens(rally)
    _counts(walk, yes=2, coming=3)


def _says_all_clear(walk: Walk, desk: Desk, rally: str) -> None:
    walk.opens(rally)
    walk.follows("rally_life.all_clear")
    walk.presses("rally_life.all_clear_button")
    desk.alma.sees("all clear")
    desk.beto.sees("todo tranquilo")


def _follows_up(walk: Walk, desk: Desk, rally: str) -> None:
    """Write once more, to those who come and nobody else."""
    page = walk.page
    walk.opens(rally)
    page.locator("a[href^='/messages/']").first.click()
    walk.follows("follow.said_yes")
    page.locator("#title").fill("Candles")
    page.locator("#text_en").fill("Bring a candle on Friday.")
    page.locator("#text_es").fill("Traiga una vela el viernes.")
    walk.presses("writing.go_on")
    walk.presses("audience.look")
    walk.presses("send.button", count=2)
    desk.town.later(seconds=16)
    walk.awaits(page.get_by_text(walk.say("progress.line", left=2, people=2)))
    desk.alma.sees("Bring a candle")
    desk.carmen.sees("Bring a candle")
    assert not any("vela" in text for text in desk.beto.got())
