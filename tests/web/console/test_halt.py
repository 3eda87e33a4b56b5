"""Every text stops with one word; every page says so; an admin lets them leave again."""

from __future__ import annotations

from datetime import timedelta

from fastapi.testclient import TestClient
from sqlmodel import col, select

from service.accounts import sessions
from service.accounts.tables import How
from service.chapters.tables import Sender
from service.outbox.claim import claim
from service.outbox.invite import Offer, invite_volunteer
from service.people.register import Card
from service.privacy.audit import AuditLine
from service.privacy.policy import SYSTEM, Role
from service.rallies.draft import Draft, save_draft
from service.wiring import Wiring
from tests.factories import StillClock, make_organizer, make_volunteer
from tests.web.conftest import Group
from tests.web.console.conftest import text_of
from tests.web.console.test_rallies import last_look


def sign_in(browser: TestClient, wiring: Wiring, group: Group, role: Role) -> TestClient:
    now = wiring.clock.now()
    with wiring.database.write() as session:
        somebody = make_organizer(session, group.chapter, now=now, name=role.title(), role=role)
        browser.cookies.set("acompana", sessions.begin(session, somebody, How.CODE, now=now))
    return browser


def claimed(wiring: Wiring, group: Group) -> int:
    """How many texts a worker would take now."""
    with wiring.database.write() as session:
        sender = session.exec(select(Sender).where(Sender.chapter_id == group.chapter.id)).one()
        many = len(claim(session, sender, limit=10, now=wiring.clock.now()))
        session.rollback()
    return many


def test_a_word_stops_everything_and_an_admin_lets_it_go_on(
    guest: TestClient, wiring: Wiring, group: Group, other_group: Group
) -> None:
    with wiring.database.write() as session:
        invite_volunteer(
            session, wiring.outbox, group.chapter, Card("+14135550101", alias="Alma"),
            Offer("the meeting"), how="console", by=SYSTEM, now=wiring.clock.now(),
        )  # fmt: skip
    assert claimed(wiring, group) == 1
    sign_in(guest, wiring, group, Role.DISPATCHER)
    page = guest.post("/halt", data={"word": "yes"})
    assert page.status_code == 422
    assert "Please type STOP" in text_of(page)
    assert claimed(wiring, group) == 1
    page = guest.post("/halt", data={"word": "alto"})
    assert "All texts are stopped" in text_of(page)
    assert claimed(wiring, group) == 0
    assert "All texts are stopped." in text_of(guest.get("/people"))
    assert guest.post("/halt/undo").status_code == 403

    sign_in(guest, wiring, group, Role.ADMIN)
    page = guest.post("/halt/undo")
    assert "Type STOP to do it" in text_of(page)
    assert claimed(wiring, group) == 1
    with wiring.database.read() as session:
        others = session.exec(select(Sender).where(Sender.chapter_id == other_group.chapter.id))
        assert not others.one().is_paused
        query = select(AuditLine.action).where(col(AuditLine.action).startswith("chapter."))
        done = session.exec(query.order_by(col(AuditLine.number))).all()
        assert done == ["chapter.halt", "chapter.go_on"]


def test_a_viewer_does_not_see_the_switch(guest: TestClient, wiring: Wiring, group: Group) -> None:
    sign_in(guest, wiring, group, Role.VIEWER)
    assert "/halt" not in guest.get("/").text


def test_a_call_to_many_asks_who_is_there(
    guest: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    now = clock.now()
    with wiring.database.write() as session:
        for number in range(100, 151):
            make_volunteer(session, wiring.keyring, group.chapter, number, now=now)
        draft = Draft(
            title="Friday", place="90 Main St", starts_at=now + timedelta(days=2),
            text_en="Acompaña: rally Friday. Reply Y or N", text_es="Acompaña: viernes. S o N",
        )  # fmt: skip
        rally = save_draft(session, group.chapter, draft, by="Marta", now=now)
    sign_in(guest, wiring, group, Role.ORGANIZER)
    clock.tick(minutes=11)
    page = guest.post(last_look(guest, rally), data={"when": "now"})
    assert "Is it still you?" in text_of(page)
    assert 'name="kept:when" value="now"' in page.text
