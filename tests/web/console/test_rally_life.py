"""A rally after its call, on the console: moved with a look first, all clear, and who came."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from schedules.jobs import run_all
from service.blasts.drafts import Author
from service.blasts.tables import Blast, BlastKind
from service.db import new_id
from service.errors import WrongState
from service.outbox.tables import Delivery
from service.people.audience import Audience
from service.people.tables import Person, Volunteer
from service.privacy.audit import AuditLine
from service.privacy.policy import SYSTEM
from service.rallies.announce import announce
from service.rallies.more import call_more, draft_more
from service.rallies.tables import Rally, RallyKind, RallyState
from service.rallies.take_back import take_back
from service.rsvps.respond import Answer, respond
from service.rsvps.tables import Ask, Seat
from service.wiring import Wiring
from tests.factories import StillClock, make_volunteer
from tests.web.conftest import Group
from tests.web.console.conftest import new_link, text_of
from tests.web.console.test_rallies import DRAFT, hidden, rallies

MOVED = {"day": "2026-03-13", "clock": "18:00", "until": "20:00", "place": "90 Main St"}


@pytest.fixture
def alma(wiring: Wiring, group: Group) -> Person:
    with wiring.database.write() as session:
        return make_volunteer(
            session, wiring.keyring, group.chapter, 101, now=wiring.clock.now(), vetting=0
        )


def announced(
    marta: TestClient, wiring: Wiring, clock: StillClock, kind: RallyKind = RallyKind.RALLY
) -> Rally:
    marta.post("/rallies/new", data=DRAFT | {"kind": kind.value})
    (rally,) = rallies(wiring)
    with wiring.database.write() as session:
        found = session.get_one(Rally, rally.id)
        announce(session, found, blast_id=new_id(), by=SYSTEM, now=clock.now())
    run_all(wiring, now=clock.tick(seconds=10))
    return rally


@pytest.fixture
def rally(marta: TestClient, wiring: Wiring, clock: StillClock, alma: Person) -> Rally:
    """Announced, and Alma was asked."""
    return announced(marta, wiring, clock)


def days_later(marta: TestClient, wiring: Wiring, group: Group, clock: StillClock) -> None:
    """Marta comes back once it has been held."""
    clock.tick(days=12)
    assert marta.post(new_link(wiring, group)).status_code == 200


def changes(wiring: Wiring) -> list[Blast]:
    with wiring.database.read() as session:
        return list(session.exec(select(Blast).where(Blast.kind == BlastKind.CHANGE)))


def test_a_change_is_shown_before_it_is_told_and_a_double_click_tells_once(
    marta: TestClient, wiring: Wiring, rally: Rally
) -> None:
    path = f"/rallies/{rally.id}/move"
    assert 'value="17:00"' in marta.get(path).text
    page = marta.post(path, data=MOVED | {"whom": "asked"})
    assert "NEW TIME for the rally: Fri Mar 13, 6:00 pm. Same place, 90 Main St." in text_of(page)
    assert "NUEVA HORA para el mitin" in text_of(page)
    assert "Change it and tell 1 person" in text_of(page)
    assert changes(wiring) == []
    sent = MOVED | {
        "whom": "asked", "action": "send", "blast_id": hidden(page.text, "blast_id")
    }  # fmt: skip
    for _ in range(2):
        assert "says what changed" in text_of(marta.post(path, data=sent))
    assert len(changes(wiring)) == 1
    assert rallies(wiring)[0].moves == 1
    assert "Time or place changed" in text_of(marta.get(f"/rallies/{rally.id}"))


def test_a_change_that_makes_no_sense_comes_back_with_what_was_typed(
    marta: TestClient, wiring: Wiring, rally: Rally
) -> None:
    for changed, field in (
        ({"clock": "17:00", "until": "19:00"}, "place"),
        ({"place": " "}, "place"),
        ({"day": "2026-03-01"}, "day"),
        ({"clock": "soon"}, "clock"),
        ({"day": ""}, "day"),
    ):
        page = marta.post(f"/rallies/{rally.id}/move", data=MOVED | changed)
        assert page.status_code == 422, changed
        assert f'id="{field}-wrong"' in page.text
    assert changes(wiring) == []


def test_what_is_over_or_not_yet_told_is_not_moved(
    marta: TestClient, wiring: Wiring, clock: StillClock
) -> None:
    marta.post("/rallies/new", data=DRAFT)
    (draft,) = rallies(wiring)
    for page in ("move", "all-clear", "close"):
        assert marta.get(f"/rallies/{draft.id}/{page}").status_code == 409, page


def test_all_clear_says_who_hears_it_first(marta: TestClient, wiring: Wiring, rally: Rally) -> None:
    path = f"/rallies/{rally.id}/all-clear"
    page = text_of(marta.get(path))
    assert "1 person was asked and will be told at once." in page
    assert "all clear for Fri Mar 13" in text_of(marta.post(path))
    assert rallies(wiring)[0].state is RallyState.ALL_CLEAR
    assert "All clear" in text_of(marta.get(f"/rallies/{rally.id}"))
    assert marta.get(path).status_code == 409


def test_how_many_came_is_kept_with_the_rally(
    marta: TestClient, wiring: Wiring, rally: Rally, clock: StillClock, group: Group
) -> None:
    path = f"/rallies/{rally.id}/close"
    assert marta.get(path).status_code == 409
    days_later(marta, wiring, group, clock)
    page = marta.post(path, data={"people_came": "many"})
    assert page.status_code == 422
    assert 'id="people_came-wrong"' in page.text
    assert "40 people came." in text_of(marta.post(path, data={"people_came": "40"}))
    assert rallies(wiring)[0].state is RallyState.CLOSED


def test_at_a_training_each_is_ticked_and_then_vetted_by_hand(
    marta: TestClient, wiring: Wiring, clock: StillClock, group: Group, alma: Person
) -> None:
    training = announced(marta, wiring, clock, RallyKind.TRAINING)
    with wiring.database.write() as session:
        respond(session, alma.id, training.subject, Answer.YES, now=clock.now())
        beto = make_volunteer(
            session, wiring.keyring, group.chapter, 102, now=clock.now(), name="Beto", vetting=0
        )
    days_later(marta, wiring, group, clock)
    path = f"/rallies/{training.id}/close"
    page = marta.get(path)
    assert f'name="came_{alma.id.hex}"' in page.text
    assert "Alma" not in page.text
    assert f'name="vet_{alma.id.hex}"' not in page.text
    ticked = {f"came_{alma.id.hex}": "yes", f"vet_{beto.id.hex}": "yes", "phone": "413-555-0102"}
    page = marta.post(path, data=ticked)
    assert f'name="vet_{alma.id.hex}"' in page.text
    with wiring.database.read() as session:
        levels = {v.person_id: v.vetting for v in session.exec(select(Volunteer))}
    assert levels == {alma.id: 0, beto.id: 2}, (
        "Beto was there and ticked; being there is not enough"
    )
    marta.post(path, data={f"vet_{alma.id.hex}": "yes"})
    with wiring.database.read() as session:
        assert session.get_one(Volunteer, alma.id).vetting == 2
        actions = [line.action for line in session.exec(select(AuditLine))]
    assert actions.count("volunteer.vet") == 2


def test_a_number_that_is_not_on_the_list_is_said(
    marta: TestClient, wiring: Wiring, clock: StillClock, group: Group, alma: Person
) -> None:
    training = announced(marta, wiring, clock, RallyKind.TRAINING)
    days_later(marta, wiring, group, clock)
    page = marta.post(f"/rallies/{training.id}/close", data={"phone": "413-555-0177"})
    assert page.status_code == 422
    assert 'id="phone-wrong"' in page.text


def test_another_chapters_rally_is_not_there(
    marta: TestClient, wiring: Wiring, rally: Rally, other_group: Group
) -> None:
    with wiring.database.write() as session:
        rally = session.get_one(Rally, rally.id)
        rally.chapter_id = other_group.chapter.id
        session.add(rally)
    for page in ("move", "all-clear", "close"):
        assert marta.get(f"/rallies/{rally.id}/{page}").status_code == 404
        assert marta.post(f"/rallies/{rally.id}/{page}", data=MOVED).status_code == 404


def test_more_people_are_called_and_nobody_twice(
    marta: TestClient, wiring: Wiring, group: Group, clock: StillClock, rally: Rally, alma: Person
) -> None:
    with wiring.database.write() as session:
        beto = make_volunteer(session, wiring.keyring, group.chapter, 102, now=clock.now())
    assert "Call more people" in text_of(marta.get(f"/rallies/{rally.id}"))
    people = marta.post(f"/rallies/{rally.id}/more")
    again = marta.post(f"/rallies/{rally.id}/more")
    assert people.url == again.url  # one draft, however often it is pressed
    draft = str(people.url).split("/")[-2]
    assert marta.get(f"/drafts/{draft}/edit").status_code == 200  # its words can be changed
    marta.post(f"/drafts/{draft}/send", data={"when": "now"})
    run_all(wiring, now=clock.tick(seconds=20))
    with wiring.database.read() as session:
        asked = session.exec(select(Ask.person_id).where(Ask.subject == rally.subject)).all()
        calls = session.exec(
            select(Delivery.person_id).where(Delivery.subject == rally.subject)
        ).all()
        assert session.get_one(Rally, rally.id).state is RallyState.ANNOUNCED
    assert sorted(asked) == sorted(calls) == sorted([alma.id, beto.id])


def test_a_further_call_taken_back_leaves_the_rally_announced(
    marta: TestClient, wiring: Wiring, group: Group, clock: StillClock, rally: Rally
) -> None:
    now = clock.now()
    with wiring.database.write() as session:
        make_volunteer(session, wiring.keyring, group.chapter, 102, now=now)
        found, bodies = session.get_one(Rally, rally.id), {"en": "More?", "es": "¿Más?"}
        blast = call_more(
            session, found, Audience(group.chapter.id), bodies, blast_id=new_id(), by=SYSTEM,
            now=now, at=now + timedelta(hours=1),
        )  # fmt: skip
        with pytest.raises(WrongState) as caught:  # not all whom it asks are known yet
            draft_more(session, found, group.chapter.id, by=Author("Marta"), now=now)
        assert caught.value.code == "call_on_its_way"
        take_back(session, blast, by=SYSTEM, now=now)
        assert found.state is RallyState.ANNOUNCED
        assert session.exec(select(Seat).where(Seat.subject == rally.subject)).all() != []


def test_before_the_call_and_after_the_end_nobody_more_is_called(
    marta: TestClient, wiring: Wiring, group: Group, clock: StillClock, rally: Rally
) -> None:
    days_later(marta, wiring, group, clock)
    assert marta.post(f"/rallies/{rally.id}/more").status_code == 409
