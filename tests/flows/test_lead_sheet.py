"""The lead's link to the run sheet: sent the evening before, theirs alone, dead once it is over."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

from fastapi.testclient import TestClient
from sqlmodel import select

from service.app import create_app
from service.checkins.cancel import cancel
from service.checkins.move import move
from service.checkins.sheet import drop_sheets, open_sheet
from service.checkins.tables import CheckIn, SheetLink
from service.people.tables import Volunteer
from service.privacy.policy import SYSTEM
from tests.flows.day import NOOR, ROSA, STARTS, TOM, After
from tests.flows.test_who_comes import EVENING

LINK = re.compile(r"/s/([\w-]{20,})")


def links(after: After, number: int) -> list[str]:
    return LINK.findall(" ".join(after.town.got(number)))


def opens(after: After, secret: str) -> UUID | None:
    with after.town.session() as session:
        found = open_sheet(session, secret, now=after.town.clock.now())
        return found[1].id if found else None


def test_only_the_lead_gets_it_once_from_six_the_evening_before(after: After) -> None:
    after.at(EVENING - timedelta(minutes=1))
    assert links(after, ROSA) == []
    after.at(EVENING)
    after.town.tick(minutes=1)
    assert len(links(after, ROSA)) == 1
    assert links(after, TOM) == links(after, NOOR) == []
    text = next(one for one in after.town.got(ROSA) if "/s/" in one)
    assert text.startswith("Acompaña: your run sheet for Tuesday: http")
    assert after.town.office.area not in text
    assert opens(after, links(after, ROSA)[0]) == after.rosa.id
    with after.town.session() as session:
        kept = session.exec(select(SheetLink)).one()
    assert links(after, ROSA)[0].encode() not in kept.secret_hash


def test_who_may_not_learn_the_place_gets_none_and_whose_trust_ends_reads_no_more(
    after: After,
) -> None:
    after.at(EVENING)
    secret = links(after, ROSA)[0]
    with after.town.wiring.database.write() as session:
        session.get_one(Volunteer, after.rosa.id).vetting = 1
    assert opens(after, secret) is None


def test_a_new_lead_gets_one_and_the_old_one_opens_nothing(after: After) -> None:
    after.town.text(NOOR, "Y")  # waits
    after.at(EVENING)
    secret = links(after, ROSA)[0]
    after.town.text(ROSA, "N")
    assert opens(after, secret) is None
    after.town.text(NOOR, "Y")
    after.town.tick(minutes=1)
    assert opens(after, links(after, NOOR)[0]) == after.noor.id


def test_after_a_move_it_is_another_one(after: After) -> None:
    after.at(EVENING)
    secret = links(after, ROSA)[0]
    with after.town.wiring.database.write() as session:
        checkin, at = session.get_one(CheckIn, after.checkin.id), STARTS + timedelta(hours=1)
        move(session, after.town.wiring.outbox, checkin, at, by=SYSTEM, now=after.town.clock.now())
    assert opens(after, secret) is None
    after.town.tick(minutes=1)
    assert opens(after, links(after, ROSA)[-1]) == after.rosa.id


def test_it_is_dead_once_it_is_resolved_or_cancelled(after: After) -> None:
    after.at(EVENING)
    secret = links(after, ROSA)[0]
    after.at(STARTS + timedelta(hours=1))
    assert opens(after, secret) == after.rosa.id
    after.out()
    assert opens(after, secret) is None
    with after.town.wiring.database.write() as session:
        drop_sheets(session, now=after.town.clock.now())
        assert session.exec(select(SheetLink)).all() == []


def test_a_cancelled_one_opens_nothing(after: After) -> None:
    after.at(EVENING)
    secret = links(after, ROSA)[0]
    with after.town.wiring.database.write() as session:
        checkin = session.get_one(CheckIn, after.checkin.id)
        cancel(session, after.town.wiring.outbox, checkin, by=SYSTEM, now=after.town.clock.now())
    assert opens(after, secret) is None


def test_the_page_shows_a_button_then_first_names_and_nothing_that_is_kept(after: After) -> None:
    after.at(EVENING)
    path = f"/s/{links(after, ROSA)[0]}"
    with TestClient(create_app(after.town.wiring)) as browser:
        door = browser.get(path)
        assert (door.status_code, "Azucena" in door.text) == (200, False)
        sheet = browser.post(path, headers={"Sec-Fetch-Site": "same-origin"})
        assert sheet.headers["cache-control"] == "no-store"
        assert "Azucena" in sheet.text
        assert "Rosa" in sheet.text
        assert "5550" not in re.sub(r"413-?555-?0142", "", sheet.text).replace("-", "")
        after.out()
        assert browser.get(path).status_code == 410
        assert browser.post(path, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 410
