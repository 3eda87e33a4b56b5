"""The wall of phones, as somebody at a desk and somebody with a phone sees it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import at_a_desk, on_a_phone
from tests.browser.sound import is_sound
from tests.sandbox.driver import (
    ALMA,
    BETO,
    CARMEN,
    OURS,
    Sandbox,
    Webhooks,
    answering_webhooks,
    running_sandbox,
)

ASK = "¿Puede acompañar a una familia el martes 17 de marzo? Responda S o N."
PEOPLE = [
    {"number": ALMA, "name": "Alma", "language": "es"},
    {"number": BETO, "name": "Beto", "language": "en"},
]


@pytest.fixture(scope="module")
def service() -> Iterator[Webhooks]:
    """Stands for the service."""
    with answering_webhooks() as heard:
        yield heard


@pytest.fixture(scope="module")
def process(service: Webhooks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox for these pages."""
    folder = tmp_path_factory.mktemp("phones")
    url = f"{service.url}/inbound"
    with running_sandbox(folder, "--number", OURS, "--inbound-url", url) as found:
        yield found


@pytest.fixture
def sandbox(process: Sandbox, service: Webhooks) -> Sandbox:
    """Two phones, nothing sent yet."""
    process.post("/reset", {"clock": True})
    process.post("/phones", PEOPLE)
    service.posts.clear()
    service.status = 200
    return process


def address(sandbox: Sandbox, path: str = "/phones") -> str:
    return sandbox.url.replace("127.0.0.1", "localhost") + path


def open_phone(page: Page, sandbox: Sandbox, number: str) -> Locator:
    """Go to a phone the way this screen offers it, and return it."""
    page.goto(address(sandbox))
    card = page.locator(f"[data-phone='{number}']")
    if not card.is_visible():
        page.locator(f"[data-row='{number}'] a").click()
        expect(card).to_be_visible()
    return card


@on_a_phone
def test_a_fresh_phone_says_what_will_appear(page: Page, sandbox: Sandbox) -> None:
    expect(open_phone(page, sandbox, BETO)).to_contain_text("No texts yet.")
    expect(open_phone(page, sandbox, ALMA)).to_contain_text("Todavía no hay mensajes.")


@on_a_phone
def test_an_empty_wall_says_how_phones_come(page: Page, sandbox: Sandbox) -> None:
    sandbox.post("/reset", {})
    page.goto(address(sandbox, "/"))
    expect(page.get_by_text("No phones yet.")).to_be_visible()
    page.get_by_label("Name").fill("Carmen")
    page.get_by_label("Number").fill("413 555 0103")
    page.get_by_label("Language").select_option("Español")
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**#phone-14135550103")
    assert sandbox.get(f"/phones/{CARMEN}")["language"] == "es"


@at_a_desk
def test_texts_come_in_while_one_is_being_written(page: Page, sandbox: Sandbox) -> None:
    phone = open_phone(page, sandbox, ALMA)
    box = phone.get_by_label("Responder como Alma")
    box.fill("Sí, pero llego")
    sandbox.create(body=ASK)
    expect(phone.locator(".bubble")).to_have_text(ASK)
    expect(phone.locator(".state")).to_contain_text("En camino")
    sandbox.run_out()
    expect(phone.locator(".state")).to_contain_text("Entregado")
    expect(box).to_have_value("Sí, pero llego")
    expect(box).to_be_focused()


@at_a_desk
def test_enter_sends(page: Page, sandbox: Sandbox, service: Webhooks) -> None:
    phone = open_phone(page, sandbox, ALMA)
    box = phone.get_by_label("Responder como Alma")
    box.fill("Sí, voy")
    box.press("Enter")
    expect(phone.locator(".ours .bubble")).to_have_text("Sí, voy")
    expect(phone.locator(".ours .state")).to_contain_text("Enviado")
    expect(box).to_have_value("")
    assert [post.form["Body"] for post in service.posts] == ["Sí, voy"]


@on_a_phone
def test_a_quick_reply_is_one_press_and_leaves_the_draft(page: Page, sandbox: Sandbox) -> None:
    phone = open_phone(page, sandbox, BETO)
    phone.get_by_label("Reply as Beto").fill("a draft")
    phone.get_by_role("button", name="Y", exact=True).click()
    expect(phone.locator(".ours .bubble")).to_have_text("Y")
    expect(phone.get_by_label("Reply as Beto")).to_have_value("a draft")


@on_a_phone
def test_a_reply_that_was_not_taken_says_so(
    page: Page, sandbox: Sandbox, service: Webhooks
) -> None:
    service.status = 503
    phone = open_phone(page, sandbox, BETO)
    phone.get_by_role("button", name="N", exact=True).click()
    expect(phone.locator(".state.bad")).to_contain_text("The network did not take it (503)")


@at_a_desk
def test_the_phone_company_answers_a_stop(page: Page, sandbox: Sandbox) -> None:
    phone = open_phone(page, sandbox, BETO)
    phone.get_by_role("button", name="STOP").click()
    expect(phone.locator(".carrier .bubble")).to_contain_text("unsubscribed")
    expect(phone.locator(".stopped")).to_contain_text("START")


@on_a_phone
def test_a_text_that_did_not_arrive_says_why(page: Page, sandbox: Sandbox) -> None:
    sandbox.create(BETO, fault="outcome; status=undelivered; error_code=30005")
    sandbox.run_out()
    expect(open_phone(page, sandbox, BETO).locator(".state.bad")).to_contain_text("(30005)")


@at_a_desk
def test_a_text_is_shown_whole_and_as_it_is(page: Page, sandbox: Sandbox) -> None:
    body = "<script>alert(1)</script> & <b>bold</b>\n" + "Lleve agua. " * 30 + "fin"
    sandbox.create(BETO, body)
    phone = open_phone(page, sandbox, BETO)
    assert phone.locator(".bubble").text_content() == body
    expect(phone.locator(".meta")).to_contain_text("3 parts")


def test_unread_is_marked_until_somebody_looks(page: Page, sandbox: Sandbox) -> None:
    page.goto(address(sandbox))
    sandbox.create(BETO)
    sandbox.run_out()
    mark = page.locator(".dot").filter(visible=True)
    expect(mark).to_contain_text("1")
    card = page.locator(f"[data-phone='{BETO}']")
    if card.is_visible():
        card.get_by_label("Reply as Beto").focus()
    else:
        page.locator(f"[data-row='{BETO}'] a").click()
    expect(mark).to_have_count(0)


@at_a_desk
def test_a_new_phone_appears_by_itself(page: Page, sandbox: Sandbox) -> None:
    page.goto(address(sandbox))
    sandbox.create(CARMEN)
    expect(page.get_by_role("link", name="Phone 0103")).to_be_visible()


@at_a_desk
def test_the_clock_is_the_sandbox_s(page: Page, sandbox: Sandbox) -> None:
    sandbox.post("/clock", {"at": "2026-03-09T18:02:20-04:00"})
    page.goto(address(sandbox))
    clock = page.locator("[data-clock='long']")
    expect(clock).to_have_text("Mon 9 Mar 2026, 6:02 pm")
    sandbox.post("/clock", {"at": "2026-03-10T06:30:20-04:00"})
    expect(clock).to_have_text("Tue 10 Mar 2026, 6:30 am")
    page.get_by_role("button", name="+1 day").click()
    expect(clock).to_have_text("Wed 11 Mar 2026, 6:30 am")


def test_reads_and_replies_without_scripts(
    browser: Browser, sandbox: Sandbox, service: Webhooks
) -> None:
    sandbox.create(body=ASK)
    sandbox.run_out()
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(address(sandbox, f"/phones/{ALMA}"))
        expect(page.locator(".theirs .bubble")).to_have_text(ASK)
        page.get_by_label("Responder como Alma").fill("Sí")
        page.get_by_role("button", name="Enviar").click()
        expect(page.locator(".ours .bubble")).to_have_text("Sí")
        page.goto(address(sandbox))
        page.locator(f"[data-phone='{BETO}']").get_by_role("button", name="N", exact=True).click()
        expect(page.locator(f"[data-phone='{BETO}'] .bubble")).to_have_text("N")
    finally:
        context.close()
    assert [post.form["Body"] for post in service.posts] == ["Sí", "N"]


@pytest.mark.parametrize("path", ["/phones", f"/phones/{BETO}", "/phones/+14135550199"])
def test_is_open_to_everybody(page: Page, sandbox: Sandbox, path: str) -> None:
    sandbox.create(BETO, fault="outcome; status=failed")
    sandbox.create(BETO)
    sandbox.run_out()
    sandbox.text(BETO, "HELP")
    sandbox.text(BETO, "STOP")
    sandbox.create(ALMA, ASK)
    page.goto(address(sandbox, path))
    is_sound(page)
    small = page.evaluate(
        "[...document.querySelectorAll('button, input:not([type=hidden]), select, .row a, .back a')]"
        ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.outerHTML)"
    )
    assert small == []


@at_a_desk
def test_no_page_loads_from_elsewhere_or_obeys_other_sites(page: Page, sandbox: Sandbox) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    answer = page.goto(address(sandbox))
    assert answer is not None
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; ")
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert asked
    assert all(url.startswith(address(sandbox, "/phones")) for url in asked)
    foreign = sandbox.http.post(
        f"/phones/{BETO}/texts", data={"body": "Y"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert foreign.status_code == 403
