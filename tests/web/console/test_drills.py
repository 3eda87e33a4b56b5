"""Drills on the console: the list, a start with a look first, what was learned, the end."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from schedules.jobs import run_all
from service.blasts.tables import Blast
from service.outbox.tables import DrillGuest
from service.people.tables import Person
from service.rallies.actions.count import note_done
from service.rallies.actions.tables import Action, ActionKind
from service.rallies.tables import Rally
from service.rsvps.respond import Answer, respond
from service.wiring import Wiring
from tests.factories import StillClock, make_volunteer
from tests.web.conftest import Group
from tests.web.console.conftest import filled_in, text_of
from tests.web.console.test_actions import DRAFT as ACTION
from tests.web.console.test_actions import ENGLISH, SPANISH

DRILL = {"kind": "vigil", "place": "90 Main St", "day": "2026-03-03", "clock": "17:00"}


@pytest.fixture
def alma(wiring: Wiring, group: Group) -> Person:
    with wiring.database.write() as session:
        return make_volunteer(session, wiring.keyring, group.chapter, 101, now=wiring.clock.now())


def test_from_the_list_to_what_was_learned(
    marta: TestClient, wiring: Wiring, clock: StillClock, alma: Person
) -> None:
    assert "Nobody is on the list." in text_of(marta.get("/drills"))
    marta.post("/drills/guests", data={"phone": "413-555-0101", "agreed": "yes"})
    typed = filled_in(marta.get("/drills/new")) | {"kind": "vigil", "place": "90 Main St"}
    page = marta.post("/drills/new", data=typed)
    assert filled_in(page) == typed
    page = marta.post("/drills/new", data=typed | {"action": "change"})
    assert filled_in(page) == typed, "what was typed comes back"
    page = marta.post("/drills/new", data=typed)
    assert "DRILL: Acompaña: vigil, Tue Mar 3, 5:00 pm, 90 Main St." in text_of(page)
    assert "SIMULACRO: Acompaña:" in text_of(page)
    for _ in range(2):
        page = marta.post("/drills/new", data=typed | {"action": "send"})
    with wiring.database.read() as session:
        (drill,) = session.exec(select(Rally)).all()
    assert "0 of 1 answered." in text_of(page)
    run_all(wiring, now=clock.tick(seconds=1))
    with wiring.database.write() as session:
        respond(session, alma.id, drill.subject, Answer.YES, now=clock.tick(minutes=4))
    page = marta.get(f"/drills/{drill.id}")
    assert "1 of 1 answered. Half of them within 4 minutes." in text_of(page)
    assert "Over" in text_of(marta.post(f"/drills/{drill.id}/end"))
    assert marta.get(f"/rallies/{drill.id}").status_code == 404
    assert "90 Main St" not in text_of(marta.get("/"))
    assert marta.get("/drills").text.count("Vigil, 90 Main St") == 1


def test_an_action_is_practised_from_its_page_to_what_was_learned(
    marta: TestClient, wiring: Wiring, clock: StillClock, alma: Person
) -> None:
    marta.post("/actions/new", data=ACTION)
    with wiring.database.read() as session:
        action = session.exec(select(Action)).one()
    path = f"/actions/{action.id}/practise"
    assert path in marta.get(f"/actions/{action.id}").text
    assert "Nobody is on the list." in text_of(marta.get(path))
    assert marta.post(path, data={}).status_code == 409
    marta.post("/drills/guests", data={"phone": "413-555-0101", "agreed": "yes"})
    page = marta.get(path)
    assert f"DRILL: {ENGLISH}" in text_of(page)
    assert f"SIMULACRO: {SPANISH}" in text_of(page)
    typed = filled_in(page)
    for _ in range(2):
        page = marta.post(path, data=typed)
    assert "0 of 1 answered." in text_of(page)
    drill_path = page.url.path
    with wiring.database.read() as session:
        (drill,) = session.exec(select(Action).where(col(Action.is_drill))).all()
        blast = session.exec(select(Blast)).one()
    assert drill_path == f"/drills/actions/{drill.id}"
    page = marta.get(f"/messages/{blast.id}")
    assert f'href="{drill_path}"' in page.text
    assert "/undo" not in page.text
    assert marta.post(f"/messages/{blast.id}/undo").status_code == 409
    run_all(wiring, now=clock.tick(seconds=1))
    with wiring.database.write() as session:
        note_done(
            session, alma.id, {drill.chapter_id}, ActionKind.CALL, texted=drill.chapter_id,
            now=clock.tick(minutes=4),
        )  # fmt: skip
    page = marta.get(drill_path)
    assert "1 of 1 answered. Half of them within 5 minutes." in text_of(page)
    assert "Done after 5 minutes" in text_of(page)
    assert "Over" in text_of(marta.post(f"{drill_path}/end"))
    assert marta.get(f"/actions/{drill.id}").status_code == 404
    assert marta.get(f"/drills/{drill.id}").status_code == 404
    assert marta.get(f"/drills/actions/{action.id}").status_code == 404
    assert text_of(marta.get("/actions")).count("Let them stay") == 1
    assert text_of(marta.get("/drills")).count("Let them stay") == 1
    with wiring.database.write() as session:
        session.get_one(Action, action.id).deadline = clock.now()
    assert "Its deadline is over." in text_of(marta.get(path))


def test_only_who_agreed_and_has_joined_is_put_on_the_list(
    marta: TestClient, wiring: Wiring, alma: Person
) -> None:
    for typed, field in (
        ({"phone": "413-555-0101"}, "agreed"),
        ({"phone": "413-555-0177", "agreed": "yes"}, "phone"),
        ({"phone": "", "agreed": "yes"}, "phone"),
    ):
        page = marta.post("/drills/guests", data=typed)
        assert page.status_code == 422
        assert f'href="#{field}"' in page.text
    with wiring.database.read() as session:
        assert session.exec(select(DrillGuest)).all() == []


def test_somebody_can_be_taken_off_and_nobody_means_no_drill(
    marta: TestClient, wiring: Wiring, alma: Person
) -> None:
    marta.post("/drills/guests", data={"phone": "413-555-0101", "agreed": "yes"})
    marta.post(f"/drills/guests/{alma.id}/remove")
    assert marta.post("/drills/new", data=DRILL | {"action": "send"}).status_code == 409


def test_a_mistake_is_told_beside_its_field(marta: TestClient) -> None:
    for changes, field in (
        ({"place": ""}, "place"),
        ({"day": "2026-03-01"}, "day"),
        ({"day": ""}, "day"),
        ({"clock": ""}, "clock"),
        ({"clock": "25:00"}, "clock"),
    ):
        page = marta.post("/drills/new", data=DRILL | changes)
        assert page.status_code == 422
        assert f'id="{field}-wrong"' in page.text
