"""Who counts as the second person, asked how often, and how long their yes or code is good."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import select

from service.accounts.tables import How, Organizer, TextCode
from service.blasts.tables import DraftState
from service.privacy.audit import AuditLine
from service.privacy.policy import Role
from service.rallies.tables import Rally
from service.wiring import Wiring
from tests.factories import StillClock
from tests.web.api.bodies import one_database
from tests.web.conftest import Group
from tests.web.console.conftest import browser_of_another, text_of
from tests.web.console.test_compose import drafts
from tests.web.console.test_rallies import DRAFT, blasts, draft, last_look, volunteers
from tests.web.console.test_second import NOW, nora, phone_of, says, seen, small_limit, texts_to

__all__ = ["draft", "nora", "small_limit", "volunteers"]  # fixtures
pytestmark = one_database

LATER = {"when": "later", "send_day": "2026-03-10", "send_clock": "6:30 pm"}
CODE = re.compile(r"APPROVE (\d{4})")


@pytest.fixture
def olga(app: FastAPI, wiring: Wiring, group: Group) -> Iterator[TestClient]:
    """The browser of a third organizer, who gave a code a moment ago."""
    with browser_of_another(app, wiring, group, "Olga", How.CODE) as browser:
        yield browser


def to_approve(path: str) -> str:
    return path.removesuffix("/send") + "/approve"


def test_neither_who_wrote_it_last_nor_who_asked_says_yes_to_it(
    marta: TestClient, nora: TestClient, olga: TestClient, wiring: Wiring, draft: Rally
) -> None:
    phones = {name: phone_of(wiring, name, 180 + at) for at, name in enumerate(("Nora", "Olga"))}
    path = last_look(marta, draft)
    nora.post(f"/rallies/{draft.id}/edit", data=DRAFT | {"place": "South Green"})
    marta.post(path, data=NOW)
    (asked,) = drafts(wiring)
    assert asked.state is DraftState.AWAITING_SECOND
    for author in (nora, marta):
        refused = author.post(to_approve(path), data={"seen": asked.asked_about})
        assert (refused.status_code, blasts(wiring)) == (403, [])
    assert texts_to(wiring, phones["Nora"]) == []
    assert CODE.search(texts_to(wiring, phones["Olga"])[-1])
    olga.post(to_approve(path), data={"seen": seen(olga.get(path).text)})
    assert len(blasts(wiring)) == 1


def test_nobody_is_asked_twice_about_the_same_and_everybody_about_another_time(
    marta: TestClient, nora: TestClient, wiring: Wiring, draft: Rally, clock: StillClock
) -> None:
    phone = phone_of(wiring, "Nora", 180)
    path = last_look(marta, draft)
    for _ in range(2):
        marta.post(path, data=LATER)
        clock.tick(seconds=5)
    assert len(texts_to(wiring, phone)) == 2  # the words, and the code
    shown = seen(nora.get(path).text)
    marta.post(path, data=LATER | {"send_clock": "9:30 pm"})
    assert len(texts_to(wiring, phone)) == 4
    assert nora.post(to_approve(path), data={"seen": shown}).status_code == 409
    assert blasts(wiring) == []


@pytest.mark.parametrize("change", [{"role": Role.DISPATCHER}, {"is_active": False}], ids=str)
def test_a_code_is_worth_no_more_than_who_has_it(
    marta: TestClient, nora: TestClient, wiring: Wiring, draft: Rally, change: dict[str, object]
) -> None:
    phone = phone_of(wiring, "Nora", 180)
    marta.post(last_look(marta, draft), data=NOW)
    code = CODE.search(texts_to(wiring, phone)[-1])
    assert code
    with wiring.database.write() as session:
        somebody = session.exec(select(Organizer).where(Organizer.name == "Nora")).one()
        for name, value in change.items():
            setattr(somebody, name, value)
        session.add(somebody)
    says(wiring, 180, f"APPROVE {code[1]}")
    assert blasts(wiring) == []


def test_a_browser_left_open_neither_asks_nor_approves(
    marta: TestClient, nora: TestClient, olga: TestClient, wiring: Wiring, draft: Rally,
    clock: StillClock,
) -> None:  # fmt: skip
    path = last_look(marta, draft)
    clock.tick(minutes=11)
    assert "Is it still you?" in text_of(olga.post(path, data=NOW))
    assert drafts(wiring)[0].state is DraftState.DRAFT
    marta.post(path, data=NOW)
    shown = seen(olga.get(path).text)
    assert "Is it still you?" in text_of(olga.post(to_approve(path), data={"seen": shown}))
    assert blasts(wiring) == []


def test_a_no_is_on_the_record_and_its_codes_are_void(
    marta: TestClient, nora: TestClient, wiring: Wiring, draft: Rally
) -> None:
    phone_of(wiring, "Nora", 180)
    path = last_look(marta, draft)
    marta.post(path, data=NOW)
    nora.post(path.removesuffix("/send") + "/refuse")
    with wiring.database.read() as session:
        assert session.exec(select(TextCode)).all() == []
        line = session.exec(select(AuditLine).where(AuditLine.action == "message.refuse")).one()
    assert line.actor == "Nora"
