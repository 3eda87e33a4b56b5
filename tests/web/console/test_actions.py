"""Actions on the console: written in both languages, looked at, announced, followed, closed."""

from __future__ import annotations

import html

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from schedules.jobs import run_all
from service.rallies.actions.tables import Action, ActionState
from service.wiring import Wiring
from tests.factories import StillClock, make_volunteer
from tests.web.conftest import Group
from tests.web.console.conftest import text_of
from tests.web.console.test_rallies import hidden

ENGLISH = "Acompaña: please call 860-555-0170 by Fri 5 pm. Done? Text CALLED."
SPANISH = "Acompaña: por favor llame al 860-555-0170. ¿Ya? Escriba LLAME."
DRAFT = {
    "kind": "call", "title": "Let them stay", "target": "the director",
    "target_phone": "860-555-0170", "link": "", "day": "2026-03-06", "clock": "17:00",
    "days": "2", "text_en": ENGLISH, "text_es": SPANISH, "script_en": "", "script_es": "",
}  # fmt: skip


def actions(wiring: Wiring) -> list[Action]:
    with wiring.database.read() as session:
        return list(session.exec(select(Action)))


@pytest.fixture
def volunteers(wiring: Wiring, group: Group) -> None:
    with wiring.database.write() as session:
        for number, language in ((101, "en"), (102, "en"), (103, "es")):
            make_volunteer(
                session, wiring.keyring, group.chapter, number, now=wiring.clock.now(),
                language=language,
            )  # fmt: skip


def test_it_is_written_looked_at_and_announced_once(
    marta: TestClient, wiring: Wiring, volunteers: None, clock: StillClock
) -> None:
    draft_id = hidden(marta.get("/actions/new").text, "id")
    for _ in range(2):
        page = marta.post("/actions/new", data=DRAFT | {"id": draft_id})
    words = text_of(page)
    assert ENGLISH in words
    assert SPANISH in words
    assert "3 people over 2 days, about 2 people a day" in words
    (action,) = actions(wiring)
    for _ in range(2):
        page = marta.post(f"/actions/{action.id}/send")
    assert "Take it back" in text_of(page)
    run_all(wiring, now=clock.tick(seconds=10))
    shown = text_of(marta.get(f"/actions/{action.id}"))
    assert "Day 1 of 2" in shown
    assert "2 Asked so far" in shown
    assert "asks for an action" in shown
    assert "Let them stay" in text_of(marta.get("/actions"))
    assert "Let them stay" in text_of(marta.get("/"))


def test_undo_leads_back_to_the_draft(
    marta: TestClient, wiring: Wiring, volunteers: None, clock: StillClock
) -> None:
    marta.post("/actions/new", data=DRAFT)
    (action,) = actions(wiring)
    marta.post(f"/actions/{action.id}/send")
    page = marta.post(f"/actions/{action.id}/undo")
    assert html.escape(ENGLISH) in page.text
    assert actions(wiring)[0].state is ActionState.DRAFT
    marta.post(f"/actions/{action.id}/send")
    run_all(wiring, now=clock.tick(seconds=10))
    assert marta.post(f"/actions/{action.id}/undo").status_code == 409


MISTAKES = [
    ({"title": ""}, "title"),
    ({"target": ""}, "target"),
    ({"target_phone": ""}, "target_phone"),
    ({"kind": "sign", "link": ""}, "link"),
    ({"link": "http://text.example.org"}, "link"),
    ({"day": "2026-03-01"}, "day"),
    ({"clock": "soon"}, "clock"),
    ({"days": "0"}, "days"),
    ({"days": "15"}, "days"),
    ({"days": "6"}, "days"),
    ({"text_es": " "}, "text_es"),
    ({"script_en": "Say this."}, "script_es"),
]


def test_a_mistake_is_told_beside_its_field_and_nothing_is_lost(
    marta: TestClient, wiring: Wiring
) -> None:
    for changes, field in MISTAKES:
        page = marta.post("/actions/new", data=DRAFT | changes)
        assert page.status_code == 422, changes
        assert f'id="{field}-wrong"' in page.text, changes
        assert html.escape(ENGLISH) in page.text
    assert actions(wiring) == []


def test_every_kind_has_a_first_text(marta: TestClient) -> None:
    for kind, word in (("call", "CALLED"), ("sign", "SIGNED"), ("write", "WROTE")):
        page = marta.post("/actions/new", data=DRAFT | {"kind": kind, "action": "write"})
        assert f"Text {word}." in text_of(page)


def test_the_result_is_looked_at_before_it_is_told(
    marta: TestClient, wiring: Wiring, volunteers: None, clock: StillClock
) -> None:
    marta.post("/actions/new", data=DRAFT)
    (action,) = actions(wiring)
    marta.post(f"/actions/{action.id}/send")
    run_all(wiring, now=clock.tick(seconds=10))
    path = f"/actions/{action.id}/close"
    assert "0 of us have called. ... Thank you" in html.unescape(marta.get(path).text)
    one = {"result_en": "They can stay.", "result_es": ""}
    page = marta.post(path, data=one)
    assert page.status_code == 422
    assert 'id="result_es-wrong"' in page.text
    both = one | {"result_es": "Se quedan.", "whom": "asked"}
    page = marta.post(path, data=both)
    assert "End it and tell 2 people" in text_of(page)
    assert actions(wiring)[0].state is ActionState.ANNOUNCED
    page = marta.post(path, data=both | {"action": "send"})
    assert "They can stay." in text_of(page)
    assert actions(wiring)[0].state is ActionState.CLOSED
    assert marta.get(path).status_code == 409


def test_another_chapters_action_is_not_there(
    marta: TestClient, wiring: Wiring, other_group: Group
) -> None:
    marta.post("/actions/new", data=DRAFT)
    with wiring.database.write() as session:
        action = session.exec(select(Action)).one()
        action.chapter_id = other_group.chapter.id
        session.add(action)
    for page in ("", "/edit", "/send", "/close"):
        assert marta.get(f"/actions/{action.id}{page}").status_code == 404
    assert "Let them stay" not in text_of(marta.get("/actions"))
