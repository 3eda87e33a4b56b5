"""An appointment is practised from the console: parts are given out, it is marked throughout, and ended."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from schedules.jobs import run_all
from service.checkins.safety.find import safety_of_checkin
from service.checkins.tables import CheckIn
from service.outbox.drill import add_guest
from service.people.tables import Person
from service.privacy.policy import SYSTEM
from service.wiring import Wiring
from tests.factories import StillClock, make_volunteer
from tests.web.conftest import Group
from tests.web.console.conftest import filled_in, text_of

NEW = "/drills/appointments/new"
MARK = "This is a drill. It reaches nobody but its guests"


@pytest.fixture
def guests(wiring: Wiring, group: Group) -> list[Person]:
    """Alma, Beto and Carmen agreed to drills."""
    now = wiring.clock.now()
    with wiring.database.write() as session:
        made = [
            make_volunteer(session, wiring.keyring, group.chapter, number, now=now, name=name)
            for number, name in ((101, "Alma"), (102, "Beto"), (103, "Carmen"))
        ]
        for person in made:
            add_guest(session, person, by=SYSTEM, now=now)
    return made


def typed(group: Group, guests: list[Person], **changes: str) -> dict[str, str]:
    return {
        "family": str(guests[0].id), "stand_in": str(guests[2].id),
        "office_id": str(group.office.id), "day": "2026-03-03", "clock": "09:00",
    } | changes  # fmt: skip


def test_from_the_parts_to_the_end(
    marta: TestClient, wiring: Wiring, clock: StillClock, group: Group, guests: list[Person]
) -> None:
    form = filled_in(marta.get(NEW)) | typed(group, guests)
    assert form.keys() == {"id", *typed(group, guests)}, "the page asks for all of it"
    page = marta.post(NEW, data=form)
    assert filled_in(page) == form
    assert filled_in(marta.post(NEW, data=form | {"action": "change"})) == form
    looked = text_of(page)
    assert "DRILL: Acompaña:" in looked
    assert "SIMULACRO: Acompaña:" in looked
    for _ in range(2):
        page = marta.post(NEW, data=form | {"action": "send"})
        assert page.status_code == 200
        assert MARK in text_of(page)
    with wiring.database.read() as session:
        (drill,) = session.exec(select(CheckIn)).all()
        check = safety_of_checkin(session, drill.id)
    assert check is not None
    run_all(wiring, now=clock.tick(seconds=1))
    for where in ("", "/cancel", "/move", "/ride"):
        assert MARK in text_of(marta.get(f"/checkins/{drill.id}{where}")), where
    assert MARK in text_of(marta.get(f"/safety/{check.id}"))
    assert "DRILL / SIMULACRO" in text_of(marta.get(f"/checkins/{drill.id}/sheet"))
    for page_of_real_ones in ("/", "/checkins", "/checkins/month", f"/people/{guests[0].id}"):
        assert str(drill.id) not in marta.get(page_of_real_ones).text, page_of_real_ones
    assert f"/checkins/{drill.id}" in marta.get("/drills").text
    assert "No drills so far." in text_of(marta.post(f"/drills/appointments/{drill.id}/end"))
    assert marta.get(f"/checkins/{drill.id}").status_code == 404
    assert marta.post(f"/drills/appointments/{drill.id}/end").status_code == 404


def test_a_real_one_is_not_swept_away(
    marta: TestClient, wiring: Wiring, group: Group, guests: list[Person]
) -> None:
    form = typed(group, guests)
    marta.post(NEW, data=form | {"action": "send"})
    with wiring.database.write() as session:
        (drill,) = session.exec(select(CheckIn)).all()
        drill.is_drill = False
        session.add(drill)
    assert marta.post(f"/drills/appointments/{drill.id}/end").status_code == 409
    assert marta.get(f"/checkins/{drill.id}").status_code == 200


def test_a_mistake_is_told_beside_its_field(
    marta: TestClient, wiring: Wiring, group: Group, guests: list[Person]
) -> None:
    for changes, field in (
        ({"family": ""}, "family"),
        ({"stand_in": str(guests[0].id)}, "stand_in"),
        ({"day": "2026-03-01"}, "day"),
        ({"day": ""}, "day"),
        ({"clock": ""}, "clock"),
        ({"clock": "25:00"}, "clock"),
        ({"office_id": ""}, "office_id"),
    ):
        page = marta.post(NEW, data=typed(group, guests, **changes) | {"action": "send"})
        assert page.status_code == 422, changes
        assert f'id="{field}-wrong"' in page.text
    with wiring.database.read() as session:
        assert session.exec(select(CheckIn)).all() == []
