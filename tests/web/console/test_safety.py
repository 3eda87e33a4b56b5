"""The board says who is silent first; one tap says that somebody spoke with them; shifts are kept."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from service.checkins.safety.climb import climb
from service.checkins.safety.find import safety_of_checkin
from service.checkins.safety.report import raise_alarm
from service.checkins.safety.tables import SafetyCheck, SafetyState
from service.outbox.tables import Delivery
from service.people.tables import EmergencyContact
from service.privacy.audit import AuditLine
from service.wiring import Wiring
from tests.factories import StillClock, make_family
from tests.web.conftest import Group
from tests.web.console.conftest import browser_of, new_link, text_of
from tests.web.console.test_board import approved

SHIFT = {
    "alias": "Hannah", "phone": "413-555-0142", "language": "en", "day": "2026-03-02",
    "clock": "08:00", "hours": "12", "agreed": "yes",
}  # fmt: skip


def silent(wiring: Wiring, group: Group, clock: StillClock) -> UUID:
    """Azucena's appointment is over, and nobody has answered for half an hour."""
    checkin = approved(wiring, group, days=1)
    with wiring.database.read() as session:
        found = safety_of_checkin(session, checkin.id)
    assert found is not None
    clock.at = found.due_at
    for _ in range(3):
        climb(wiring.database, wiring.outbox, now=clock.now())
        clock.tick(minutes=15)
    return found.id


def check_of(wiring: Wiring, safety_id: UUID) -> SafetyCheck:
    with wiring.database.read() as session:
        return session.get_one(SafetyCheck, safety_id)


def fresh(browser: TestClient, wiring: Wiring, group: Group) -> TestClient:
    """The same browser, signed in anew: the clock has moved on."""
    assert browser.post(new_link(wiring, group)).status_code == 200
    return browser


def test_silence_comes_first_on_the_board(
    marta: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    safety_id = silent(wiring, group, clock)
    page = fresh(marta, wiring, group).get("/")
    said = text_of(page)
    assert f'id="f-{safety_id}"' in page.text
    assert "No word from them." in said
    assert "Nobody is on call." in said
    assert "Azucena" not in said


def test_its_page_says_who_was_asked_when(
    marta: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    safety_id = silent(wiring, group, clock)
    said = text_of(fresh(marta, wiring, group).get(f"/safety/{safety_id}"))
    assert said.count("(the family) was asked") == 2
    assert "no organizer has a phone here" in said
    assert "The next step by itself" in said


def test_one_tap_ends_it_with_name_and_time_on_the_record(
    marta: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    safety_id = silent(wiring, group, clock)
    page = fresh(marta, wiring, group).post(f"/safety/{safety_id}/spoken")
    check = check_of(wiring, safety_id)
    assert (check.state, check.resolved_by) == (SafetyState.RESOLVED, "Marta")
    assert check.resolved_at == clock.now()
    assert "Marta spoke with them" in text_of(page)
    with wiring.database.read() as session:
        actions = session.exec(select(AuditLine.action)).all()
    assert "safety.resolve" in actions
    assert marta.post(f"/safety/{safety_id}/spoken").status_code == 200
    assert 'id="f-' not in marta.get("/").text


def test_taking_it_stops_the_calls_for_a_while_and_ends_nothing(
    marta: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    safety_id = silent(wiring, group, clock)
    page = fresh(marta, wiring, group).post(f"/safety/{safety_id}/take")
    assert "Marta has it since" in text_of(page)
    assert check_of(wiring, safety_id).state is SafetyState.TAKEN


def test_before_anybody_was_asked_there_is_nothing_to_end(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    checkin = approved(wiring, group, days=1)
    with wiring.database.read() as session:
        found = safety_of_checkin(session, checkin.id)
    assert found is not None
    assert "We ask how it went" in text_of(marta.get(f"/safety/{found.id}"))
    assert marta.post(f"/safety/{found.id}/spoken").status_code == 409
    assert f"/safety/{found.id}" in marta.get(f"/checkins/{checkin.id}").text


def test_an_alarm_without_an_appointment_is_on_the_board_too(
    marta: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    with wiring.database.write() as session:
        family = make_family(session, wiring.keyring, group.chapter, 121, now=clock.now())
        raise_alarm(session, wiring.outbox, family, now=clock.now())
    said = text_of(marta.get("/"))
    assert "An alarm without an appointment" in said
    assert "Someone wrote that there is danger." in said


def test_another_chapter_sees_none_of_it(
    marta: TestClient, wiring: Wiring, group: Group, other_group: Group, clock: StillClock
) -> None:
    safety_id = silent(wiring, group, clock)
    other = browser_of(marta.app)  # type: ignore[arg-type]
    assert other.post(new_link(wiring, other_group)).status_code == 200
    assert 'id="f-' not in other.get("/").text
    assert other.get(f"/safety/{safety_id}").status_code == 404
    for what in ("spoken", "take", "contacts"):
        assert other.post(f"/safety/{safety_id}/{what}", data={}).status_code == 404
    assert check_of(wiring, safety_id).state is SafetyState.ESCALATED


def test_somebody_whom_the_family_named_is_asked_first(
    marta: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    safety_id = silent(wiring, group, clock)
    told = {"alias": "Lupe", "phone": "413-555-0103", "language": "es"}
    page = fresh(marta, wiring, group).post(f"/safety/{safety_id}/contacts", data=told)
    assert "no answer yet" in text_of(page)
    with wiring.database.read() as session:
        contact = session.exec(select(EmergencyContact)).one()
        asked = session.exec(
            select(Delivery.template).where(col(Delivery.template) == "contact_ask")
        )
        assert asked.all() == ["contact_ask"]
    assert not contact.agreed
    own = marta.post(f"/safety/{safety_id}/contacts", data=told | {"phone": "+14135550120"})
    assert own.status_code == 422
    assert "family's own number" in text_of(own)


def test_shifts_are_put_in_seen_and_taken_off(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    assert "Nobody is on call from" in text_of(marta.get("/shifts"))
    page = marta.post("/shifts", data=SHIFT)
    assert "H••• +1•••0142" in text_of(page)
    assert "On call now: H•••" in text_of(marta.get("/"))
    shift_id = page.text.split('id="s-')[1].split('"')[0]
    assert "Nobody is on call so far." in text_of(marta.post(f"/shifts/{shift_id}/remove"))


@pytest.mark.parametrize(
    ("changed", "says"),
    [({"hours": "25"}, "at most 24 hours"), ({"phone": ""}, "missing"),
     ({"clock": "soon"}, "read that time"), ({"day": "2026-02-01"}, "The end should come"),
     ({"agreed": None}, "missing")],
)  # fmt: skip
def test_a_shift_that_cannot_be_is_told_field_by_field(
    marta: TestClient, changed: dict[str, str | None], says: str
) -> None:
    sent = {name: value for name, value in (SHIFT | changed).items() if value is not None}
    page = marta.post("/shifts", data=sent)
    assert page.status_code == 422
    assert says in text_of(page)


def test_the_same_pages_in_spanish(
    wiring: Wiring, group: Group, other_group: Group, marta: TestClient, clock: StillClock
) -> None:
    other = browser_of(marta.app)  # type: ignore[arg-type]
    assert other.post(new_link(wiring, other_group)).status_code == 200
    with wiring.database.write() as session:
        family = make_family(session, wiring.keyring, other_group.chapter, 121, now=clock.now())
        safety_id = raise_alarm(session, wiring.outbox, family, now=clock.now()).id
    clock.at += timedelta(minutes=1)
    assert "Ya hablé con la familia" in text_of(other.get(f"/safety/{safety_id}"))
    assert "Quién está de turno" in text_of(other.get("/shifts"))
