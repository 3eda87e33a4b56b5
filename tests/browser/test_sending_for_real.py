"""A send paused, resumed, stopped and followed up in the browser, and two organizers at one button.

A real carrier's sandbox, web, clock and worker, each a process of its own, over sockets.
ACOMPANA_SENT_TO=5000 makes the send as large as a network's largest.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import col, func, select

from service.accounts import sessions
from service.accounts.tables import How
from service.blasts.drafts import Author, Words, new_draft, write
from service.blasts.tables import Blast, BlastKind
from service.chapters.tables import Chapter
from service.db import new_id
from service.outbox.tables import Delivery, State
from service.people.audience import Audience
from service.privacy.audit import AuditLine
from service.rallies.send import send as send_draft
from tests.browser.conftest import DESK, PHONE, Visit
from tests.browser.sound import axe, fits
from tests.factories import make_organizer
from tests.faults.grounds import Grounds, Stage, prepared
from tests.faults.judge import drain
from tests.faults.parts import until
from tests.faults.people import seed

pytestmark = pytest.mark.timeout(600)

PEOPLE = int(os.environ.get("ACOMPANA_SENT_TO", "300"))
A_SECOND = max(20, PEOPLE // 50)  # texts
SOON = 60_000  # ms: several processes and a browser on two cores
NUMBERS = re.compile(r"([\d,]+) of ([\d,]+) sent")


@pytest.fixture(scope="module")
def grounds() -> Iterator[Grounds]:
    with prepared() as made:
        yield made


@pytest.fixture
def stage(grounds: Grounds) -> Iterator[Stage]:
    """The service, running: on PostgreSQL as a large network has it."""
    with grounds.stage("postgresql") as made:
        for part in ("web", "worker", "clock"):
            made.parts.start(part)
        yield made
        print(made.parts.troubles())  # shown where a test failed


def url(stage: Stage, path: str = "/") -> str:
    return stage.environment["ACOMPANA_PUBLIC_URL"] + path


def sign_in(page: Page, stage: Stage, chapter: Chapter, name: str) -> Page:
    """Sign an organizer in who has just given a code; made here."""
    now = stage.wiring.clock.now()
    with stage.wiring.database.write() as session:
        organizer = make_organizer(session, chapter, now=now, name=name)
        secret = sessions.begin(session, organizer, How.CODE, now=now)
    page.context.add_cookies([{"name": "acompana", "value": secret, "url": url(stage)}])
    page.set_default_timeout(SOON)
    return page


def texted(stage: Stage) -> Counter[str]:
    """Return how many texts each phone was sent, by the carrier's own book."""
    return Counter(entry["to"] for entry in stage.sandbox.ledger("created"))


def shown(page: Page) -> int:
    """Return how many the page says have left."""
    found = NUMBERS.search(page.locator("#main").inner_text())
    return int(found[1].replace(",", "")) if found else 0


def wait_for_more(page: Page, than: int) -> int:
    """Wait until the page, by itself, says that more than so many have left; return how many."""
    for _ in until(f"more than {than} are shown"):
        page.wait_for_timeout(100)  # the page's own loop runs meanwhile
        if shown(page) > than:
            return shown(page)
    raise AssertionError


def waiting(stage: Stage, *states: State) -> int:
    with stage.wiring.database.read() as session:
        found = select(func.count()).where(col(Delivery.state).in_(states))
        return session.exec(found).one()


def settle(stage: Stage) -> int:
    """Wait until nothing is on its way to the carrier; return how many texts it has."""
    for _ in until("nothing is under way"):
        if not waiting(stage, State.SUBMITTING):
            return sum(texted(stage).values())
    raise AssertionError


def send(page: Page, stage: Stage, english: str, spanish: str) -> None:
    """Write a message to everybody and send it, as far as the seconds in which it can be undone."""
    page.goto(url(stage, "/messages/new"))
    page.get_by_label("Name").fill("The library")
    page.get_by_label("English").fill(english)
    page.get_by_label("Spanish").fill(spanish)
    page.get_by_role("button", name="Go on: who gets it").click()
    page.get_by_role("button", name="Look before sending").click()
    if PEOPLE > 500:
        page.get_by_label("Type the number of people").fill(str(PEOPLE))
    page.get_by_role("button", name=f"Send to {PEOPLE:,} people").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


@pytest.mark.parametrize("page", [DESK], ids=["1280px"], indirect=True)
def test_a_large_send_is_held_let_go_stopped_and_followed_up(page: Page, stage: Stage) -> None:
    chapter = seed(stage.wiring, PEOPLE, rate=A_SECOND)
    with stage.wiring.database.write() as session:
        chapter.second_over = PEOPLE
        session.add(chapter)
    sign_in(page, stage, chapter, "Marta")
    send(page, stage, "The library is open until 9.", "La biblioteca abre hasta las 9.")
    page.evaluate("window.notReloaded = true")
    stage.sandbox.advance(16)

    first = wait_for_more(page, 0)
    more = wait_for_more(page, first)
    assert page.evaluate("window.notReloaded"), "the numbers move by themselves"
    expect(page.get_by_text("people a minute")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    held_at = settle(stage)
    assert more <= held_at < PEOPLE
    expect(page.get_by_text(f"{held_at:,} of {PEOPLE:,} sent")).to_be_visible()
    assert axe(page) == []
    assert fits(page)
    stage.sandbox.advance(30)  # half a minute's worth of texts would leave now
    assert settle(stage) == held_at
    page.get_by_role("button", name="Go on").click()
    wait_for_more(page, held_at)

    page.get_by_role("link", name="Stop this message for good").click()
    page.get_by_role("button", name="Yes, stop it for good").click()
    expect(page.get_by_text("Stopped by Marta")).to_be_visible()
    assert not waiting(stage, State.PLANNED)
    stopped_at = settle(stage)
    assert held_at < stopped_at < PEOPLE
    expect(page.get_by_text(f"{stopped_at:,} of {PEOPLE:,} sent")).to_be_visible()
    expect(page.get_by_text("were left when it was stopped")).to_be_visible()
    assert set(texted(stage).values()) == {1}, "nobody is texted twice"
    print(f"{PEOPLE} people: paused at {held_at}, stopped at {stopped_at}")  # pytest -s

    send(page, stage, "It closes at 8 today.", "Hoy cierra a las 8.")
    stage.sandbox.advance(16)
    wait_for_more(page, 0)
    assert max(texted(stage).values()) == 2


def asked(stage: Stage, chapter: Chapter) -> UUID:
    """A message that Marta wrote and wants to send: it waits for a second person."""
    now, id_ = stage.wiring.clock.now(), new_id()
    with stage.wiring.database.write() as session:
        marta = make_organizer(session, chapter, now=now, name="Marta")
        by = Author("Marta", marta.id)
        draft = new_draft(
            session, chapter.id, id_, BlastKind.NOTE, f"message:{id_.hex}", by=by, now=now,
            audience=Audience(chapter.id),
        )  # fmt: skip
        words = Words("The library", "It is open until 9 tonight.", "Abre hasta las 9 hoy.")
        write(session, draft, words, by=by, now=now)
        launch = send_draft(session, stage.wiring.outbox, draft.id, by=marta, now=now)
    assert launch is None, "a second person has to say yes"
    return draft.id


def press_at_once(pages: list[Page], button: str) -> None:
    """Press the same button in several browsers without waiting for an answer in between."""
    buttons = [page.get_by_role("button", name=button).element_handle() for page in pages]
    for one in buttons:
        assert one is not None
        one.evaluate("button => { setTimeout(() => button.click(), 50); }")


def lines(stage: Stage, action: str) -> list[str]:
    """Who did something, by the audit."""
    with stage.wiring.database.read() as session:
        return list(session.exec(select(AuditLine.actor).where(AuditLine.action == action)))


def test_of_two_organizers_one_approves_and_one_stops_it(visit: Visit, stage: Stage) -> None:
    few = 60
    chapter = seed(stage.wiring, few, rate=2)
    pages = {
        name: sign_in(visit(viewport=size), stage, chapter, name)
        for name, size in (("Nora", PHONE), ("Olga", DESK))
    }
    draft_id = asked(stage, chapter)

    def race(button: str, action: str, told: str) -> str:
        """Let both press it; return who came second, once they are told who came first."""
        press_at_once(list(pages.values()), button)
        for _ in until(f"both see what {action} came to"):
            for name, page in pages.items():
                page.wait_for_timeout(50)
                if "told=" in page.url:
                    (first,) = set(pages) - {name}
                    expect(page.get_by_role("status")).to_contain_text(f"{first} {told} already")
                    expect(page.get_by_role("status")).to_contain_text("10:0")  # and when
                    assert lines(stage, action) == [first]
                    assert axe(page) == []
                    return name
        raise AssertionError

    for page in pages.values():
        page.goto(url(stage, f"/drafts/{draft_id}/send"))
    race(f"Approve and send to {few} people", "message.approve", "approved it")
    with stage.wiring.database.read() as session:
        assert [blast.id for blast in session.exec(select(Blast))] == [draft_id]
    stage.sandbox.advance(16)
    for page in pages.values():
        page.goto(url(stage, f"/messages/{draft_id}"))
        wait_for_more(page, 0)
        page.goto(url(stage, f"/messages/{draft_id}/stop"))
    race("Yes, stop it for good", "message.stop", "stopped it")
    drain(stage)
    counted = texted(stage)
    assert 0 < len(counted) < few
    assert set(counted.values()) == {1}, "nobody is texted twice"
