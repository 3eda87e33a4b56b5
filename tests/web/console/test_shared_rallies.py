"""A rally opened to other chapters: seen, joined after a look, counted whole; on pages and over the API."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import select

from schedules.jobs import run_all
from service.chapters.tables import Chapter
from service.outbox.tables import Delivery
from service.people.tables import Person
from service.rallies.tables import Rally, RallyChapter, RallyKind
from service.rsvps.respond import Answer, respond
from service.wiring import Wiring
from tests.factories import StillClock, make_volunteer
from tests.web.api.bodies import problem
from tests.web.conftest import Group
from tests.web.console.conftest import browser_of, new_link, text_of
from tests.web.console.test_rally_life import MOVED, announced, changes


@pytest.fixture
def alma(wiring: Wiring, group: Group) -> Person:
    with wiring.database.write() as session:
        return make_volunteer(session, wiring.keyring, group.chapter, 101, now=wiring.clock.now())


@pytest.fixture
def rosa(wiring: Wiring, other_group: Group) -> Person:
    """One of Coast's."""
    with wiring.database.write() as session:
        session.get_one(Chapter, other_group.chapter.id).network_name = "Costa"
        now = wiring.clock.now()
        return make_volunteer(session, wiring.keyring, other_group.chapter, 131, now=now)


@pytest.fixture
def rally(marta: TestClient, wiring: Wiring, clock: StillClock, alma: Person) -> Rally:
    """Marta's, announced; Alma was asked."""
    return announced(marta, wiring, clock)


@pytest.fixture
def olga(app: FastAPI, wiring: Wiring, other_group: Group, rosa: Person) -> Iterator[TestClient]:
    """The browser of Coast's organizer, who reads Spanish."""
    with browser_of(app) as opened:
        assert opened.post(new_link(wiring, other_group)).status_code == 200
        yield opened


def got(wiring: Wiring, rally: Rally) -> set[UUID | None]:
    """Return who was texted about it."""
    with wiring.database.read() as session:
        query = select(Delivery.person_id).where(Delivery.subject == rally.subject)
        return set(session.exec(query).all())


def test_only_once_opened_is_it_seen_by_another_chapter(
    marta: TestClient, olga: TestClient, rally: Rally
) -> None:
    address = f"/rallies/{rally.id}"
    assert olga.get(address).status_code == 404
    assert olga.post(f"{address}/more").status_code == 404
    assert rally.title not in text_of(olga.get("/"))
    page = marta.post(f"{address}/open", data={"is_open": "yes"})
    assert "Let no further chapter join" in text_of(page)
    assert rally.title in text_of(olga.get("/"))
    assert "Sumarnos: llamar a nuestra gente" in text_of(olga.get(address))
    for each in ("move", "all-clear", "close", "cancel", "open"):
        assert olga.post(f"{address}/{each}", data=MOVED).status_code == 404
    marta.post(f"{address}/open")
    assert olga.get(address).status_code == 404


def test_it_is_joined_after_a_look_at_whom_and_what(
    marta: TestClient, olga: TestClient, wiring: Wiring, clock: StillClock, rally: Rally,
    alma: Person, rosa: Person,
) -> None:  # fmt: skip
    address = f"/rallies/{rally.id}"
    marta.post(f"{address}/open", data={"is_open": "yes"})
    people = olga.post(f"{address}/more")
    draft = str(people.url).split("/")[-2]
    assert olga.get(f"/drafts/{draft}/edit").status_code == 200
    assert marta.get(f"/drafts/{draft}/send").status_code == 404
    look = text_of(olga.get(f"/drafts/{draft}/send"))
    assert "1 persona" in look
    assert "Costa: " in look
    assert got(wiring, rally) == {alma.id}
    olga.post(f"/drafts/{draft}/send", data={"when": "now"})
    run_all(wiring, now=clock.tick(seconds=20))
    assert got(wiring, rally) == {alma.id, rosa.id}
    with wiring.database.write() as session:
        respond(session, rosa.id, rally.subject, Answer.YES, now=clock.now())
    mine, theirs = text_of(marta.get(address)), text_of(olga.get(address))
    assert "2 people were asked." in mine
    assert "Also called by: Costa" in mine
    assert "Se les pidió a 2 personas." in theirs
    assert olga.get("/").status_code == 200
    with wiring.database.read() as session:
        (blast,) = session.exec(select(Delivery.gate_id).where(Delivery.person_id == rosa.id)).all()
    assert olga.get(f"/messages/{blast}").status_code == 200
    assert marta.get(f"/messages/{blast}").status_code == 404
    assert olga.get(f"/messages/new?rally={rally.id}&to=said_yes").status_code == 200


def test_a_change_is_looked_at_with_everybody_whom_it_reaches(
    marta: TestClient, client: TestClient, other_client: TestClient, wiring: Wiring,
    clock: StillClock, rally: Rally, rosa: Person,
) -> None:  # fmt: skip
    api = f"/api/v1/rallies/{rally.id}"
    assert client.post(f"{api}/open", json={}).json()["is_open"] is True
    assert other_client.post(f"{api}/join", json={}).status_code == 200
    run_all(wiring, now=clock.tick(seconds=5))
    check = text_of(marta.post(f"/rallies/{rally.id}/move", data=MOVED | {"whom": "asked"}))
    assert "tell 2 people" in check
    marta.post(f"/rallies/{rally.id}/move", data=MOVED | {"whom": "asked", "action": "send"})
    assert len(changes(wiring)) == 2
    assert str(rosa.id) not in marta.get(f"/rallies/{rally.id}").text


def test_who_came_lists_nobody_of_another_chapter(
    marta: TestClient, other_client: TestClient, wiring: Wiring, group: Group, clock: StillClock,
    alma: Person, rosa: Person,
) -> None:  # fmt: skip
    rally = announced(marta, wiring, clock, RallyKind.TRAINING)
    marta.post(f"/rallies/{rally.id}/open", data={"is_open": "yes"})
    other_client.post(f"/api/v1/rallies/{rally.id}/join", json={})
    run_all(wiring, now=clock.tick(seconds=5))
    with wiring.database.write() as session:
        for one in (alma, rosa):
            respond(session, one.id, rally.subject, Answer.YES, now=clock.now())
    clock.tick(days=12)
    marta.post(new_link(wiring, group))
    page = marta.get(f"/rallies/{rally.id}/close").text
    assert f"came_{alma.id.hex}" in page
    assert f"came_{rosa.id.hex}" not in page


def test_the_api_lists_what_is_open_and_joins_it_once(
    client: TestClient, other_client: TestClient, wiring: Wiring, clock: StillClock, rally: Rally,
    alma: Person, rosa: Person, other_group: Group,
) -> None:  # fmt: skip
    api, own = f"/api/v1/rallies/{rally.id}", str(uuid4())
    assert problem(other_client.post(f"{api}/join", json={}), 404)
    assert other_client.get("/api/v1/rallies/opened").json() == []
    for _ in range(2):
        client.post(f"{api}/open", json={"is_open": True})
    (shown,) = other_client.get("/api/v1/rallies/opened").json()
    assert (shown["id"], shown["network"]) == (str(rally.id), "Acompaña")
    assert client.get("/api/v1/rallies/opened").json() == []
    for _ in range(2):
        sent = other_client.post(f"{api}/join", json={"blast_id": own})
        assert (sent.status_code, sent.json()["id"]) == (200, own)
    run_all(wiring, now=clock.tick(seconds=5))
    assert got(wiring, rally) == {alma.id, rosa.id}
    with wiring.database.read() as session:
        (joined,) = session.exec(select(RallyChapter)).all()
    assert joined.chapter_id == other_group.chapter.id
    assert other_client.get(api).json()["answers"]["asked"] == 2
    assert problem(other_client.post(f"{api}/cancel"), 404)


def test_above_its_own_limit_a_chapters_second_person_is_needed(
    client: TestClient, other_client: TestClient, wiring: Wiring, rally: Rally, rosa: Person,
    other_group: Group,
) -> None:  # fmt: skip
    with wiring.database.write() as session:
        session.get_one(Chapter, other_group.chapter.id).second_over = 0
    client.post(f"/api/v1/rallies/{rally.id}/open", json={})
    refused = other_client.post(f"/api/v1/rallies/{rally.id}/join", json={})
    assert problem(refused, 409)["code"] == "second_needed"
